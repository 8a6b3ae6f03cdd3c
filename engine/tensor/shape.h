/* Shapes: up to five dimensions, N,C,[D,]H,W, row-major (the last dimension is contiguous). */
#ifndef LIMN_TENSOR_SHAPE_H
#define LIMN_TENSOR_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define SHAPE_MAX_RANK 5

struct shape {
    int32_t rank;                /* 0 (scalar) .. SHAPE_MAX_RANK */
    int32_t dim[SHAPE_MAX_RANK]; /* each >= 1 once checked; dims past rank are 0 */
};

/* shape_of(4, (int32_t[]){n, c, h, w}) - no checking */
struct shape shape_of(int32_t rank, const int32_t *dim);
#define SHAPE(...) shape_of((int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), (int32_t[]){__VA_ARGS__})

/* Rank in range, dims >= 1, element count and 8 * count within SIZE_MAX and count <= INT32_MAX. */
limn_status shape_check(const struct shape *s, limn_error *err);
size_t shape_elems(const struct shape *s); /* of a checked shape */
bool shape_equal(const struct shape *a, const struct shape *b);
/* NumPy broadcasting of a and b; LIMN_ERR_SHAPE with both shapes in the text when they do not fit. */
limn_status shape_broadcast(const struct shape *a, const struct shape *b, struct shape *out, limn_error *err);
/* Elements between neighbours along each dimension, in elements. */
void shape_strides(const struct shape *s, int32_t stride[SHAPE_MAX_RANK]);
/* The place of flat element i along each dimension. */
void shape_unflatten(const struct shape *s, size_t i, int32_t at[SHAPE_MAX_RANK]);
/* s as [outer, n, inner] around dimension `axis`. */
struct shape_rows {
    size_t outer, n, inner;
};
struct shape_rows shape_around(const struct shape *s, int32_t axis);
#define SHAPE_TEXT_MAX 64
char *shape_text(const struct shape *s, char buf[SHAPE_TEXT_MAX]); /* "1x3x224x224", "scalar" */

#endif
