/* Shapes: Reshape, Transpose, Concat, Split, Slice and their kin. On known numbers they leave no node. */
#include <string.h>

#include "model/onnx/import.h"

void onnx_identity(struct onnx_call *c)
{
    c->out[0] = val_copy(c, call_in(c, 0));
}

void onnx_shape(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    double *num = NULL;
    int64_t rank = x->rank, start = attr_int(c, "start", 0, INT64_MIN, INT64_MAX);
    int64_t end = attr_int(c, "end", rank, INT64_MIN, INT64_MAX);
    start = start < -rank ? 0 : start < 0 ? start + rank : start > rank ? rank : start;
    end = end < -rank ? 0 : end < 0 ? end + rank : end > rank ? rank : end;
    int64_t n = end > start ? end - start : 0;
    c->out[0] = val_host_new(c, ONNX_INT64, 1, &n, &num);
    for (int64_t i = 0; num != NULL && i < n; i++) {
        num[i] = (double)x->dim[start + i];
    }
}

void onnx_size(struct onnx_call *c)
{
    c->out[0] = val_scalar(c, ONNX_INT64, (double)call_in(c, 0)->n);
}

void onnx_reshape(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t dim[ONNX_MAX_RANK], known = 1;
    size_t n = 0;
    bool zero = attr_flag(c, "allowzero", false);
    int32_t hole = -1;
    if (!call_ints(c, "shape", 1, dim, ONNX_MAX_RANK, &n)) {
        call_fail(c, LIMN_ERR_FORMAT, "the shape is absent");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (dim[i] == 0 && !zero) {
            dim[i] = (int32_t)i < x->rank ? x->dim[i] : 0;
        }
        if (dim[i] < -1 || (dim[i] == -1 && hole >= 0) || dim[i] > INT32_MAX) {
            call_fail(c, LIMN_ERR_FORMAT, "the shape has entry %zu = %lld", i, (long long)dim[i]);
            return;
        }
        hole = dim[i] == -1 ? (int32_t)i : hole;
        known = dim[i] == -1 || known > INT32_MAX ? known : known * dim[i];
    }
    if (hole >= 0) {
        dim[hole] = known > 0 ? (int64_t)x->n / known : 0;
    }
    c->out[0] = move_view(c, x, (int32_t)n, dim);
}

void onnx_flatten(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t axis = attr_int(c, "axis", 1, -x->rank, x->rank), dim[2] = {1, 1};
    axis = axis < 0 ? axis + x->rank : axis;
    for (int32_t i = 0; i < x->rank; i++) {
        dim[i >= axis] *= x->dim[i];
    }
    c->out[0] = move_view(c, x, 2, dim);
}

void onnx_squeeze(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t axes[ONNX_MAX_RANK], dim[ONNX_MAX_RANK];
    size_t n = 0;
    uint32_t drop = 0;
    int32_t rank = 0;
    bool given = call_ints(c, "axes", 1, axes, ONNX_MAX_RANK, &n);
    for (size_t i = 0; i < n && call_ok(c); i++) {
        int32_t at = call_axis(c, axes[i], x->rank);
        if (call_ok(c) && x->dim[at] != 1) {
            call_fail(c, LIMN_ERR_SHAPE, "axis %d has %lld elements (expected 1)", (int)at, (long long)x->dim[at]);
        }
        drop |= 1u << at;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        if (given ? (drop >> i & 1) == 0 : x->dim[i] != 1) {
            dim[rank++] = x->dim[i];
        }
    }
    c->out[0] = move_view(c, x, rank, dim);
}

void onnx_unsqueeze(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t axes[ONNX_MAX_RANK], dim[ONNX_MAX_RANK];
    size_t n = 0;
    uint32_t add = 0;
    if (!call_ints(c, "axes", 1, axes, ONNX_MAX_RANK, &n)) {
        call_fail(c, LIMN_ERR_FORMAT, "axes are absent");
        return;
    }
    int32_t rank = x->rank + (int32_t)n;
    for (size_t i = 0; i < n && call_ok(c); i++) {
        int32_t at = call_axis(c, axes[i], rank);
        if ((add >> at & 1) != 0) {
            call_fail(c, LIMN_ERR_FORMAT, "axis %d is named twice", (int)at);
        }
        add |= 1u << at;
    }
    if (rank > ONNX_MAX_RANK) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "a tensor of rank %d (expected 8 at most)", (int)rank);
        return;
    }
    for (int32_t i = 0, k = 0; i < rank && call_ok(c); i++) {
        dim[i] = (add >> i & 1) != 0 ? 1 : x->dim[k++];
    }
    c->out[0] = move_view(c, x, rank, dim);
}

void onnx_transpose(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t perm[ONNX_MAX_RANK];
    int32_t p[ONNX_MAX_RANK];
    size_t n = attr_ints(c, "perm", perm, ONNX_MAX_RANK, 0, x->rank - 1);
    uint32_t seen = 0;
    if (n != 0 && n != (size_t)x->rank) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute perm has %zu entries (expected %d)", n, (int)x->rank);
        return;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        p[i] = n > 0 ? (int32_t)perm[i] : x->rank - 1 - i;
        seen |= 1u << p[i];
    }
    if (call_ok(c) && seen != (1u << x->rank) - 1) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute perm names an axis twice");
        return;
    }
    c->out[0] = move_transpose(c, x, p);
}

void onnx_concat(struct onnx_call *c)
{
    for (size_t i = 0; i < c->n_in; i++) {
        if (c->in[i] == NULL) {
            call_fail(c, LIMN_ERR_FORMAT, "input %zu is absent", i);
            return;
        }
    }
    int64_t def = c->opset < 4 ? 1 : INT64_MIN;
    int32_t axis = attr_axis(c, "axis", def, c->in[0]->rank);
    c->out[0] = call_ok(c) ? move_concat(c, c->in, c->n_in, axis) : NULL;
}

/* Sizes of the parts: given, or as equal as they get (the last is shorter). */
static void split_sizes(struct onnx_call *c, int64_t total, int64_t *size)
{
    size_t n = 0, parts = c->n_out;
    int64_t sum = 0;
    bool given = call_ints(c, "split", 1, size, parts, &n);
    if (given && n != parts) {
        call_fail(c, LIMN_ERR_FORMAT, "%zu sizes for %zu outputs", n, parts);
    }
    if (!given && (int64_t)parts != attr_int(c, "num_outputs", (int64_t)parts, 1, INT32_MAX)) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute num_outputs differs from the %zu outputs", parts);
    }
    int64_t each = (total + (int64_t)parts - 1) / (int64_t)parts;
    for (size_t i = 0; i < parts && call_ok(c); i++) {
        size[i] = given ? size[i] : i + 1 < parts ? each : total - each * ((int64_t)parts - 1);
        sum += size[i] >= 0 && size[i] <= total ? size[i] : total + 1;
    }
    if (call_ok(c) && sum != total) {
        call_fail(c, LIMN_ERR_SHAPE, "the parts do not make up the axis of %lld elements", (long long)total);
    }
}

void onnx_split(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int32_t axis = attr_axis(c, "axis", 0, x->rank);
    int64_t *size = arena_alloc(&c->m->arena, c->n_out + 1, sizeof *size), at = 0;
    if (size == NULL || c->n_out == 0 || !call_ok(c)) {
        call_fail(c, LIMN_ERR_FORMAT, "no outputs");
        return;
    }
    split_sizes(c, x->dim[axis], size);
    for (size_t i = 0; i < c->n_out && call_ok(c); i++) {
        c->out[i] = call_wants(c, i) ? move_slice(c, x, axis, at, size[i], 1) : NULL;
        at += size[i];
    }
}

/* One axis of a Slice: NumPy's rules, numbers out of range are cut to it. */
static struct onnx_val *slice_axis(struct onnx_call *c, struct onnx_val *x, int32_t axis, int64_t start, int64_t end,
                                   int64_t step)
{
    int64_t n = x->dim[axis], lo = step > 0 ? 0 : -1, hi = step > 0 ? n : n - 1;
    if (step == 0 || step == INT64_MIN) {
        call_fail(c, LIMN_ERR_FORMAT, "a step of %lld on axis %d", (long long)step, (int)axis);
        return NULL;
    }
    start = start < 0 && start >= -n ? start + n : start < -n ? lo : start;
    end = end < 0 && end >= -n ? end + n : end < -n ? lo : end;
    start = start < lo ? lo : start > hi ? hi : start;
    end = end < lo ? lo : end > hi ? hi : end;
    int64_t span = step > 0 ? end - start : start - end, by = step > 0 ? step : -step;
    int64_t size = span > 0 ? (span - 1) / by + 1 : 0;
    step = size <= 1 ? 1 : step;
    return move_slice(c, x, axis, size > 0 ? start : 0, size, step);
}

void onnx_slice(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t start[ONNX_MAX_RANK], end[ONNX_MAX_RANK], axes[ONNX_MAX_RANK], step[ONNX_MAX_RANK];
    size_t n = 0, m = 0, n_axes = 0, n_step = 0;
    bool given = call_ints(c, "starts", 1, start, ONNX_MAX_RANK, &n) && call_ints(c, "ends", 2, end, ONNX_MAX_RANK, &m);
    bool has_axes = call_ok(c) && call_ints(c, "axes", 3, axes, ONNX_MAX_RANK, &n_axes);
    bool has_step = call_ok(c) && call_ints(c, NULL, 4, step, ONNX_MAX_RANK, &n_step);
    if (!given || n != m || (has_axes && n_axes != n) || (has_step && n_step != n)) {
        call_fail(c, LIMN_ERR_FORMAT, "%zu starts, %zu ends, %zu axes and %zu steps do not fit together", n, m, n_axes,
                  n_step);
        return;
    }
    x = val_copy(c, x);
    for (size_t i = 0; i < n && call_ok(c); i++) {
        int32_t axis = call_axis(c, has_axes ? axes[i] : (int64_t)i, x->rank);
        x = call_ok(c) ? slice_axis(c, x, axis, start[i], end[i], has_step ? step[i] : 1) : NULL;
    }
    c->out[0] = x;
}

void onnx_expand(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), want = {.rank = 0};
    int64_t dim[ONNX_MAX_RANK];
    int32_t rank = 0;
    size_t n = val_ints(c, call_in(c, 1), want.dim, ONNX_MAX_RANK);
    want.rank = (int32_t)n;
    for (size_t i = 0; i < n; i++) {
        if (want.dim[i] < 0) {
            call_fail(c, LIMN_ERR_FORMAT, "the shape has entry %zu = %lld", i, (long long)want.dim[i]);
        }
    }
    if (dims_broadcast(c, x, &want, &rank, dim)) {
        c->out[0] = move_expand(c, x, rank, dim);
    }
}

/* [d0, d1, ..] as [1, d0, 1, d1, ..], repeated along the ones; dimensions that are not repeated need no place. */
void onnx_tile(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t times[ONNX_MAX_RANK];
    size_t n = val_ints(c, call_in(c, 1), times, ONNX_MAX_RANK);
    if (!call_ok(c) || n != (size_t)x->rank) {
        call_fail(c, LIMN_ERR_FORMAT, "%zu repeats for a tensor of rank %d", n, (int)x->rank);
        return;
    }
    x = val_copy(c, x);
    for (int32_t i = 0; x != NULL && i < x->rank; i++) {
        int64_t before = 1, after = 1, dim[ONNX_MAX_RANK];
        if (times[i] < 0 || times[i] > INT32_MAX) {
            call_fail(c, LIMN_ERR_FORMAT, "%lld repeats on axis %d", (long long)times[i], (int)i);
            return;
        }
        if (times[i] == 1) {
            continue;
        }
        for (int32_t k = 0; k < x->rank; k++) {
            before *= k < i ? x->dim[k] : 1;
            after *= k >= i ? x->dim[k] : 1;
        }
        memcpy(dim, x->dim, sizeof dim);
        dim[i] *= times[i];
        struct onnx_val *v = move_view(c, x, 3, (int64_t[]){before, 1, after});
        v = move_expand(c, v, 3, (int64_t[]){before, times[i], after});
        x = move_view(c, v, x->rank, dim);
    }
    c->out[0] = x;
}
