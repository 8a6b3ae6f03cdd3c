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

/* --- norms of windows: (sum |x|^p)^(1/p) --- */

static struct onnx_val *power(struct onnx_call *c, struct onnx_val *x, int64_t p)
{
    struct onnx_val *y = make_unary(c, &op_abs, NULL, x);
    return p == 1   ? y
           : p == 2 ? make_binary(c, &op_mul, x, x)
                    : make_binary(c, &op_pow, y, val_scalar(c, ONNX_FLOAT, (double)p));
}

static struct onnx_val *root(struct onnx_call *c, struct onnx_val *x, int64_t p)
{
    return p == 1   ? x
           : p == 2 ? make_unary(c, &op_sqrt, NULL, x)
                    : make_binary(c, &op_pow, x, val_scalar(c, ONNX_FLOAT, 1 / (double)p));
}

void onnx_lp_pool(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t p = attr_int(c, "p", 2, 1, 1 << 10);
    struct window w;
    if (!pool_window(c, x, &w)) {
        return;
    }
    struct pool_attrs a = attrs_of(c, &w);
    a.count_include_pad = 1;
    struct onnx_val *v = window_lift(c, power(c, x, p));
    v = v != NULL ? make_node(c, x->type, &op_avg_pool, &a, 1, &v) : NULL;
    v = make_affine(c, v, (double)w.size[0] * w.size[1] * w.size[2], 0);
    c->out[0] = root(c, window_drop(c, &w, v), p);
}

void onnx_global_lp_pool(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t p = attr_int(c, "p", 2, 1, 1 << 10);
    c->out[0] = root(c, make_reduce(c, &op_reduce_sum, power(c, x, p), spatial_mask(x), true), p);
}

/* --- MaxUnpool: every number back to the position it was the maximum of --- */

/* Spatial sizes that a pool of this window came from. */
static bool unpooled(struct onnx_call *c, const struct onnx_val *x, struct window *w, int32_t size[3])
{
    for (int32_t i = 0; i < 3; i++) {
        int64_t n = i < 3 - w->n ? 1 : x->dim[i - 3 + x->rank];
        n = (n - 1) * w->stride[i] + w->size[i] - w->pad_begin[i] - w->pad_end[i];
        if (n < 1 || n > INT32_MAX) {
            call_fail(c, LIMN_ERR_SHAPE, "spatial axis %d has output size %lld", (int)i, (long long)n);
            return false;
        }
        size[i] = (int32_t)n;
    }
    return true;
}

/* Zeros behind, up to the shape that input 2 names. */
static struct onnx_val *fill_up(struct onnx_call *c, struct onnx_val *y)
{
    int64_t want[ONNX_MAX_RANK], begin[ONNX_MAX_RANK] = {0}, end[ONNX_MAX_RANK] = {0};
    struct onnx_val *shape = call_in(c, 2);
    size_t n = shape != NULL ? val_ints(c, shape, want, ONNX_MAX_RANK) : 0;
    if (shape == NULL || y == NULL) {
        return y;
    }
    if (n != (size_t)y->rank) {
        call_fail(c, LIMN_ERR_FORMAT, "an output shape of %zu dimensions (expected %d)", n, (int)y->rank);
        return NULL;
    }
    for (int32_t i = 0; i < y->rank; i++) {
        end[i] = want[i] > INT32_MAX || want[i] < 0 ? INT64_MIN / 2 : want[i] - y->dim[i];
    }
    return move_pad(c, y, begin, end, 0);
}

void onnx_max_unpool(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *index = call_in(c, 1);
    struct window w;
    if (!dims_same(x, index) || !window_read(c, x, NULL, &w)) {
        call_fail(c, LIMN_ERR_SHAPE, "indices of another shape");
        return;
    }
    struct pool_attrs a = attrs_of(c, &w);
    if (!unpooled(c, x, &w, a.in_size)) {
        return;
    }
    int64_t plane = (int64_t)a.in_size[0] * a.in_size[1] * a.in_size[2];
    struct onnx_val *pair[2] = {window_lift(c, x), window_lift(c, index)};
    if (plane > 1 << 24 || pair[0] == NULL || pair[1] == NULL) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "positions in a plane of %lld elements", (long long)plane);
        return;
    }
    pair[1] = make_binary(c, &op_mod, pair[1], val_scalar(c, ONNX_INT64, (double)plane));
    struct onnx_val *y = pair[1] != NULL ? make_node(c, x->type, &op_max_pool_grad, &a, 2, pair) : NULL;
    c->out[0] = fill_up(c, window_drop(c, &w, y));
}
