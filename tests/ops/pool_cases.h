/* Attributes of pooling cases, one line each, and index inputs that a max_pool really produced. */
#ifndef LIMN_TEST_POOL_CASES_H
#define LIMN_TEST_POOL_CASES_H

#include "base/mem.h"
#include "base/rng.h"
#include "ops_cases.h"

/* 2-D pooling: window k, stride s, pads b and e, dilation d on H and W. */
#define POOL2(k, s, b, e, d)                                                                                           \
    .size = {1, k, k}, .stride = {1, s, s}, .pad_begin = {0, b, b}, .pad_end = {0, e, e}, .dilation = {1, d, d}
/* 3-D pooling, the same on D, H and W. */
#define POOL3(k, s, b, e, d)                                                                                           \
    .size = {k, k, k}, .stride = {s, s, s}, .pad_begin = {b, b, b}, .pad_end = {e, e, e}, .dilation = {d, d, d}
/* 1-D pooling, W alone, for rank 3. */
#define POOL1(k, s, b, e, d)                                                                                           \
    .size = {1, 1, k}, .stride = {1, 1, s}, .pad_begin = {0, 0, b}, .pad_end = {0, 0, e}, .dilation = {1, 1, d}
#define POOL_ATTRS(...)                                                                                                \
    .attrs = &(const struct pool_attrs)                                                                                \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

/* Writes to `index` (the shape of a pooled result) the positions that max_pool picks from pseudo-random numbers of the
 * spatial size `size`; they lie in their windows, as the kernels may assume. */
static inline void pool_fill_index(const struct op_call *c, const int32_t size[3], uint64_t seed, double *index)
{
    struct shape shapes[3] = {c->in[1], c->in[1], c->in[1]};
    struct shape *x = &shapes[0];
    struct op_call call = {
        .op = &op_max_pool, .attrs = c->attrs, .n_in = 1, .n_out = 2, .in = shapes, .out = shapes + 1};
    if (x->rank == 5) {
        x->dim[2] = size[0];
    }
    if (x->rank >= 4) {
        x->dim[x->rank - 2] = size[1];
    }
    x->dim[x->rank - 1] = size[2];
    size_t n = shape_elems(x);
    double *data = mem_alloc(n, sizeof(double)), *max = mem_alloc(shape_elems(&shapes[1]), sizeof(double));
    if (data && max) {
        for (size_t i = 0; i < n; i++) {
            data[i] = rng_normal(seed, i);
        }
        op_max_pool.ref(&call, (const double *const[]){data}, (double *const[]){max, index});
    }
    mem_free(data);
    mem_free(max);
}

#endif
