/* NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: the score of the target class, gathered with everything beside
 * batch and classes flattened to one axis, weighted, masked and reduced. */
#include <string.h>

#include "model/onnx/import.h"

enum loss_reduction { LOSS_NONE, LOSS_SUM, LOSS_MEAN };

static struct onnx_val *compare(struct onnx_call *c, const struct op *op, struct onnx_val *x, double y)
{
    return make_each(c, ONNX_BOOL, op, NULL, 2, (struct onnx_val *[]){x, val_scalar(c, ONNX_INT64, y)});
}

static struct onnx_val *choose(struct onnx_call *c, int32_t type, struct onnx_val *test, struct onnx_val *yes,
                               struct onnx_val *no)
{
    return make_each(c, type, &op_where, NULL, 3, (struct onnx_val *[]){test, yes, no});
}

/* The weight of every target, [N, 1, D]: of its class, 0 where it is to be ignored. NULL: all are 1. */
static struct onnx_val *target_weights(struct onnx_call *c, struct onnx_val *target, struct onnx_val *weight,
                                       struct onnx_val *ignored)
{
    struct gather_attrs a = {.axis = 0};
    struct onnx_val *w = NULL;
    if (weight != NULL && target != NULL && call_ok(c)) {
        struct onnx_val *pair[2] = {weight, move_view(c, target, 1, (int64_t[]){(int64_t)target->n})};
        w = pair[1] != NULL ? make_node(c, weight->type, &op_gather, &a, 2, pair) : NULL;
        w = move_view(c, w, 3, target->dim);
    }
    if (ignored != NULL) {
        struct onnx_val *one = val_scalar(c, ONNX_FLOAT, 1), *zero = val_scalar(c, ONNX_FLOAT, 0);
        w = choose(c, ONNX_FLOAT, ignored, zero, w != NULL ? w : one);
    }
    return w;
}

/* The loss of log-probabilities [N, C, D]; the target's own shape for no reduction. */
static struct onnx_val *nll(struct onnx_call *c, struct onnx_val *logp, struct onnx_val *labels,
                            struct onnx_val *weight)
{
    static const char *const names[] = {"none", "sum", "mean", NULL};
    enum loss_reduction how = (enum loss_reduction)attr_choice(c, "reduction", LOSS_MEAN, names);
    const struct onnx_attr *ignore = attr_find(c, "ignore_index", ONNX_ATTR_INT);
    struct gather_attrs a = {.axis = 1};
    int64_t dim[3] = {logp != NULL ? logp->dim[0] : 0, 1, logp != NULL ? logp->dim[2] : 0};
    struct onnx_val *target = move_view(c, labels, 3, dim), *ignored = NULL;
    if (ignore != NULL) {
        ignored = compare(c, &op_equal, target, (double)ignore->i);
        target = choose(c, ONNX_INT64, ignored, val_scalar(c, ONNX_INT64, 0), target);
    }
    struct onnx_val *w = target_weights(c, target, weight, ignored), *pair[2] = {logp, target};
    struct onnx_val *y =
        call_ok(c) && target != NULL ? make_node(c, logp->type, &op_gather_elements, &a, 2, pair) : NULL;
    y = make_affine(c, y, -1, 0);
    y = w != NULL ? make_binary(c, &op_mul, y, w) : y;
    if (how == LOSS_NONE) {
        return move_view(c, y, labels->rank, labels->dim);
    }
    y = make_reduce(c, how == LOSS_MEAN && w == NULL ? &op_reduce_mean : &op_reduce_sum, y, 7, false);
    return how == LOSS_MEAN && w != NULL
               ? make_binary(c, &op_div, y, make_reduce(c, &op_reduce_sum, move_expand(c, w, 3, dim), 7, false))
               : y;
}

/* Scores as [N, C, D]. */
static struct onnx_val *scores_of(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *labels = call_in(c, 1);
    if (x->rank < 2 || x->n == 0 || labels->rank != x->rank - 1) {
        call_fail(c, LIMN_ERR_SHAPE, "scores of rank %d and labels of rank %d", (int)x->rank, (int)labels->rank);
        return NULL;
    }
    return move_view(c, x, 3, (int64_t[]){x->dim[0], x->dim[1], (int64_t)x->n / (x->dim[0] * x->dim[1])});
}

void onnx_nll_loss(struct onnx_call *c)
{
    c->out[0] = nll(c, scores_of(c), call_in(c, 1), call_in(c, 2));
}

void onnx_cross_entropy_loss(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *scores = scores_of(c), *logp;
    struct axis_attrs a = {.axis = 1};
    logp = scores != NULL ? make_node(c, x->type, &op_log_softmax, &a, 1, &scores) : NULL;
    c->out[0] = nll(c, logp, call_in(c, 1), call_in(c, 2));
    if (call_wants(c, 1)) {
        c->out[1] = move_view(c, logp, x->rank, x->dim);
    }
}
