/* Sizes of a matmul, shared by its descriptor and its plans. */
#ifndef LIMN_OPS_MATMUL_H
#define LIMN_OPS_MATMUL_H

#include "ops/ops.h"

struct matmul_size {
    int32_t m, k, n;
    struct shape of[2]; /* batch dimensions of a and of b */
    struct shape batch; /* of the result: both broadcast */
};

/* Both operands change with the batch item. */
limn_status matmul_plan_batch(const struct op_call *c, const struct matmul_size *s, const struct device_caps *caps,
                              struct kernel_list *out, limn_error *err);

#endif
