/* Along one axis: ArgMax, ArgMin, TopK, Hardmax, CumSum. */
#include <string.h>

#include "model/onnx/import.h"

/* x as [before, axis, after]. */
static struct onnx_val *view_axis(struct onnx_call *c, struct onnx_val *x, int32_t axis)
{
    int64_t dim[3] = {1, 1, 1};
    for (int32_t i = 0; i < x->rank; i++) {
        dim[i < axis ? 0 : i == axis ? 1 : 2] *= x->dim[i];
    }
    return move_view(c, x, 3, dim);
}

void onnx_arg(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *v;
    int32_t axis = attr_axis(c, "axis", 0, x->rank), rank = 0;
    struct arg_attrs a = {.axis = 1, .keepdims = 1, .last = attr_flag(c, "select_last_index", false)};
    bool keep = attr_flag(c, "keepdims", true);
    int64_t dim[ONNX_MAX_RANK];
    if (!call_ok(c)) {
        return;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        if (i != axis || keep) {
            dim[rank++] = i == axis ? 1 : x->dim[i];
        }
    }
    v = view_axis(c, x, axis);
    c->out[0] = v != NULL ? move_view(c, make_node(c, ONNX_INT64, c->row->engine, &a, 1, &v), rank, dim) : NULL;
}

void onnx_top_k(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *v, *out[2];
    int32_t axis = attr_axis(c, "axis", -1, x->rank);
    int64_t k = attr_int(c, "k", 0, 0, INT32_MAX), dim[ONNX_MAX_RANK];
    size_t n = 0;
    if (call_in(c, 1) != NULL && (n = val_ints(c, call_in(c, 1), &k, 1)) != 1) {
        call_fail(c, LIMN_ERR_FORMAT, "no K");
    }
    if (!call_ok(c) || k < 1 || k > x->dim[axis]) {
        call_fail(c, LIMN_ERR_SHAPE, "the first %lld of %lld elements", (long long)k, (long long)x->dim[axis]);
        return;
    }
    struct top_k_attrs a = {.axis = 1, .k = (int32_t)k, .smallest = !attr_flag(c, "largest", true)};
    memcpy(dim, x->dim, sizeof dim);
    dim[axis] = k;
    v = view_axis(c, x, axis);
    if (v != NULL) {
        make_outputs(c, (int32_t[]){x->type, ONNX_INT64}, &op_top_k, &a, 1, &v, 2, out);
        c->out[0] = move_view(c, out[0], x->rank, dim);
        c->out[1 % c->n_out] = c->n_out > 1 ? move_view(c, out[1], x->rank, dim) : c->out[0];
    }
}

/* 1 at the first largest element of each row; up to opset 12 a row was everything from the axis on. */
void onnx_hardmax(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *v;
    int32_t axis = attr_axis(c, "axis", c->opset < 13 ? (x->rank > 1 ? 1 : 0) : -1, x->rank);
    struct arg_attrs a = {.axis = 1, .keepdims = 1};
    int64_t dim[3] = {1, 1, 1};
    double *num = NULL;
    for (int32_t i = 0; i < x->rank && call_ok(c); i++) {
        dim[i < axis ? 0 : i == axis || c->opset < 13 ? 1 : 2] *= x->dim[i];
    }
    v = move_view(c, x, 3, dim);
    struct onnx_val *count = val_host_new(c, ONNX_INT64, 3, (int64_t[]){1, dim[1], 1}, &num);
    for (int64_t i = 0; num != NULL && i < dim[1]; i++) {
        num[i] = (double)i;
    }
    struct onnx_val *pair[2] = {v != NULL ? make_node(c, ONNX_INT64, &op_arg_max, &a, 1, &v) : NULL, count};
    c->out[0] = move_view(c, make_each(c, x->type, &op_equal, NULL, 2, pair), x->rank, x->dim);
}

void onnx_cum_sum(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *v;
    int32_t axis = call_axis(c, (int64_t)call_number(c, NULL, 1, 0), x->rank);
    struct cumsum_attrs a = {1, attr_flag(c, "exclusive", false), attr_flag(c, "reverse", false)};
    v = call_ok(c) ? view_axis(c, x, axis) : NULL;
    c->out[0] = v != NULL ? move_view(c, make_node(c, x->type, &op_cumsum, &a, 1, &v), x->rank, x->dim) : NULL;
}
