/* reduce.comp: runs of kept and reduced axes, innermost last, unused ones 1. */
#ifndef LIMN_PUSH_REDUCE_H
#define LIMN_PUSH_REDUCE_H

#include "push/push.h"

#define REDUCE_RUNS 3
#define REDUCE_SUM 0
#define REDUCE_MAX 1

/* Part j of output i is written to i * out_stride + j * part_stride. Outputs vary fastest over invocations unless
 * part_stride is 1. */
#define PUSH_REDUCE                                                                                                    \
    PUSH_U32(n_out) PUSH_U32(n_red) PUSH_U32(parts) PUSH_U32(part_stride) PUSH_U32(out_stride) PUSH_F32(scale)         \
    PUSH_U32_ARRAY(keep_dim, REDUCE_RUNS) PUSH_U32_ARRAY(keep_stride, REDUCE_RUNS)                                     \
    PUSH_U32_ARRAY(red_dim, REDUCE_RUNS) PUSH_U32_ARRAY(red_stride, REDUCE_RUNS)

#endif
