/* Values inserted into activations: any named value of a network plus, times or replaced by a tensor, a gradient or a
 * product of these. All of it is graph: the network as it is gives the gradients, and stands beside the edited copy. */
#ifndef LIMN_SHIFT_EDIT_H
#define LIMN_SHIFT_EDIT_H

#include "model/model.h"
#include "tensor/tensor.h"

/* With strength s, value v and operand t: 0 leaves v as it is, 1 is the whole edit. */
enum edit_kind {
    EDIT_ADD,     /* v + s t */
    EDIT_SCALE,   /* v (1 + s (t - 1)) */
    EDIT_REPLACE, /* v + s (t - v) */
    EDIT_KINDS
};

enum edit_source { EDIT_NUMBER, EDIT_TENSOR, EDIT_GRADIENT };
struct edit_factor {
    enum edit_source source;
    double number;
    struct tensor tensor; /* of the value's shape, without N, or one number a channel */
    /* d score_cls / d layer of the classifier `of`, on the same pictures, without edits */
    struct model *of;  /* NULL: the network itself */
    const char *layer; /* NULL: the edited one */
    int32_t cls;       /* -1: the most probable one */
};
struct edit {
    const char *layer;
    enum edit_kind kind;
    double strength;
    const struct edit_factor *factor; /* the operand is their product */
    size_t n_factor;
};

/* A graph of `m` (values[0] is its input) with the edits: takes *g over, gives another, and moves the values. */
limn_status edit_graph(struct model *m, const struct edit *edit, size_t n, struct graph **g, value_id *values,
                       size_t n_values, limn_error *err);

#endif
