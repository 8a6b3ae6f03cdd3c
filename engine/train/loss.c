/* Losses as nodes: each gives one number a sample, so that one weighted sum serves means, sums, class weights and the
 * filled-up last batch alike.
 *
 *   cross-entropy  -sum_c t_c log softmax(y)_c
 *   mse, l1        mean or sum of (y - t)^2, |y - t|
 *   bce            -(t log sigmoid(y) + (1 - t) log sigmoid(-y)), as the cross-entropy of the pair of logits (0, y):
 *                  exact for any y, and its derivative is sigmoid(y) - t everywhere. */
#include "train/train.h"

/* [N,...] to [N, everything else]. */
static value_id rows(struct builder *b, value_id x)
{
    struct shape s = *build_shape(b, x);
    if (b->status != LIMN_OK) {
        return VALUE_NONE;
    }
    int32_t n = s.rank > 0 ? s.dim[0] : 1;
    return build_reshape(b, NULL, x, SHAPE(n, (int32_t)(shape_elems(&s) / (size_t)n)));
}

static value_id log_softmax(struct builder *b, value_id x, int32_t axis)
{
    return build(b, &op_log_softmax, NULL, (&(struct axis_attrs){axis}), x);
}

/* x and y side by side on a new last axis: [N,K] twice to [N,K,2]. */
static value_id pair(struct builder *b, value_id x, value_id y)
{
    struct shape s = *build_shape(b, x);
    struct concat_attrs a = {.axis = 2};
    if (b->status != LIMN_OK) {
        return VALUE_NONE;
    }
    struct shape wide = SHAPE(s.dim[0], s.dim[1], 1);
    return build(b, &op_concat, NULL, &a, build_reshape(b, NULL, x, wide), build_reshape(b, NULL, y, wide));
}

static value_id bce(struct builder *b, value_id y, value_id target)
{
    value_id zero = build_fill(b, *build_shape(b, y), 0);
    value_id logs = log_softmax(b, pair(b, zero, y), 2);
    value_id t = pair(b, build_affine(b, target, -1, 1), target);
    return build_affine(b, build_reduce(b, &op_reduce_sum, build_mul(b, t, logs), 4, false), -1, 0);
}

value_id loss_items(struct builder *b, enum loss_kind kind, bool sum, value_id y, value_id target)
{
    value_id v = VALUE_NONE;
    y = rows(b, y);
    target = rows(b, target);
    if (b->status != LIMN_OK) {
        return VALUE_NONE;
    }
    switch (kind) {
    case LOSS_CROSS_ENTROPY:
        v = build_reduce(b, &op_reduce_sum, build_mul(b, target, log_softmax(b, y, 1)), 2, false);
        return build_affine(b, v, -1, 0);
    case LOSS_MSE:
        v = build_sub(b, y, target);
        v = build_mul(b, v, v);
        break;
    case LOSS_L1:
        v = build(b, &op_abs, NULL, NULL, build_sub(b, y, target));
        break;
    default:
        v = bce(b, y, target);
        break;
    }
    return build_reduce(b, sum ? &op_reduce_sum : &op_reduce_mean, v, 2, false);
}

value_id loss_total(struct builder *b, value_id items, value_id weight)
{
    return build_reduce(b, &op_reduce_sum, build_mul(b, items, weight), 1, false);
}
