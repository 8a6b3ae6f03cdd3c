/* The operator descriptor: the single place for what an operator is. One const struct per operator, in one file of
 * engine/ops, one row of engine/ops/ops.def. Nothing else in the engine switches on an operator. */
#ifndef LIMN_IR_OP_H
#define LIMN_IR_OP_H

#include "ir/kernel.h"
#include "tensor/shape.h"

struct graph;
struct builder;
typedef int32_t value_id;
#define VALUE_NONE ((value_id)-1)
#define OP_MAX_IN 512 /* concat in DenseNet; most have 1..5 */
#define OP_MAX_OUT 4

enum attr_type { ATTR_I32, ATTR_F32, ATTR_BOOL, ATTR_I32X3, ATTR_I32X5, ATTR_F32X3 };
struct attr_desc { /* for dumps, model files and tests */
    const char *name;
    enum attr_type type;
    uint32_t offset;
};

/* One use of an operator: everything infer, reference and plan may look at. */
struct op_call {
    const struct op *op;
    const void *attrs; /* op->attr_bytes, plain data without pointers */
    int32_t n_in, n_out;
    const struct shape *in;  /* absent optional inputs (value VALUE_NONE) have rank -1 */
    const struct shape *out; /* not yet valid inside infer */
};
static inline bool op_has(const struct op_call *c, int i)
{
    return i < c->n_in && c->in[i].rank >= 0;
}

/* What a vjp works with. It emits ordinary nodes through `b`. */
struct vjp {
    struct builder *b;
    const struct op_call *call;
    const value_id *in, *out; /* of the forward node */
    const value_id *gout;     /* cotangent of each output; VALUE_NONE means zero */
    const bool *need;         /* which inputs want a cotangent */
    value_id *gin;            /* result per input; leave VALUE_NONE for zero or not needed */
    const void *user;         /* of struct autodiff: for rules that replace a vjp */
};
typedef void (*vjp_fn)(struct vjp *v); /* errors are sticky in v->b */

enum op_flag {
    OP_VIEW = 1,       /* output 0 has the bytes of input 0 in the same order: no kernel, the buffers are one */
    OP_INPLACE = 2,    /* output 0 may share the buffer of input 0 when that dies here (same size, elementwise) */
    OP_UPDATE = 8,     /* output k has the shape of input k and may share its buffer, for every k: graph_state */
    OP_ACTIVATION = 4, /* elementwise nonlinearity: backward rules of explanation methods act on these */
    OP_STEP = 16,      /* piecewise constant (comparisons, rounding): no vjp because its derivative is 0 */
};

struct op {
    const char *name; /* lower_snake_case, as in dumps */
    const char *doc;  /* one-line formula */
    int32_t n_in_min, n_in_max, n_out;
    uint32_t flags;
    const struct attr_desc *attrs;
    uint32_t n_attrs, attr_bytes;
    /* Output shapes from input shapes and attributes; LIMN_ERR_SHAPE with both in the text when they do not fit. */
    limn_status (*infer)(const struct op_call *c, struct shape *out, limn_error *err);
    /* Slow, obvious, double precision. Outputs are not cleared beforehand. in[i] is NULL for an absent input. */
    void (*ref)(const struct op_call *c, const double *const *in, double *const *out);
    /* NULL: not differentiable (its output counts as constant). */
    vjp_fn vjp;
    /* Kernel calls for a device; pure. */
    limn_status (*plan)(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                        limn_error *err);
    double flops_per_out; /* rough arithmetic per output element when not obvious; 0: 1 */
    float tol; /* shader against reference: max |difference| <= tol * max(1, max|reference|), with the reason in the
                  file */
};

#endif
