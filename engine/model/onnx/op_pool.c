/* Pools: MaxPool with indices, AveragePool, LpPool and the global ones. */
#include "model/onnx/op_window.h"

static struct pool_attrs attrs_of(struct onnx_call *c, const struct window *w)
{
    struct pool_attrs a = {.ceil_mode = attr_flag(c, "ceil_mode", false)};
    for (int i = 0; i < 3; i++) {
        a.size[i] = w->size[i];
        a.stride[i] = w->stride[i];
        a.dilation[i] = w->dilation[i];
        a.pad_begin[i] = w->pad_begin[i];
        a.pad_end[i] = w->pad_end[i];
    }
    return a;
}

static bool pool_window(struct onnx_call *c, const struct onnx_val *x, struct window *w)
{
    if (!window_read(c, x, NULL, w)) {
        return false;
    }
    window_same(x, w);
    return true;
}

/* Position in a plane of w columns and h rows, counted by columns: (p mod w) h + p div w. */
static struct onnx_val *by_columns(struct onnx_call *c, const struct onnx_val *x, struct onnx_val *index)
{
    int64_t w = x->dim[x->rank - 1], h = x->dim[x->rank - 2];
    struct onnx_val *width = val_scalar(c, ONNX_INT64, (double)w);
    struct onnx_val *column = make_binary(c, &op_mod, index, width);
    struct onnx_val *row = make_affine(c, make_binary(c, &op_sub, index, column), 1 / (double)w, 0);
    row = make_unary(c, &op_round, NULL, row);
    return make_binary(c, &op_add, make_affine(c, column, (double)h, 0), row);
}

/* ONNX counts an index over the whole tensor, the graph within a plane. */
static struct onnx_val *whole_index(struct onnx_call *c, const struct onnx_val *x, struct onnx_val *index)
{
    double *first = NULL;
    int64_t dim[ONNX_MAX_RANK] = {x->dim[0], x->dim[1], 1, 1, 1}, planes = x->dim[0] * x->dim[1];
    struct onnx_val *base = val_host_new(c, ONNX_INT64, index != NULL ? index->rank : 4, dim, &first);
    for (int64_t i = 0; base != NULL && i < planes; i++) {
        first[i] = (double)(i * ((int64_t)x->n / planes));
    }
    return planes == 1 ? index : make_binary(c, &op_add, index, base);
}

void onnx_max_pool(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *out[2];
    struct window w;
    if (!pool_window(c, x, &w)) {
        return;
    }
    bool columns = attr_flag(c, "storage_order", false);
    if (columns && call_wants(c, 1) && x->rank != 4) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "indices in column-major order of a tensor of rank %d", (int)x->rank);
        return;
    }
    struct pool_attrs a = attrs_of(c, &w);
    x = window_lift(c, x);
    make_outputs(c, (int32_t[]){x != NULL ? x->type : 0, ONNX_INT64}, &op_max_pool, &a, 1, &x, 2, out);
    c->out[0] = window_drop(c, &w, out[0]);
    if (call_wants(c, 1) && call_ok(c)) {
        c->out[1] = window_drop(c, &w, whole_index(c, x, columns ? by_columns(c, x, out[1]) : out[1]));
    }
}

void onnx_average_pool(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    struct window w;
    if (!pool_window(c, x, &w)) {
        return;
    }
    struct pool_attrs a = attrs_of(c, &w);
    a.count_include_pad = attr_flag(c, "count_include_pad", false);
    x = window_lift(c, x);
    c->out[0] = window_drop(c, &w, x != NULL ? make_node(c, x->type, &op_avg_pool, &a, 1, &x) : NULL);
}

/* Spatial axes as a mask. */
static uint32_t spatial_mask(const struct onnx_val *x)
{
    return ((1u << x->rank) - 1) & ~3u;
}

void onnx_global_average_pool(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    struct adaptive_attrs a = {.size = {1, 1, 1}};
    if (x->rank < 4 || x->rank > SHAPE_MAX_RANK) {
        c->out[0] = make_reduce(c, &op_reduce_mean, x, spatial_mask(x), true);
        return;
    }
    c->out[0] = make_node(c, x->type, &op_adaptive_avg_pool, &a, 1, &x);
}

void onnx_global_max_pool(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    c->out[0] = make_reduce(c, &op_reduce_max, x, spatial_mask(x), true);
}
