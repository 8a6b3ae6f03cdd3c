/* reduce.comp: runs of kept and reduced axes, innermost last, unused ones 1. */
#ifndef LIMN_PUSH_REDUCE_H
#define LIMN_PUSH_REDUCE_H

#include "push/push.h"

#define REDUCE_RUNS 3
#define REDUCE_SUM 0
#define REDUCE_MAX 1
#define REDUCE_MIN 2
#define REDUCE_PRODUCT 3

/* Part j of output i is written to base_y + j * n_out + i. parts_first: the parts vary fastest over invocations, so
 * that neighbours read neighbouring elements where the innermost run is reduced. */
#define PUSH_REDUCE                                                                                                    \
    PUSH_U32(n_out) PUSH_U32(n_red) PUSH_U32(parts) PUSH_U32(parts_first) PUSH_U32(base_x) PUSH_U32(base_y)            \
    PUSH_F32(scale) PUSH_U32_ARRAY(keep_dim, REDUCE_RUNS) PUSH_U32_ARRAY(keep_stride, REDUCE_RUNS)                     \
    PUSH_U32_ARRAY(red_dim, REDUCE_RUNS) PUSH_U32_ARRAY(red_stride, REDUCE_RUNS)

#endif
