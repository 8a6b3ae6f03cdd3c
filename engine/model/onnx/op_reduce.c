/* Reductions, softmax and what is built of them. */
#include <string.h>

#include "model/onnx/import.h"

/* Axes as a mask: an attribute, or an input since opset 13 (ReduceSum) and 18 (the others); all of them when absent. */
static bool read_axes(struct onnx_call *c, uint32_t *mask)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t axes[ONNX_MAX_RANK];
    size_t n = 0;
    call_ints(c, "axes", 1, axes, ONNX_MAX_RANK, &n);
    *mask = 0;
    for (size_t i = 0; i < n && call_ok(c); i++) {
        *mask |= 1u << call_axis(c, axes[i], x->rank);
    }
    if (n == 0 && !attr_flag(c, "noop_with_empty_axes", false)) {
        *mask = (1u << x->rank) - 1;
    }
    return call_ok(c);
}

void onnx_reduce(struct onnx_call *c)
{
    uint32_t axes;
    if (read_axes(c, &axes)) {
        c->out[0] = make_reduce(c, c->row->engine, call_in(c, 0), axes, attr_flag(c, "keepdims", true));
    }
}

void onnx_reduce_l1(struct onnx_call *c)
{
    uint32_t axes;
    if (read_axes(c, &axes)) {
        struct onnx_val *x = make_unary(c, &op_abs, NULL, call_in(c, 0));
        c->out[0] = make_reduce(c, &op_reduce_sum, x, axes, attr_flag(c, "keepdims", true));
    }
}

void onnx_reduce_sum_square(struct onnx_call *c)
{
    uint32_t axes;
    if (read_axes(c, &axes)) {
        struct onnx_val *x = call_in(c, 0);
        c->out[0] = make_reduce(c, &op_reduce_sum, make_binary(c, &op_mul, x, x), axes, attr_flag(c, "keepdims", true));
    }
}

void onnx_reduce_l2(struct onnx_call *c)
{
    onnx_reduce_sum_square(c);
    c->out[0] = make_unary(c, &op_sqrt, NULL, c->out[0]);
}

void onnx_reduce_log_sum(struct onnx_call *c)
{
    uint32_t axes;
    if (read_axes(c, &axes)) {
        struct onnx_val *y = make_reduce(c, &op_reduce_sum, call_in(c, 0), axes, attr_flag(c, "keepdims", true));
        c->out[0] = make_unary(c, &op_log, NULL, y);
    }
}

/* m + log sum exp(x - m), m the maximum, which cancels out of the derivative. */
void onnx_reduce_log_sum_exp(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    uint32_t axes;
    if (!read_axes(c, &axes)) {
        return;
    }
    struct onnx_val *m = make_reduce(c, &op_reduce_max, x, axes, true);
    struct onnx_val *e = make_unary(c, &op_exp, NULL, make_binary(c, &op_sub, x, m));
    struct onnx_val *y = make_unary(c, &op_log, NULL, make_reduce(c, &op_reduce_sum, e, axes, true));
    y = make_binary(c, &op_add, y, m);
    c->out[0] = attr_flag(c, "keepdims", true) ? y : make_reduce(c, &op_reduce_sum, y, axes, false);
}

/* x as [before, axis, after] for an operator along one axis; up to opset 12 the axis meant everything from there on. */
struct rows {
    struct onnx_val *x;
    int32_t axis;
};
static struct rows rows_of(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int32_t axis = attr_axis(c, "axis", c->opset < 13 ? (x->rank > 1 ? 1 : 0) : -1, x->rank);
    int64_t dim[3] = {1, 1, 1};
    for (int32_t i = 0; i < x->rank && call_ok(c); i++) {
        dim[i < axis ? 0 : i == axis || c->opset < 13 ? 1 : 2] *= x->dim[i];
    }
    bool plain = x->rank <= SHAPE_MAX_RANK && (c->opset >= 13 || axis == x->rank - 1);
    return (struct rows){plain ? x : move_view(c, x, 3, dim), plain ? axis : 1};
}

void onnx_softmax(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    struct rows r = rows_of(c);
    struct axis_attrs a = {.axis = r.axis};
    c->out[0] = r.x != NULL && call_ok(c)
                    ? move_view(c, make_node(c, x->type, c->row->engine, &a, 1, &r.x), x->rank, x->dim)
                    : NULL;
}
