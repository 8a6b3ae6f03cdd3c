/* Models: a card (how to feed it, what its outputs mean), an architecture and weights.
 *
 * model_open reads the card and the header of the weight file only; model_build makes a fresh graph for one request,
 * whose constants stream from the file when an executor asks for them. The model must outlive its graphs. */
#ifndef LIMN_MODEL_MODEL_H
#define LIMN_MODEL_MODEL_H

#include "image/image.h"
#include "image/volume.h"
#include "ir/graph.h"
#include "model/head.h"

enum resize_rule {
    RULE_SHORT_SIDE,
    RULE_EXACT,
    RULE_NONE
}; /* shorter side to `resize` then crop; straight to size; as it is */
struct model_card {
    char arch[64]; /* row of archs.def */
    char title[128], licence[128], origin[256], trained_on[128];
    int32_t channels, depth, height, width; /* input; depth 0: pictures */
    enum volume_axes axes;                  /* of volumes that come from NIfTI files */
    float mean[4], std[4];                  /* x = (v * range - mean) / std, v in [0,1] */
    float range;                            /* 1, or 255 for networks that take 0..255 */
    bool bgr;
    bool keep_input; /* GoogLeNet, Inception: no change of the normalisation inside the network */
    enum resize_rule rule;
    int32_t resize; /* shorter side before the crop, e.g. 256 */
    enum resize_filter filter;
    char default_layer[128]; /* Grad-CAM target */
    char output[128];        /* name of the output that is explained; "": the first */
    struct head_rule head;   /* what its numbers mean */
    int32_t n_classes;       /* 2 for a network with one score: 0 "no", 1 "yes" */
    const char **labels;     /* n_classes entries, or NULL */
};

struct model_options { /* zero or NULL: from the card */
    const char *arch, *labels_path, *layer;
    int32_t depth, height, width;
    const float *mean, *std; /* `channels` values */
    int32_t resize;          /* -1: none */
    bool strict;             /* non-finite weights are an error, not a warning */
    const char *output;      /* name of an output */
    const char *axes;        /* of NIfTI volumes: "xyz" or "zyx" */
    bool pre_activation;     /* see head.h */
    bool multi_label;        /* classes do not exclude each other: HEAD_SIGMOID */
};

struct model;
/* `name`: a path (safetensors, a PyTorch checkpoint or an ONNX model, told by content) or the name of an installed
 * model (searched in $LIMN_MODELS, XDG data, share/limn beside the program, the install prefix, the source tree's
 * assets/models). "recipe:ARCH" is ARCH with deterministic weights computed from names (for tests); "recipe:ARCH@0.5"
 * multiplies its kernels. */
limn_status model_open(const char *name, const struct model_options *opt, struct model **out, limn_error *err);
void model_close(struct model **m);
const struct model_card *model_get_card(const struct model *m);
const char *model_path(const struct model *m); /* of the weights; "" for recipe */
/* Hex of the weight file, computed once; NULL on error. */
const char *model_sha256(const struct model *m, limn_error *err);

/* NULL, or one line about non-finite weights; known once a run has read the weights. With model_options.strict such a
 * read is LIMN_ERR_NUMERIC instead. */
const char *model_warning(const struct model *m);
/* Trainable parameters; elements of all tensors when the network is unknown. */
uint64_t model_params(const struct model *m);

/* A graph for `batch` inputs: *input is [N,C,H,W] preprocessed, *logits [N,classes] the scores of the chosen output
 * (head.h). */
limn_status model_build(struct model *m, int32_t batch, struct graph **g, value_id *input, value_id *logits,
                        limn_error *err);

/* Autoencoders. Name of the value that the decoder starts from; NULL when m is none. */
const char *model_latent(const struct model *m);
struct autoencoder_graph {
    struct graph *graph;
    value_id input, latent, picture; /* [N,C,H,W], ..., [N,C,h,w] normalised as the input */
};
/* For an autoencoder, what model_build is for a classifier. */
limn_status model_build_autoencoder(struct model *m, int32_t batch, struct autoencoder_graph *out, limn_error *err);

/* A function that changes every graph that m builds from now on; values[0] is the input, then what the graph gives,
 * whose flags and places it keeps up. NULL: none. */
typedef limn_status (*model_rewrite_fn)(void *user, struct graph **g, value_id *values, size_t n, limn_error *err);
void model_set_rewrite(struct model *m, model_rewrite_fn rewrite, void *user);
/* model_build without that function. */
limn_status model_build_plain(struct model *m, int32_t batch, struct graph **g, value_id *input, value_id *logits,
                              limn_error *err);

/* The largest batch: 1 for an ONNX graph that has its batch size written into it. */
int32_t model_batch_max(struct model *m);

/* What the scores of the chosen output mean (`scores` is a value of no use), and the names of all outputs. */
const struct head *model_head(const struct model *m);
size_t model_output_count(const struct model *m);
const char *model_output_name(const struct model *m, size_t i);

/* Layers for people: module paths in order, a container before its parts, with output shape and the number of
 * parameters in and below it. A module that is called several times ("layer1.0.relu") names its outputs NAME, NAME:2,
 * ... in the order of the calls. A weight file of unknown architecture opens too: its layers are its tensors, op their
 * dtype ("F16"), and model_build says LIMN_ERR_UNSUPPORTED. Valid until model_close. */
struct model_layer {
    const char *name, *op; /* op "" for containers */
    struct shape shape;    /* of one image, N = 1 */
    uint64_t params;
    bool is_default;
};
limn_status model_layers(struct model *m, const struct model_layer **list, size_t *n, limn_error *err);
/* The name of a layer that exists: `name` itself, "auto"/NULL for the default; else LIMN_ERR_NOT_FOUND with a
 * suggestion. */
limn_status model_resolve_layer(struct model *m, const char *name, const char **out, limn_error *err);
/* A class by index or label (case-insensitive; unique part of a label is enough); "+" and "-" of a single score. */
limn_status model_resolve_class(struct model *m, const char *text, int32_t *out, limn_error *err);

/* preprocess.c: picture to network input [C,H,W], and the picture at input resolution that overlays are drawn on. */
limn_status model_preprocess(const struct model *m, const struct image *in, float *chw, struct image *view,
                             limn_error *err);

/* Volume to network input [C,D,H,W], and (unless NULL) the volume at input resolution. Trilinear; RULE_NONE refuses
 * another size. One channel serves for all. */
limn_status model_preprocess_volume(const struct model *m, const struct volume *in, float *cdhw, struct volume *view,
                                    limn_error *err);
struct shape model_input_shape(const struct model *m, int32_t batch); /* [N,C,(D,)H,W] */

/* Installed models. Free with mem_free. */
struct model_entry {
    char name[64], title[128], path[512], licence[128];
    uint64_t bytes;
};
limn_status model_list(struct model_entry **list, size_t *n, limn_error *err);

#endif
