/* Operators whose choice of elements is known at load, and tables that are made there: Compress, ReverseSequence,
 * OneHot, Trilu, EyeLike, Range, NonZero. */
#include <math.h>
#include <string.h>

#include "model/onnx/import.h"

void onnx_range(struct onnx_call *c)
{
    struct onnx_val *first = call_in(c, 0);
    double start = call_number(c, NULL, 0, 0), limit = call_number(c, NULL, 1, 0), step = call_number(c, NULL, 2, 1);
    double n = step != 0 ? ceil((limit - start) / step) : NAN, *num = NULL;
    if (!call_ok(c) || isnan(n) || n > 1e9) {
        call_fail(c, LIMN_ERR_FORMAT, "a range from %g to %g by %g", start, limit, step);
        return;
    }
    c->out[0] = val_host_new(c, first->type, 1, (int64_t[]){n > 0 ? (int64_t)n : 0}, &num);
    for (size_t i = 0; num != NULL && c->out[0] != NULL && i < c->out[0]->n; i++) {
        num[i] = start + (double)i * step;
    }
    if (c->out[0] != NULL) {
        val_settle(first->type, num, c->out[0]->n);
    }
}

void onnx_eye_like(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t k = attr_int(c, "k", 0, INT32_MIN, INT32_MAX);
    int32_t type = (int32_t)attr_int(c, "dtype", x->type, ONNX_FLOAT, ONNX_BFLOAT16);
    double *num = NULL;
    if (x->rank != 2) {
        call_fail(c, LIMN_ERR_SHAPE, "a tensor of rank %d (expected 2)", (int)x->rank);
        return;
    }
    c->out[0] = val_host_new(c, type, 2, x->dim, &num);
    for (size_t i = 0; num != NULL && i < x->n; i++) {
        int64_t row = (int64_t)i / x->dim[1], column = (int64_t)i % x->dim[1];
        num[i] = column == row + k;
    }
}

void onnx_trilu(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    double k = call_number(c, NULL, 1, 0), *num = NULL;
    bool upper = attr_flag(c, "upper", true);
    if (x->rank < 2) {
        call_fail(c, LIMN_ERR_SHAPE, "a tensor of rank %d (expected 2 or more)", (int)x->rank);
        return;
    }
    const int64_t *size = x->dim + x->rank - 2;
    struct onnx_val *mask = val_host_new(c, ONNX_BOOL, 2, size, &num);
    for (size_t i = 0; num != NULL && i < mask->n; i++) {
        double off = (double)((int64_t)i % size[1]) - (double)((int64_t)i / size[1]);
        num[i] = upper ? off >= k : off <= k;
    }
    c->out[0] = mask != NULL ? make_each(c, x->type, &op_where, NULL, 3,
                                         (struct onnx_val *[]){mask, x, val_scalar(c, x->type, 0)})
                             : NULL;
}

/* A new axis whose i-th element is `on` where the index is i, else `off`. */
void onnx_one_hot(struct onnx_call *c)
{
    struct onnx_val *index = call_in(c, 0), *values = call_in(c, 2);
    double depth = call_number(c, NULL, 1, 0), *num = NULL;
    int32_t rank = index->rank + 1, axis = attr_axis(c, "axis", -1, rank);
    int64_t dim[ONNX_MAX_RANK + 1], ones[ONNX_MAX_RANK + 1];
    if (!call_ok(c) || !(depth >= 1 && depth <= 1e8) || rank > ONNX_MAX_RANK || values->n != 2) {
        call_fail(c, LIMN_ERR_FORMAT, "a depth of %g and %zu values (expected 1 or more and 2)", depth, values->n);
        return;
    }
    for (int32_t i = 0; i < rank; i++) {
        dim[i] = i < axis ? index->dim[i] : i == axis ? 1 : index->dim[i - 1];
        ones[i] = i == axis ? (int64_t)depth : 1;
    }
    struct onnx_val *count = val_host_new(c, ONNX_INT64, rank, ones, &num);
    for (int64_t i = 0; num != NULL && i < (int64_t)depth; i++) {
        num[i] = (double)i;
    }
    index = move_view(c, index, rank, dim);
    struct onnx_val *zero = val_scalar(c, ONNX_INT64, 0), *up = make_affine(c, index, 1, depth);
    struct onnx_val *below = make_each(c, ONNX_BOOL, &op_less, NULL, 2, (struct onnx_val *[]){index, zero});
    index = make_each(c, ONNX_INT64, &op_where, NULL, 3, (struct onnx_val *[]){below, up, index});
    struct onnx_val *hit = make_each(c, ONNX_BOOL, &op_equal, NULL, 2, (struct onnx_val *[]){index, count});
    struct onnx_val *off = move_slice(c, values, 0, 0, 1, 1), *on = move_slice(c, values, 0, 1, 1, 1);
    c->out[0] = make_each(c, values->type, &op_where, NULL, 3, (struct onnx_val *[]){hit, on, off});
}

void onnx_compress(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *mask = call_in(c, 1);
    bool flat = attr_find(c, "axis", ONNX_ATTR_INT) == NULL;
    x = flat ? move_view(c, x, 1, (int64_t[]){(int64_t)x->n}) : x;
    int32_t axis = x != NULL ? attr_axis(c, "axis", 0, x->rank) : 0;
    const double *keep = val_numbers(c, mask);
    double *num = NULL;
    int64_t n = 0;
    for (size_t i = 0; keep != NULL && x != NULL && i < mask->n && (int64_t)i < x->dim[axis]; i++) {
        n += keep[i] != 0;
    }
    struct onnx_val *index = keep != NULL && n > 0 ? val_host_new(c, ONNX_INT64, 1, &n, &num) : NULL;
    for (size_t i = 0, k = 0; index != NULL && k < index->n; i++) {
        if (keep[i] != 0) {
            num[k++] = (double)i;
        }
    }
    struct gather_attrs a = {.axis = axis};
    if (call_ok(c) && keep != NULL && n == 0) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "the result is empty");
    }
    c->out[0] =
        index != NULL && x != NULL ? make_node(c, x->type, &op_gather, &a, 2, (struct onnx_val *[]){x, index}) : NULL;
}

/* Each sequence of a batch reversed within its length. */
void onnx_reverse_sequence(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *lens = call_in(c, 1);
    int32_t batch = attr_axis(c, "batch_axis", 1, x->rank), time = attr_axis(c, "time_axis", 0, x->rank);
    const double *length = val_numbers(c, lens);
    if (length == NULL || x->rank < 2 || batch == time || lens->n != (size_t)x->dim[batch] || x->n > c->m->room) {
        call_fail(c, LIMN_ERR_FORMAT, "axes %d and %d and %zu lengths do not fit", (int)batch, (int)time, lens->n);
        return;
    }
    int64_t *from = arena_alloc(&c->m->arena, x->n + 1, sizeof *from), at[ONNX_MAX_RANK] = {0};
    c->m->room -= x->n;
    for (size_t i = 0; from != NULL && i < x->n; i++) {
        for (int32_t k = 0; k < x->rank; k++) {
            int64_t n = (int64_t)length[at[batch]], t = at[k];
            from[i] = from[i] * x->dim[k] + (k == time && t < n && n <= x->dim[k] ? n - 1 - t : t);
        }
        for (int32_t k = x->rank - 1; k >= 0 && ++at[k] == x->dim[k]; k--) {
            at[k] = 0;
        }
    }
    c->out[0] = from != NULL ? move_pick(c, x, x->rank, x->dim, from, 0) : NULL;
}

void onnx_non_zero(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    const double *num = val_numbers(c, x);
    int64_t n = 0, k = 0;
    double *to = NULL;
    for (size_t i = 0; num != NULL && i < x->n; i++) {
        n += num[i] != 0;
    }
    struct onnx_val *y = num != NULL ? val_host_new(c, ONNX_INT64, 2, (int64_t[]){x->rank, n}, &to) : NULL;
    for (size_t i = 0; y != NULL && i < x->n; i++) {
        int64_t rest = (int64_t)i;
        for (int32_t a = x->rank - 1; num[i] != 0 && a >= 0; a--) {
            to[a * n + k] = (double)(rest % x->dim[a]);
            rest /= x->dim[a];
        }
        k += num[i] != 0;
    }
    c->out[0] = y;
}
