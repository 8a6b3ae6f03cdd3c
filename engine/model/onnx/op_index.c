/* Gather, scatter and masks. Indices that are known are checked and made positive at load; those that are computed are
 * made positive by nodes, and the engine's operators clamp what is out of range. */
#include <math.h>
#include <string.h>

#include "model/onnx/import.h"

enum { INDEX_TOP = 1 << 24, ROUNDS_MAX = 16 };

struct onnx_val *move_pick(struct onnx_call *c, struct onnx_val *x, int32_t rank, const int64_t *dim,
                           const int64_t *from, double fill)
{
    double *num = NULL;
    struct onnx_val *index = val_host_new(c, ONNX_INT64, rank, dim, &num), *v;
    bool holes = false;
    if (index == NULL || x == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < index->n; i++) {
        holes = holes || from[i] < 0;
        num[i] = from[i] < 0 ? (double)x->n : (double)from[i];
    }
    if (index->n == 0) {
        return val_fill_new(c, x->type, rank, dim, 0);
    }
    if (x->n >= INDEX_TOP && !val_folds(x)) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "positions in a tensor of %zu elements (expected below 2^24)", x->n);
        return NULL;
    }
    v = move_view(c, x, 1, (int64_t[]){(int64_t)x->n});
    if (holes) {
        struct onnx_val *pair[2] = {v, val_fill_new(c, x->type, 1, (int64_t[]){1}, fill)};
        v = pair[1] != NULL ? move_concat(c, pair, 2, 0) : NULL;
    }
    index = move_view(c, index, 1, (int64_t[]){(int64_t)index->n});
    if (v == NULL || index == NULL) {
        return NULL;
    }
    struct gather_attrs a = {.axis = 0};
    return move_view(c, make_node(c, x->type, &op_gather, &a, 2, (struct onnx_val *[]){v, index}), rank, dim);
}

/* An index with negative entries counted from the end of an axis of n elements. */
static struct onnx_val *positive(struct onnx_call *c, struct onnx_val *index, int64_t n)
{
    double *num = NULL;
    if (index == NULL || !call_ok(c)) {
        return NULL;
    }
    if (!val_known(index)) {
        struct onnx_val *zero = val_scalar(c, ONNX_INT64, 0);
        struct onnx_val *below = make_each(c, ONNX_BOOL, &op_less, NULL, 2, (struct onnx_val *[]){index, zero});
        struct onnx_val *up = make_affine(c, index, 1, (double)n);
        return make_each(c, index->type, &op_where, NULL, 3, (struct onnx_val *[]){below, up, index});
    }
    const double *from = val_numbers(c, index);
    struct onnx_val *v = from != NULL ? val_host_new(c, ONNX_INT64, index->rank, index->dim, &num) : NULL;
    for (size_t i = 0; v != NULL && i < v->n; i++) {
        num[i] = from[i] < 0 ? from[i] + (double)n : from[i];
        if (!(num[i] >= 0 && num[i] < (double)n) || num[i] != trunc(num[i])) {
            call_fail(c, LIMN_ERR_FORMAT, "index %g of an axis of %lld elements", from[i], (long long)n);
            return NULL;
        }
    }
    return v;
}

static void strides_of(const struct onnx_val *v, int64_t *stride)
{
    int64_t s = 1;
    for (int32_t i = v->rank - 1; i >= 0; i--) {
        stride[i] = s;
        s *= v->dim[i];
    }
}

static int64_t *positions_new(struct onnx_call *c, size_t n)
{
    int64_t *p = NULL;
    if (call_ok(c) && n <= c->m->room) {
        c->m->room -= n;
        p = arena_alloc(&c->m->arena, n + 1, sizeof *p);
    }
    if (p == NULL) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "constants of too many elements to compute while loading (%zu)", n);
    }
    return p;
}

/* x as [before, axis, after]: gather of rank 3 by a flat index, whatever the ranks. */
void onnx_gather(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *index = call_in(c, 1);
    int32_t axis = attr_axis(c, "axis", 0, x->rank), rank = 0;
    int64_t dim[2 * ONNX_MAX_RANK], before = 1, after = 1;
    struct gather_attrs a = {.axis = 1};
    if (!call_ok(c)) {
        return;
    }
    for (int32_t i = 0; i < axis; i++) {
        before *= dim[rank++] = x->dim[i];
    }
    for (int32_t i = 0; i < index->rank; i++) {
        dim[rank++] = index->dim[i];
    }
    for (int32_t i = axis + 1; i < x->rank; i++) {
        after *= dim[rank++] = x->dim[i];
    }
    if (index->n == 0 || x->n == 0 || rank > ONNX_MAX_RANK) {
        c->out[0] = val_fill_new(c, x->type, rank, dim, 0);
        return;
    }
    struct onnx_val *pair[2] = {move_view(c, x, 3, (int64_t[]){before, x->dim[axis], after}),
                                move_view(c, positive(c, index, x->dim[axis]), 1, (int64_t[]){(int64_t)index->n})};
    if (pair[0] != NULL && pair[1] != NULL) {
        c->out[0] = move_view(c, make_node(c, x->type, &op_gather, &a, 2, pair), rank, dim);
    }
}

/* Flat position in data of every element of an index that replaces the coordinate of one axis. */
static int64_t *element_positions(struct onnx_call *c, const struct onnx_val *data, struct onnx_val *index,
                                  int32_t axis)
{
    int64_t stride[ONNX_MAX_RANK], at[ONNX_MAX_RANK] = {0};
    struct onnx_val *up = val_numbers(c, index) != NULL ? positive(c, index, data->dim[axis]) : NULL;
    int64_t *p = up != NULL ? positions_new(c, up->n) : NULL;
    strides_of(data, stride);
    for (size_t i = 0; p != NULL && i < up->n; i++) {
        for (int32_t k = 0; k < data->rank; k++) {
            p[i] += (k == axis ? (int64_t)up->host[i] : at[k]) * stride[k];
        }
        for (int32_t k = data->rank - 1; k >= 0 && ++at[k] == index->dim[k]; k--) {
            at[k] = 0;
        }
    }
    return p;
}

static bool index_fits(struct onnx_call *c, const struct onnx_val *data, const struct onnx_val *index, int32_t axis)
{
    bool fits = call_ok(c) && index->rank == data->rank;
    for (int32_t i = 0; fits && i < data->rank; i++) {
        fits = i == axis || index->dim[i] <= data->dim[i];
    }
    if (!fits) {
        char a[SHAPE_TEXT_MAX * 2], b[SHAPE_TEXT_MAX * 2];
        call_fail(c, LIMN_ERR_SHAPE, "indices %s do not fit data %s", dims_text(index, a), dims_text(data, b));
    }
    return fits;
}

void onnx_gather_elements(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *index = call_in(c, 1);
    int32_t axis = attr_axis(c, "axis", 0, x->rank);
    struct gather_attrs a = {.axis = axis};
    if (!index_fits(c, x, index, axis)) {
        return;
    }
    if (val_known(index)) {
        int64_t *p = element_positions(c, x, index, axis);
        c->out[0] = p != NULL ? move_pick(c, x, index->rank, index->dim, p, 0) : NULL;
        return;
    }
    struct onnx_val *pair[2] = {x, positive(c, index, x->dim[axis])};
    c->out[0] = pair[1] != NULL ? make_node(c, x->type, &op_gather_elements, &a, 2, pair) : NULL;
}

/* Flat positions that the last axis of an index names (GatherND, ScatterND): first elements of slices of *slice. */
static int64_t *nd_positions(struct onnx_call *c, const struct onnx_val *data, struct onnx_val *index, int32_t batch,
                             size_t *count, int64_t *slice)
{
    int64_t depth = index->rank > 0 ? index->dim[index->rank - 1] : 0, stride[ONNX_MAX_RANK], groups = 1;
    const double *num = val_numbers(c, index);
    if (num == NULL || depth < 1 || depth + batch > data->rank || index->rank <= batch) {
        call_fail(c, LIMN_ERR_SHAPE, "indices of %lld axes for data of rank %d", (long long)depth, (int)data->rank);
        return NULL;
    }
    strides_of(data, stride);
    for (int32_t i = 0; i < batch; i++) {
        groups *= data->dim[i];
        if (index->dim[i] != data->dim[i]) {
            call_fail(c, LIMN_ERR_SHAPE, "batch axis %d has %lld and %lld elements", (int)i, (long long)data->dim[i],
                      (long long)index->dim[i]);
        }
    }
    *count = index->n / (size_t)depth;
    *slice = stride[batch + depth - 1];
    int64_t *p = positions_new(c, *count);
    for (size_t i = 0; p != NULL && i < *count; i++) {
        p[i] = batch > 0 ? (int64_t)(i / (*count / (size_t)groups)) * stride[batch - 1] : 0;
        for (int64_t k = 0; k < depth; k++) {
            double n = (double)data->dim[batch + k], v = num[i * (size_t)depth + (size_t)k];
            v = v < 0 ? v + n : v;
            if (!(v >= 0 && v < n)) {
                call_fail(c, LIMN_ERR_FORMAT, "index %g of an axis of %g elements", v, n);
                return NULL;
            }
            p[i] += (int64_t)v * stride[batch + k];
        }
    }
    return p;
}

/* Every element of slices of n elements. */
static int64_t *spread(struct onnx_call *c, const int64_t *first, size_t count, int64_t n)
{
    int64_t *p = first != NULL ? positions_new(c, count * (size_t)n) : NULL;
    for (size_t i = 0; p != NULL && i < count * (size_t)n; i++) {
        p[i] = first[i / (size_t)n] + (int64_t)(i % (size_t)n);
    }
    return p;
}

void onnx_gather_nd(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *index = call_in(c, 1);
    int32_t batch = (int32_t)attr_int(c, "batch_dims", 0, 0, ONNX_MAX_RANK - 1), rank = 0;
    int64_t dim[2 * ONNX_MAX_RANK], slice = 1;
    size_t count = 0;
    int64_t *first = nd_positions(c, x, index, batch, &count, &slice), *p = spread(c, first, count, slice);
    if (p == NULL) {
        return;
    }
    for (int32_t i = 0; i < index->rank - 1; i++) {
        dim[rank++] = index->dim[i];
    }
    for (int32_t i = batch + (int32_t)index->dim[index->rank - 1]; i < x->rank; i++) {
        dim[rank++] = x->dim[i];
    }
    c->out[0] = move_pick(c, x, rank, dim, p, 0);
}

/* --- scatter: data with some elements replaced by (or combined with) updates, in rounds of one update each --- */

enum reduction { REDUCE_NONE, REDUCE_ADD, REDUCE_MUL, REDUCE_MIN, REDUCE_MAX };
static const char *const reduction_names[] = {"none", "add", "mul", "min", "max", NULL};

/* The last update of every element of data, or data itself. */
static struct onnx_val *replace(struct onnx_call *c, struct onnx_val *data, struct onnx_val *updates, const int64_t *to,
                                size_t n)
{
    int64_t *from = positions_new(c, data->n);
    for (size_t i = 0; from != NULL && i < data->n; i++) {
        from[i] = (int64_t)i;
    }
    for (size_t i = 0; from != NULL && i < n; i++) {
        from[to[i]] = (int64_t)(data->n + i);
    }
    struct onnx_val *pair[2] = {move_view(c, data, 1, (int64_t[]){(int64_t)data->n}),
                                move_view(c, updates, 1, (int64_t[]){(int64_t)updates->n})};
    struct onnx_val *both = from != NULL && pair[0] != NULL && pair[1] != NULL ? move_concat(c, pair, 2, 0) : NULL;
    return both != NULL ? move_pick(c, both, data->rank, data->dim, from, 0) : NULL;
}

static struct onnx_val *combine(struct onnx_call *c, struct onnx_val *data, struct onnx_val *updates, const int64_t *to,
                                size_t n, enum reduction how)
{
    static const struct op *const ops[] = {NULL, &op_add, &op_mul, &op_min, &op_max};
    static const double neutral[] = {0, 0, 1, HUGE_VAL, -HUGE_VAL};
    int64_t *from = positions_new(c, data->n);
    uint8_t *done = arena_alloc(&c->m->arena, n + 1, 1);
    size_t left = n;
    for (int round = 0; left > 0 && from != NULL && done != NULL && data != NULL; round++) {
        if (round == ROUNDS_MAX) {
            call_fail(c, LIMN_ERR_UNSUPPORTED, "more than %d updates of one element", ROUNDS_MAX);
            return NULL;
        }
        for (size_t i = 0; i < data->n; i++) {
            from[i] = -1;
        }
        for (size_t i = 0; i < n; i++) {
            if (!done[i] && from[to[i]] < 0) {
                from[to[i]] = (int64_t)i;
                done[i] = 1;
                left--;
            }
        }
        data = make_binary(c, ops[how], data, move_pick(c, updates, data->rank, data->dim, from, neutral[how]));
    }
    return done != NULL && from != NULL ? data : NULL;
}

static void scatter(struct onnx_call *c, const int64_t *to, size_t n)
{
    struct onnx_val *data = call_in(c, 0), *updates = call_in(c, 2);
    enum reduction how = (enum reduction)attr_choice(c, "reduction", REDUCE_NONE, reduction_names);
    if (to == NULL || !call_ok(c)) {
        return;
    }
    if (updates->n != n) {
        call_fail(c, LIMN_ERR_SHAPE, "%zu updates for %zu positions", updates->n, n);
        return;
    }
    c->out[0] = n == 0               ? val_copy(c, data)
                : how == REDUCE_NONE ? replace(c, data, updates, to, n)
                                     : combine(c, data, updates, to, n, how);
}

void onnx_scatter_elements(struct onnx_call *c)
{
    struct onnx_val *data = call_in(c, 0), *index = call_in(c, 1);
    int32_t axis = attr_axis(c, "axis", 0, data->rank);
    if (index_fits(c, data, index, axis)) {
        scatter(c, element_positions(c, data, index, axis), index->n);
    }
}

void onnx_scatter_nd(struct onnx_call *c)
{
    size_t count = 0;
    int64_t slice = 1;
    int64_t *first = nd_positions(c, call_in(c, 0), call_in(c, 1), 0, &count, &slice);
    scatter(c, spread(c, first, count, slice), count * (size_t)slice);
}
