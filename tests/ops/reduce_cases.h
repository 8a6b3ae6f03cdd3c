/* Rows of a reduction's case table: every set of axes of a tensor with five dimensions. */
#ifndef LIMN_TEST_REDUCE_CASES_H
#define LIMN_TEST_REDUCE_CASES_H

#include "ops_cases.h"

#define OVER(axes, keepdims)                                                                                           \
    .attrs = &(const struct reduce_attrs)                                                                              \
    {                                                                                                                  \
        axes, keepdims                                                                                                 \
    }

#define EVERY_MASK_OF_4(KIND, base)                                                                                    \
    {"axes " #base, {KIND(2, 3, 2, 3, 5)}, OVER(base, 0)},                                                             \
        {"axes " #base " + 1", {KIND(2, 3, 2, 3, 5)}, OVER(base + 1, 1)},                                              \
        {"axes " #base " + 2", {KIND(2, 3, 2, 3, 5)}, OVER(base + 2, 0)},                                              \
    {                                                                                                                  \
        "axes " #base " + 3", {KIND(2, 3, 2, 3, 5)}, OVER(base + 3, 1)                                                 \
    }
#define EVERY_MASK(KIND)                                                                                               \
    EVERY_MASK_OF_4(KIND, 0), EVERY_MASK_OF_4(KIND, 4), EVERY_MASK_OF_4(KIND, 8), EVERY_MASK_OF_4(KIND, 12),           \
        EVERY_MASK_OF_4(KIND, 16), EVERY_MASK_OF_4(KIND, 20), EVERY_MASK_OF_4(KIND, 24), EVERY_MASK_OF_4(KIND, 28)

#endif
