/* Normalisation by mean and variance, composed of primitive operators, so that it differentiates again: what LayerNorm
 * (Ba et al. 2016), InstanceNorm (Ulyanov et al. 2016) and GroupNorm (Wu and He 2018) share. */
#include "ops/ops.h"

value_id build_normalise(struct builder *b, value_id x, int32_t axes, float eps, value_id *mean, value_id *inv_std)
{
    value_id m = build_reduce(b, &op_reduce_mean, x, axes, true), off = build_sub(b, x, m);
    value_id var = build_reduce(b, &op_reduce_mean, build_mul(b, off, off), axes, true);
    value_id inv = build(b, &op_rsqrt, NULL, NULL, build_affine(b, var, 1, eps));
    if (mean != NULL) {
        *mean = m;
    }
    if (inv_std != NULL) {
        *inv_std = inv;
    }
    return build_mul(b, off, inv);
}

value_id build_scale_channels(struct builder *b, value_id x, value_id scale, value_id shift)
{
    struct shape s = {.rank = build_shape(b, x)->rank - 1};
    if (b->status != LIMN_OK || s.rank < 1) {
        return x;
    }
    for (int i = 0; i < s.rank; i++) {
        s.dim[i] = i == 0 ? build_shape(b, x)->dim[1] : 1;
    }
    x = build_mul(b, x, build_reshape(b, NULL, scale, s));
    return shift != VALUE_NONE ? build_add(b, x, build_reshape(b, NULL, shift, s)) : x;
}

value_id build_affine_channels(struct builder *b, value_id x, int32_t n, const float *scale, const float *shift)
{
    value_id s = VALUE_NONE, t = VALUE_NONE;
    if (b->status == LIMN_OK) {
        b->status = graph_const_data(b->g, NULL, SHAPE(n), scale, &s, b->err);
    }
    if (b->status == LIMN_OK) {
        b->status = graph_const_data(b->g, NULL, SHAPE(n), shift, &t, b->err);
    }
    return build_scale_channels(b, x, s, t);
}
