/* Small formulas that vjps, architectures and methods share. A builder that failed returns VALUE_NONE from each. */
#include "ops/ops.h"

value_id build_add(struct builder *b, value_id x, value_id y)
{
    return build(b, &op_add, NULL, NULL, x, y);
}

value_id build_sub(struct builder *b, value_id x, value_id y)
{
    return build(b, &op_sub, NULL, NULL, x, y);
}

value_id build_mul(struct builder *b, value_id x, value_id y)
{
    return build(b, &op_mul, NULL, NULL, x, y);
}

value_id build_div(struct builder *b, value_id x, value_id y)
{
    return build(b, &op_div, NULL, NULL, x, y);
}

value_id build_unary(struct builder *b, const struct op *op, value_id x)
{
    return build(b, op, NULL, NULL, x);
}

value_id build_affine(struct builder *b, value_id x, float scale, float shift)
{
    return build(b, &op_affine, NULL, (&(struct affine_attrs){scale, shift}), x);
}

value_id build_reduce(struct builder *b, const struct op *op, value_id x, int32_t axes, bool keepdims)
{
    return build(b, op, NULL, (&(struct reduce_attrs){axes, keepdims}), x);
}

value_id build_reshape(struct builder *b, const char *name, value_id x, struct shape shape)
{
    struct reshape_attrs a = {.rank = shape.rank};
    for (int i = 0; i < shape.rank; i++) {
        a.dim[i] = shape.dim[i];
    }
    return build(b, &op_reshape, name, &a, x);
}

value_id build_sum_to(struct builder *b, value_id x, struct shape shape)
{
    struct shape from = *build_shape(b, x);
    int32_t axes = 0, lead = from.rank - shape.rank;
    if (b->status != LIMN_OK || shape_equal(&from, &shape)) {
        return x;
    }
    for (int i = 0; i < from.rank; i++) {
        if (i < lead || (shape.dim[i - lead] == 1 && from.dim[i] != 1)) {
            axes |= 1 << i;
        }
    }
    x = build_reduce(b, &op_reduce_sum, x, axes, true);
    return lead > 0 ? build_reshape(b, NULL, x, shape) : x;
}

value_id build_broadcast(struct builder *b, value_id x, struct shape shape)
{
    struct broadcast_attrs a = {.rank = shape.rank};
    if (b->status != LIMN_OK || shape_equal(build_shape(b, x), &shape)) {
        return x;
    }
    for (int i = 0; i < shape.rank; i++) {
        a.dim[i] = shape.dim[i];
    }
    return build(b, &op_broadcast_to, NULL, &a, x);
}

value_id build_layer_norm(struct builder *b, const char *name, value_id x, value_id gamma, value_id beta, int32_t axes,
                          float eps)
{
    bool scaled = gamma != VALUE_NONE, shifted = beta != VALUE_NONE;
    value_id d = build_sub(b, x, build_reduce(b, &op_reduce_mean, x, axes, true));
    value_id var = build_reduce(b, &op_reduce_mean, build_mul(b, d, d), axes, true);
    value_id sd = build(b, &op_sqrt, NULL, NULL, build_affine(b, var, 1, eps));
    value_id y = build(b, &op_div, scaled || shifted ? NULL : name, NULL, d, sd);
    y = scaled ? build(b, &op_mul, shifted ? NULL : name, NULL, y, gamma) : y;
    return shifted ? build(b, &op_add, name, NULL, y, beta) : y;
}

void vjp_adjoint(struct vjp *v, const struct op *op, const void *attrs)
{
    value_id in[2] = {v->gout[0], v->call->n_in > 1 ? v->in[1] : VALUE_NONE};
    if (v->need[0] && v->gout[0] != VALUE_NONE) {
        v->gin[0] = build_node(v->b, op, NULL, attrs, v->call->n_in, in);
    }
}
