/* Shared by the files of engine/model that implement model.h. */
#ifndef LIMN_MODEL_PRIV_H
#define LIMN_MODEL_PRIV_H

#include "model/arch.h"
#include "model/model.h"
#include "model/onnx_net.h"

#define MODEL_PATH_MAX 4096
#define FILTER_OPEN ((enum resize_filter)255) /* of a card that names none: follows the architecture */

struct model {
    struct model_card card;
    const struct arch *arch;     /* NULL: not recognised; its tensors can still be listed */
    struct arch_decoded decoded; /* where arch is not a row of the table */
    struct weights *weights;     /* NULL for a graph of its own */
    struct onnx_net *onnx;       /* that graph; then arch is &arch_onnx */
    int32_t batch_max;           /* 0: not known yet */
    struct arch_graph probe;     /* of one image: names and shapes of the layers */
    struct model_layer *layers;  /* made on first use */
    size_t n_layers;
    model_rewrite_fn rewrite;
    void *rewrite_user;
    struct head head;          /* of the probe */
    struct arena arena;        /* labels */
    char path[MODEL_PATH_MAX]; /* of the weights; "" for a recipe */
    char sha256[65];
};

/* card.c */
/* Reads NAME.json; fields it does not name keep their value. `labels` gets the labels file's path ("" when none). */
limn_status card_read(const char *path, struct model_card *card, struct arena *a, char labels[MODEL_PATH_MAX],
                      limn_error *err);
/* labels.c: one label a line. */
limn_status labels_read(const char *path, struct arena *a, const char ***labels, int32_t *n, limn_error *err);
/* list.c */
/* The i-th directory to search, with `sub` ("models", "labels") in it; false past the last. */
bool assets_dir(size_t i, const char *sub, char buf[MODEL_PATH_MAX]);
/* Path of the weights that `name` means. */
limn_status assets_find_model(const char *name, char path[MODEL_PATH_MAX], limn_error *err);

#endif
