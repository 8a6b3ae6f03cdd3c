/* Weights by name: from a safetensors file or a PyTorch checkpoint, or computed (recipe). An architecture asks for each
 * of its parameters; what it asks for and what the file holds must agree exactly. */
#ifndef LIMN_MODEL_WEIGHTS_H
#define LIMN_MODEL_WEIGHTS_H

#include "model/tensor_file.h"

enum weight_role {
    WEIGHT_KERNEL,
    WEIGHT_BIAS,
    WEIGHT_NORM_SCALE,
    WEIGHT_NORM_SHIFT,
    WEIGHT_NORM_MEAN,
    WEIGHT_NORM_VAR
};

struct weights;

/* strict: a non-finite weight fails the read of its tensor. */
limn_status weights_open(const char *path, bool strict, struct weights **out, limn_error *err);
limn_status weights_recipe(double gain, struct weights **out, limn_error *err); /* gain: of the kernels */
/* For a network that is to be trained with so many input channels and classes: random numbers as PyTorch's layers start
 * with, each a function of (seed, name, index); from the file at `path` (NULL: none) instead where its tensor has the
 * right shape. Only the layer whose weight is `classifier` may have another. */
struct weights_start {
    uint64_t seed;
    int32_t channels, classes;
    const char *path, *classifier;
    bool decoder; /* of an autoencoder: what the file lacks of the decoder is drawn, what it has besides is left out */
};
limn_status weights_random(const struct weights_start *s, struct weights **out, limn_error *err);
void weights_close(struct weights **w); /* NULL-safe */
/* The channels and classes of weights_random; false for other weights. */
bool weights_sizes(const struct weights *w, int32_t *channels, int32_t *classes);

/* The file's tensors; NULL for a recipe. */
const struct tensor_file *weights_file(const struct weights *w);
/* Shape of a tensor in the file; false when there is none of that name (a recipe has none). */
bool weights_shape(const struct weights *w, const char *name, struct shape *out);

/* One round: begin, a get for every parameter, end. A parameter that is missing or has another shape is noted and reads
 * as an error; the notes come out of weights_end as LIMN_ERR_FORMAT, at most five by name. Sources of a recipe live in
 * `a`. */
void weights_begin(struct weights *w, bool probe); /* probe: the first disagreement is an error at once */
limn_status weights_get(struct weights *w, struct arena *a, const char *name, enum weight_role role,
                        const struct shape *shape, const struct const_source **out, limn_error *err);
/* Tensors whose names start so may be there or not. */
void weights_ignore(struct weights *w, const char *prefix);
limn_status weights_end(struct weights *w, const char *arch, limn_error *err);

/* NULL, or one line about non-finite weights seen by reads so far. */
const char *weights_warning(const struct weights *w);

/* recipe.c: deterministic weights computed from the parameter's name. */
limn_status recipe_source(struct arena *a, const char *name, enum weight_role role, double gain,
                          const struct shape *shape, const struct const_source **out, limn_error *err);
/* init.c: what training starts with. fan_in: inputs of one output of the layer. */
limn_status init_source(struct arena *a, uint64_t seed, const char *name, enum weight_role role, double fan_in,
                        const struct const_source **out, limn_error *err);

#endif
