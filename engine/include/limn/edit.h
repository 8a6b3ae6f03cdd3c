/* limn: values inserted into activations. The rules of <limn/limn.h> hold here too. */
#ifndef LIMN_EDIT_H
#define LIMN_EDIT_H

#include <limn/limn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* With strength s, value v and operand t; s = 0 changes nothing, 1 is the whole edit. */
enum limn_edit_kind {
    LIMN_EDIT_ADD = 0,    /* v + s t */
    LIMN_EDIT_SCALE = 1,  /* v (1 + s (t - 1)) */
    LIMN_EDIT_REPLACE = 2 /* v + s (t - v) */
};

struct limn_edit_factor {             /* one of three */
    const struct limn_tensor *tensor; /* of the layer's shape with or without N, or one number a channel: a concept's
                                       * direction, spread over all positions */
    bool gradient;                    /* of a class's score at that layer, without the edits: ... */
    limn_model *of;                   /* ... of this classifier (NULL: the network itself), on the same pictures */
    const char *layer;                /* ... at this layer of it, of the same shape (NULL: the edited one) */
    const char *cls;                  /* ... of this class (NULL: of each picture the most probable one) */
    double number;                    /* neither tensor nor gradient */
};
struct limn_edit {
    const char *layer;
    int kind; /* enum limn_edit_kind */
    double strength;
    const struct limn_edit_factor *factors; /* the operand is their product */
    size_t n_factors;
};

/* From now on m is the edited network, whatever is done with it; n = 0: as it was. Everything is copied but other
 * models, which must outlive m. Checks layers and shapes. File. */
LIMN_API limn_status limn_model_edit(limn_model *m, const struct limn_edit *edits, size_t n, limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
