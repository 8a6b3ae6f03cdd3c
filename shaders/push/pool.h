/* max_pool*.comp, avg_pool*.comp: the geometry of a pooling, axes D,H,W; `in` is the pooled input, `out` the result. */
#ifndef LIMN_PUSH_POOL_H
#define LIMN_PUSH_POOL_H

#include "push/div.h"

#define PUSH_POOL                                                                                                      \
    PUSH_U32(n)                                                                                                        \
    PUSH_I32_ARRAY(in_dim, 3)                                                                                          \
    PUSH_I32_ARRAY(out_dim, 3)                                                                                         \
    PUSH_I32_ARRAY(size, 3)                                                                                            \
    PUSH_I32_ARRAY(stride, 3)                                                                                          \
    PUSH_I32_ARRAY(pad, 3)                                                                                             \
    PUSH_I32_ARRAY(pad_end, 3)                                                                                         \
    PUSH_I32_ARRAY(dilation, 3)                                                                                        \
    PUSH_DIV(by, 6) /* 0..2: dimensions of the result; 3..5: strides, or out_dim when adaptive */

/* specialisation constant 4 of the average kernels: which window an output has and what it divides by */
#define POOL_AVG_VALID 0    /* elements inside the input */
#define POOL_AVG_PADDED 1   /* elements inside the padded input */
#define POOL_AVG_ADAPTIVE 2 /* floor(o * in / out) .. ceil((o + 1) * in / out) */

#endif
