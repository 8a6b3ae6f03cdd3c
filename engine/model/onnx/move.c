/* Data movement of any rank: on known numbers a strided copy, on the device slice, transpose, concat, broadcast and pad
 * of the graph. Tensors of rank above 5 are handled one axis at a time as [before, axis, after]. */
#include <string.h>

#include "base/mem.h"
#include "model/onnx/import.h"

enum { MOVE_MAX = 1 << 20 }; /* numbers of a result on the host */

static void strides_of(const struct onnx_val *v, int64_t *stride)
{
    int64_t s = 1;
    for (int32_t i = v->rank - 1; i >= 0; i--) {
        stride[i] = s;
        s *= v->dim[i];
    }
}

/* Elements before and after an axis. */
static void around(const struct onnx_val *v, int32_t axis, int64_t *before, int64_t *after)
{
    *before = *after = 1;
    for (int32_t i = 0; i < v->rank; i++) {
        *before *= i < axis ? v->dim[i] : 1;
        *after *= i > axis ? v->dim[i] : 1;
    }
}

/* out[i0, i1, ...] = x[offset + sum of i * stride], on known numbers. */
struct strided_copy {
    int32_t rank;
    const int64_t *dim, *stride;
    int64_t offset;
};

static struct onnx_val *copy_strided(struct onnx_call *c, struct onnx_val *x, const struct strided_copy *s)
{
    double *to = NULL;
    struct onnx_val *v;
    if (x->filled) {
        return val_fill_new(c, x->type, s->rank, s->dim, x->fill);
    }
    const double *from = val_numbers(c, x);
    v = from != NULL ? val_host_new(c, x->type, s->rank, s->dim, &to) : NULL;
    int64_t at[ONNX_MAX_RANK] = {0}, p = s->offset;
    for (size_t i = 0; v != NULL && i < v->n; i++) {
        to[i] = from[p];
        for (int32_t k = s->rank - 1; k >= 0; k--) {
            p += s->stride[k];
            if (++at[k] < s->dim[k]) {
                break;
            }
            p -= s->stride[k] * s->dim[k];
            at[k] = 0;
        }
    }
    return v;
}

/* Whether a movement of x to n elements happens on known numbers. */
static bool on_host(const struct onnx_val *x, size_t n)
{
    return n == 0 || x->filled || (val_folds(x) && n <= MOVE_MAX);
}

struct onnx_val *move_view(struct onnx_call *c, struct onnx_val *x, int32_t rank, const int64_t *dim)
{
    size_t n = 0;
    if (x == NULL || !call_ok(c) || !dims_count(c, rank, dim, &n)) {
        return NULL;
    }
    if (n != x->n) {
        char text[SHAPE_TEXT_MAX * 2];
        call_fail(c, LIMN_ERR_SHAPE, "%s has %zu elements (expected %zu)", dims_text(x, text), x->n, n);
        return NULL;
    }
    if (val_known(x)) {
        struct onnx_val *v = val_copy(c, x);
        if (v != NULL) {
            v->rank = rank;
            for (int32_t i = 0; i < rank; i++) {
                v->dim[i] = dim[i];
            }
            v->dev = VALUE_NONE;
        }
        return v;
    }
    struct shape s = {.rank = rank > SHAPE_MAX_RANK ? 1 : rank, .dim = {(int32_t)n}};
    for (int32_t i = 0; i < rank && rank <= SHAPE_MAX_RANK; i++) {
        s.dim[i] = (int32_t)dim[i];
    }
    value_id id = val_dev(c, x);
    if (call_ok(c) && !shape_equal(build_shape(c->b, id), &s)) {
        id = build_reshape(c->b, NULL, id, s);
    }
    return val_dev_as(c, x->type, id, rank, dim);
}

/* x as [before, axis, after]. */
static struct onnx_val *view_axis(struct onnx_call *c, struct onnx_val *x, int32_t axis)
{
    int64_t before, after;
    around(x, axis, &before, &after);
    return move_view(c, x, 3, (int64_t[]){before, x->dim[axis], after});
}

/* --- transpose --- */

/* Moves axis `from` of x to the end, as a transpose of rank 3. */
static struct onnx_val *axis_to_end(struct onnx_call *c, struct onnx_val *x, int32_t from)
{
    struct transpose_attrs a = {.perm = {0, 2, 1}};
    int64_t dim[ONNX_MAX_RANK];
    struct onnx_val *v = view_axis(c, x, from);
    v = v != NULL ? make_node(c, x->type, &op_transpose, &a, 1, &v) : NULL;
    for (int32_t i = 0, k = 0; i < x->rank; i++) {
        if (i != from) {
            dim[k++] = x->dim[i];
        }
    }
    dim[x->rank - 1] = x->dim[from];
    return move_view(c, v, x->rank, dim);
}

/* Any rank: perm[0] to the end, then perm[1], ... */
static struct onnx_val *transpose_steps(struct onnx_call *c, struct onnx_val *x, const int32_t *perm)
{
    int32_t rank = x->rank, order[ONNX_MAX_RANK];
    for (int32_t i = 0; i < rank; i++) {
        order[i] = i;
    }
    for (int32_t i = 0; i < rank && x != NULL; i++) {
        int32_t at = 0;
        while (order[at] != perm[i]) {
            at++;
        }
        x = axis_to_end(c, x, at);
        memmove(order + at, order + at + 1, (size_t)(rank - at - 1) * sizeof *order);
        order[rank - 1] = perm[i];
    }
    return x;
}

struct onnx_val *move_transpose(struct onnx_call *c, struct onnx_val *x, const int32_t *perm)
{
    int64_t stride[ONNX_MAX_RANK], dim[ONNX_MAX_RANK], from[ONNX_MAX_RANK];
    struct transpose_attrs a = {.perm = {0}};
    if (x == NULL || !call_ok(c)) {
        return NULL;
    }
    strides_of(x, from);
    for (int32_t i = 0; i < x->rank; i++) {
        dim[i] = x->dim[perm[i]];
        stride[i] = from[perm[i]];
        a.perm[i < SHAPE_MAX_RANK ? i : 0] = perm[i];
    }
    if (on_host(x, x->n)) {
        return copy_strided(c, x, &(struct strided_copy){x->rank, dim, stride, 0});
    }
    return x->rank <= SHAPE_MAX_RANK ? make_node(c, x->type, &op_transpose, &a, 1, &x) : transpose_steps(c, x, perm);
}

/* --- slice --- */

struct onnx_val *move_slice(struct onnx_call *c, struct onnx_val *x, int32_t axis, int64_t begin, int64_t size,
                            int64_t step)
{
    int64_t stride[ONNX_MAX_RANK], dim[ONNX_MAX_RANK];
    size_t n = 0;
    if (x == NULL || !call_ok(c)) {
        return NULL;
    }
    if (begin == 0 && step == 1 && size == x->dim[axis]) {
        return val_copy(c, x);
    }
    memcpy(dim, x->dim, sizeof dim);
    dim[axis] = size;
    strides_of(x, stride);
    if (!dims_count(c, x->rank, dim, &n)) {
        return NULL;
    }
    if (n == 0) {
        return val_fill_new(c, x->type, x->rank, dim, 0);
    }
    if (on_host(x, n)) {
        int64_t offset = begin * stride[axis];
        stride[axis] *= step;
        return copy_strided(c, x, &(struct strided_copy){x->rank, dim, stride, offset});
    }
    struct onnx_val *v = x->rank > SHAPE_MAX_RANK ? view_axis(c, x, axis) : x;
    int32_t at = x->rank > SHAPE_MAX_RANK ? 1 : axis;
    struct slice_attrs a = {.step = {1, 1, 1, 1, 1}};
    for (int32_t i = 0; v != NULL && i < v->rank; i++) {
        a.size[i] = (int32_t)(i == at ? size : v->dim[i]);
    }
    a.begin[at] = (int32_t)begin;
    a.step[at] = (int32_t)step;
    return move_view(c, v != NULL ? make_node(c, x->type, &op_slice, &a, 1, &v) : NULL, x->rank, dim);
}

/* --- concat --- */

static struct onnx_val *concat_host(struct onnx_call *c, struct onnx_val *const *x, size_t n, int32_t axis,
                                    const int64_t *dim)
{
    double *to = NULL;
    struct onnx_val *v = val_host_new(c, x[0]->type, x[0]->rank, dim, &to);
    int64_t before, after, at = 0;
    for (size_t i = 0; v != NULL && i < n; i++) {
        const double *from = val_numbers(c, x[i]);
        around(x[i], axis, &before, &after);
        int64_t run = x[i]->dim[axis] * after;
        for (int64_t b = 0; from != NULL && b < before; b++) {
            memcpy(to + b * dim[axis] * after + at, from + b * run, (size_t)run * sizeof *to);
        }
        at += run;
    }
    return call_ok(c) ? v : NULL;
}

static bool concat_dims(struct onnx_call *c, struct onnx_val *const *x, size_t n, int32_t axis, int64_t *dim)
{
    memcpy(dim, x[0]->dim, sizeof x[0]->dim);
    dim[axis] = 0;
    for (size_t i = 0; i < n; i++) {
        bool ok = x[i]->rank == x[0]->rank;
        for (int32_t k = 0; ok && k < x[0]->rank; k++) {
            ok = k == axis || x[i]->dim[k] == x[0]->dim[k];
        }
        if (!ok) {
            char a[SHAPE_TEXT_MAX * 2], b[SHAPE_TEXT_MAX * 2];
            call_fail(c, LIMN_ERR_SHAPE, "shapes %s and %s do not join along axis %d", dims_text(x[0], a),
                      dims_text(x[i], b), (int)axis);
            return false;
        }
        dim[axis] += x[i]->dim[axis];
    }
    return true;
}

struct onnx_val *move_concat(struct onnx_call *c, struct onnx_val *const *x, size_t n, int32_t axis)
{
    int64_t dim[ONNX_MAX_RANK];
    size_t count = 0, used = 0;
    bool host = true;
    for (size_t i = 0; i < n; i++) {
        if (x[i] == NULL || !call_ok(c)) {
            return NULL;
        }
        host = host && (val_folds(x[i]) || x[i]->n == 0);
    }
    struct onnx_val **in = arena_alloc(&c->m->arena, n, sizeof *in);
    if (in == NULL || n > OP_MAX_IN || !concat_dims(c, x, n, axis, dim) || !dims_count(c, x[0]->rank, dim, &count)) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "%zu inputs (expected at most %d)", n, OP_MAX_IN);
        return NULL;
    }
    if (host && count <= MOVE_MAX) {
        return concat_host(c, x, n, axis, dim);
    }
    for (size_t i = 0; i < n; i++) {
        if (x[i]->n > 0) {
            in[used++] = x[i]->rank > SHAPE_MAX_RANK ? view_axis(c, x[i], axis) : x[i];
        }
    }
    struct concat_attrs a = {.axis = x[0]->rank > SHAPE_MAX_RANK ? 1 : axis};
    struct onnx_val *v = used == 1 ? val_copy(c, in[0]) : make_node(c, x[0]->type, &op_concat, &a, (int32_t)used, in);
    return move_view(c, v, x[0]->rank, dim);
}

/* --- expand --- */

/* One axis of size 1 repeated `size` times, at any rank. */
static struct onnx_val *expand_axis(struct onnx_call *c, struct onnx_val *x, int32_t axis, int64_t size)
{
    int64_t dim[ONNX_MAX_RANK];
    memcpy(dim, x->dim, sizeof dim);
    dim[axis] = size;
    struct onnx_val *v = view_axis(c, x, axis);
    if (v == NULL) {
        return NULL;
    }
    struct broadcast_attrs a = {.rank = 3, .dim = {(int32_t)v->dim[0], (int32_t)size, (int32_t)v->dim[2]}};
    return move_view(c, make_node(c, x->type, &op_broadcast_to, &a, 1, &v), x->rank, dim);
}

struct onnx_val *move_expand(struct onnx_call *c, struct onnx_val *x, int32_t rank, const int64_t *dim)
{
    int64_t stride[ONNX_MAX_RANK] = {0}, from[ONNX_MAX_RANK], lead[ONNX_MAX_RANK];
    struct broadcast_attrs a = {.rank = rank};
    size_t n = 0;
    if (x == NULL || !call_ok(c) || !dims_count(c, rank, dim, &n)) {
        return NULL;
    }
    strides_of(x, from);
    for (int32_t i = 0; i < rank; i++) {
        int32_t at = i - (rank - x->rank);
        lead[i] = at < 0 ? 1 : x->dim[at];
        stride[i] = lead[i] == 1 ? 0 : from[at];
        a.dim[i < SHAPE_MAX_RANK ? i : 0] = (int32_t)dim[i];
    }
    if (n == 0) {
        return val_fill_new(c, x->type, rank, dim, 0);
    }
    if (on_host(x, n)) {
        return copy_strided(c, x, &(struct strided_copy){rank, dim, stride, 0});
    }
    if (rank <= SHAPE_MAX_RANK) {
        struct onnx_val same = {.rank = rank};
        memcpy(same.dim, dim, (size_t)rank * sizeof *dim);
        return dims_same(x, &same) ? val_copy(c, x) : make_node(c, x->type, &op_broadcast_to, &a, 1, &x);
    }
    x = move_view(c, x, rank, lead);
    for (int32_t i = 0; x != NULL && i < rank; i++) {
        x = x->dim[i] == dim[i] ? x : expand_axis(c, x, i, dim[i]);
    }
    return x;
}

/* --- pad --- */

static struct onnx_val *pad_host(struct onnx_call *c, struct onnx_val *x, const int64_t *begin, const int64_t *dim,
                                 double fill)
{
    double *to = NULL;
    int64_t stride[ONNX_MAX_RANK], at[ONNX_MAX_RANK] = {0};
    const double *from = val_numbers(c, x);
    struct onnx_val *v = from != NULL ? val_host_new(c, x->type, x->rank, dim, &to) : NULL;
    strides_of(x, stride);
    for (size_t i = 0; v != NULL && i < v->n; i++) {
        int64_t p = 0;
        bool in = true;
        for (int32_t k = 0; k < x->rank; k++) {
            int64_t s = at[k] - begin[k];
            in = in && s >= 0 && s < x->dim[k];
            p += s * stride[k];
        }
        to[i] = in ? from[p] : fill;
        for (int32_t k = x->rank - 1; k >= 0 && ++at[k] == dim[k]; k--) {
            at[k] = 0;
        }
    }
    return v;
}

struct onnx_val *move_pad(struct onnx_call *c, struct onnx_val *x, const int64_t *begin, const int64_t *end,
                          double fill)
{
    int64_t dim[ONNX_MAX_RANK] = {0};
    size_t n = 0;
    struct pad_attrs a = {.value = (float)fill};
    if (x == NULL || !call_ok(c)) {
        return NULL;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        dim[i] = x->dim[i] + begin[i] + end[i];
        if (begin[i] < -INT32_MAX || begin[i] > INT32_MAX || end[i] < -INT32_MAX || end[i] > INT32_MAX || dim[i] < 0) {
            call_fail(c, LIMN_ERR_FORMAT, "pads %lld and %lld on axis %d of size %lld", (long long)begin[i],
                      (long long)end[i], (int)i, (long long)x->dim[i]);
            return NULL;
        }
        a.begin[i < SHAPE_MAX_RANK ? i : 0] = (int32_t)begin[i];
        a.end[i < SHAPE_MAX_RANK ? i : 0] = (int32_t)end[i];
    }
    if (!dims_count(c, x->rank, dim, &n)) {
        return NULL;
    }
    if (n == 0 || x->n == 0) {
        return val_fill_new(c, x->type, x->rank, dim, fill);
    }
    return val_folds(x) && n <= MOVE_MAX ? pad_host(c, x, begin, dim, fill) : make_node(c, x->type, &op_pad, &a, 1, &x);
}
