/* What lies behind the opaque handles of <limn/limn.h>. Seen by engine/api only. */
#ifndef LIMN_API_API_H
#define LIMN_API_API_H

#include <limn/volume.h>

#include "base/mem.h"
#include "explain/explain.h"
#include "image/volume.h"
#include "vk/device.h"

struct limn_context {
    char *device_name; /* NULL: choose */
    uint64_t max_memory;
    bool reference;
    struct vk_device *device; /* NULL until first needed */
    struct limn_device_info info;
};

/* The device, opened on first use; NULL for the reference executor. */
limn_status context_open_device(limn_context *ctx, limn_error *err);

struct limn_model {
    limn_context *ctx;
    struct model *model;
    char *name;
    struct limn_layer_info *layers; /* NULL until asked for */
    size_t n_layers;
    struct explain_plan *plan;       /* of the last request */
    char *plan_key;                  /* its methods and layers */
    int32_t plan_wanted, plan_batch; /* the batch asked for, and the one that fitted */
    struct model_edits *edits;       /* NULL: none */
    struct request *running;         /* whose progress the plan reports; NULL between requests */
};

struct limn_image {
    struct image im;
};

struct limn_volume {
    struct volume v;
};

struct explained { /* one image */
    limn_image *picture;
    struct volume volume; /* v NULL: a picture; else at input resolution */
    float low, high;      /* what is black and what is white in its slices */
    float *logits, *prob; /* n_class each */
    int32_t *ranking;
    int32_t *cls; /* n_cls */
    size_t n_cls;
    struct tensor *map; /* n_cls x n_method, [(d,)h,w] or [C,(D,)H,W] */
};

struct limn_explanation {
    limn_model *model;
    const struct method **method;
    size_t n_method;
    char *layers; /* joined by "," */
    int32_t n_class;
    uint64_t seed;
    struct explained *item;
    size_t n_item;
    struct limn_stats stats;
    struct heat_volume *heat; /* of the map that was drawn last; volumes only */
};

/* "NAME is NULL" as LIMN_ERR_ARG. */
limn_status api_null(limn_error *err, const char *function, const char *name);
#define API_NEED(pointer)                                                                                              \
    do {                                                                                                               \
        if ((pointer) == NULL) {                                                                                       \
            return api_null(err, __func__, #pointer);                                                                  \
        }                                                                                                              \
    } while (0)

/* LIMN_ERR_ARG unless `which` exists in e. */
limn_status api_check_which(const limn_explanation *e, struct limn_which which, limn_error *err);

/* edit.c */
void model_edits_destroy(struct model_edits **e); /* NULL-safe */

/* volume.c: the input of a volume network, from a file's volume or (in == NULL) from preprocessed numbers that `cdhw`
 * holds already; fills x->volume, x->low, x->high and a picture of the middle slice. */
limn_status volume_input(const struct model *m, const struct volume *in, float *cdhw, struct explained *x,
                         limn_error *err);

/* Sets black and white of x's slices, and x's picture to the middle slice. */
limn_status volume_picture(struct explained *x, limn_error *err);

struct heat_volume;
void heat_volume_destroy(struct heat_volume **h); /* NULL-safe */

/* Class lists of a request: texts to class indices for one image whose ranking is known. Free *out with mem_free. */
limn_status classes_resolve(struct model *m, const char *const *text, size_t n, const int32_t *ranking, int32_t n_class,
                            int32_t **out, size_t *n_out, limn_error *err);
/* Checks them before anything runs. */
limn_status classes_check(struct model *m, const char *const *text, size_t n, limn_error *err);

/* Row of the view table, or LIMN_ERR_NOT_FOUND with a suggestion. */
struct view;
limn_status view_resolve(const char *name, const struct view **out, limn_error *err);

#endif
