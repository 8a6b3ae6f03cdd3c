/* Shapes: checking, comparing, broadcasting, printing. */
#include "tensor/shape.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

struct shape shape_of(int32_t rank, const int32_t *dim)
{
    struct shape s = {.rank = rank};
    for (int i = 0; i < rank && i < SHAPE_MAX_RANK; i++) {
        s.dim[i] = dim[i];
    }
    return s;
}

limn_status shape_check(const struct shape *s, limn_error *err)
{
    char text[SHAPE_TEXT_MAX];
    int32_t n = 1;
    if (s->rank < 0 || s->rank > SHAPE_MAX_RANK) {
        return err_set(err, LIMN_ERR_SHAPE, "rank %d (expected 0 to %d)", s->rank, SHAPE_MAX_RANK);
    }
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] < 1 || !mul_i32(n, s->dim[i], &n)) {
            return err_set(err, LIMN_ERR_SHAPE, "shape %s (expected dimensions >= 1, at most 2^31-1 elements)",
                           shape_text(s, text));
        }
    }
    return LIMN_OK;
}

size_t shape_elems(const struct shape *s)
{
    size_t n = 1;
    for (int i = 0; i < s->rank; i++) {
        n *= (size_t)s->dim[i];
    }
    return n;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
    if (a->rank != b->rank) {
        return false;
    }
    for (int i = 0; i < a->rank; i++) {
        if (a->dim[i] != b->dim[i]) {
            return false;
        }
    }
    return true;
}

limn_status shape_broadcast(const struct shape *a, const struct shape *b, struct shape *out, limn_error *err)
{
    struct shape r = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 0; i < r.rank; i++) {
        int ia = a->rank - r.rank + i, ib = b->rank - r.rank + i;
        int32_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
        if (da != db && da != 1 && db != 1) {
            char ta[SHAPE_TEXT_MAX], tb[SHAPE_TEXT_MAX];
            return err_set(err, LIMN_ERR_SHAPE, "shapes %s and %s do not broadcast", shape_text(a, ta),
                           shape_text(b, tb));
        }
        r.dim[i] = da == 1 ? db : da;
    }
    limn_status st = shape_check(&r, err);
    if (st == LIMN_OK) {
        *out = r;
    }
    return st;
}

void shape_strides(const struct shape *s, int32_t stride[SHAPE_MAX_RANK])
{
    int32_t step = 1;
    for (int i = s->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= s->dim[i];
    }
}

struct shape_rows shape_around(const struct shape *s, int32_t axis)
{
    struct shape_rows r = {1, (size_t)s->dim[axis], 1};
    for (int32_t i = 0; i < s->rank; i++) {
        r.outer *= i < axis ? (size_t)s->dim[i] : 1;
        r.inner *= i > axis ? (size_t)s->dim[i] : 1;
    }
    return r;
}

void shape_unflatten(const struct shape *s, size_t i, int32_t at[SHAPE_MAX_RANK])
{
    for (int k = s->rank - 1; k >= 0; k--) {
        at[k] = (int32_t)(i % (size_t)s->dim[k]);
        i /= (size_t)s->dim[k];
    }
}

char *shape_text(const struct shape *s, char buf[SHAPE_TEXT_MAX])
{
    int used = 0;
    if (s->rank < 0) {
        snprintf(buf, SHAPE_TEXT_MAX, "absent");
    } else if (s->rank == 0) {
        snprintf(buf, SHAPE_TEXT_MAX, "scalar");
    }
    for (int i = 0; i < s->rank && i < SHAPE_MAX_RANK; i++) {
        used += snprintf(buf + used, (size_t)(SHAPE_TEXT_MAX - used), "%s%d", i ? "x" : "", s->dim[i]);
    }
    return buf;
}
