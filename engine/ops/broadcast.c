/* broadcast_to and reshape: the same numbers under another shape. Reshape moves nothing (OP_VIEW). */
#include "ops/ops.h"

#include <string.h>

#include "ops/elementwise.h"
#include "push/binary.h"

static limn_status infer_broadcast_to(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct broadcast_attrs *a = c->attrs;
    struct shape to = {.rank = a->rank}, both;
    char tf[SHAPE_TEXT_MAX], tt[SHAPE_TEXT_MAX];
    for (int i = 0; i < a->rank && i < SHAPE_MAX_RANK; i++) {
        to.dim[i] = a->dim[i];
    }
    limn_status st = shape_check(&to, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (shape_broadcast(&c->in[0], &to, &both, NULL) != LIMN_OK || !shape_equal(&both, &to)) {
        return err_set(err, LIMN_ERR_SHAPE, "shape %s does not broadcast to %s", shape_text(&c->in[0], tf),
                       shape_text(&to, tt));
    }
    out[0] = to;
    return LIMN_OK;
}

static void ref_broadcast_to(const struct op_call *c, const double *const *in, double *const *out)
{
    struct strided x;
    strided_read(&c->in[0], &c->out[0], &x);
    size_t n = shape_elems(&c->out[0]);
    for (size_t i = 0; i < n; i++) {
        out[0][i] = in[0][strided_at(&x, i)];
    }
}

static void vjp_broadcast_to(struct vjp *v)
{
    v->gin[0] = build_sum_to(v->b, v->gout[0], v->call->in[0]);
}

static limn_status plan_broadcast_to(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                     limn_error *err)
{
    return plan_binary(c, caps, l, BINARY_FIRST, NULL, err);
}

static limn_status infer_reshape(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct reshape_attrs *a = c->attrs;
    struct shape to = {.rank = a->rank};
    char tf[SHAPE_TEXT_MAX], tt[SHAPE_TEXT_MAX];
    for (int i = 0; i < a->rank && i < SHAPE_MAX_RANK; i++) {
        to.dim[i] = a->dim[i];
    }
    limn_status st = shape_check(&to, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (shape_elems(&to) != shape_elems(&c->in[0])) {
        return err_set(err, LIMN_ERR_SHAPE, "shape %s has %zu elements, %s has %zu", shape_text(&c->in[0], tf),
                       shape_elems(&c->in[0]), shape_text(&to, tt), shape_elems(&to));
    }
    out[0] = to;
    return LIMN_OK;
}

static void ref_reshape(const struct op_call *c, const double *const *in, double *const *out)
{
    memcpy(out[0], in[0], shape_elems(&c->out[0]) * sizeof(double));
}

static void vjp_reshape(struct vjp *v)
{
    v->gin[0] = build_reshape(v->b, NULL, v->gout[0], v->call->in[0]);
}

static const struct attr_desc broadcast_attr[] = {{"rank", ATTR_I32, offsetof(struct broadcast_attrs, rank)},
                                                  {"dim", ATTR_I32X5, offsetof(struct broadcast_attrs, dim)}};
static const struct attr_desc reshape_attr[] = {{"rank", ATTR_I32, offsetof(struct reshape_attrs, rank)},
                                                {"dim", ATTR_I32X5, offsetof(struct reshape_attrs, dim)}};

/* Tolerances: copies are exact. */
const struct op op_broadcast_to = {
    .name = "broadcast_to",
    .doc = "x repeated along dimensions of size 1, NumPy rules",
    .n_in_min = 1,
    .n_in_max = 1,
    .n_out = 1,
    .attrs = broadcast_attr,
    .n_attrs = 2,
    .attr_bytes = sizeof(struct broadcast_attrs),
    .infer = infer_broadcast_to,
    .ref = ref_broadcast_to,
    .vjp = vjp_broadcast_to,
    .plan = plan_broadcast_to,
    .tol = 0,
};
const struct op op_reshape = {
    .name = "reshape",
    .doc = "x in the same order under another shape",
    .n_in_min = 1,
    .n_in_max = 1,
    .n_out = 1,
    .flags = OP_VIEW,
    .attrs = reshape_attr,
    .n_attrs = 2,
    .attr_bytes = sizeof(struct reshape_attrs),
    .infer = infer_reshape,
    .ref = ref_reshape,
    .vjp = vjp_reshape,
    .tol = 0,
};
