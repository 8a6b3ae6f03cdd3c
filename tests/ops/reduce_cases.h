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

/* Every mix of kept and reduced axes, and every mask. */
#define REDUCE_ROWS(KIND)                                                                                              \
    EVERY_MASK(KIND), {"spatial", {KIND(2, 3, 7, 5)}, OVER(12, 0)},                                                    \
        {"spatial, kept", {KIND(2, 3, 7, 5)}, OVER(12, 1)}, {"channels", {KIND(2, 5, 7, 3)}, OVER(2, 1)},              \
        {"all but channels", {KIND(2, 3, 7, 5)}, OVER(13, 0)}, {"first", {KIND(3, 17)}, OVER(1, 0)},                   \
        {"last", {KIND(13, 33)}, OVER(2, 0)}, {"all", {KIND(3, 5, 7)}, OVER(7, 0)},                                    \
        {"none", {KIND(3, 5)}, OVER(0, 0)}, {"scalar", {SCALAR_##KIND}, OVER(0, 1)},                                   \
        {"alternating", {KIND(2, 3, 2, 5, 3)}, OVER(21, 1)},                                                           \
        {"alternating, others", {KIND(2, 3, 2, 5, 3)}, OVER(10, 0)},                                                   \
    {                                                                                                                  \
        "dimension of 1", {KIND(2, 1, 5)}, OVER(2, 0)                                                                  \
    }

/* Runs that are cut into parts; what follows KIND goes into each row. */
#define REDUCE_LONGEST_ROW(KIND, ...)                                                                                  \
    {                                                                                                                  \
        "one long run", {KIND(7, 33, 65)}, OVER(7, 0), .flags = FORWARD_ONLY, __VA_ARGS__                              \
    }
#define REDUCE_LONG_ROWS(KIND, ...)                                                                                    \
    {"few outputs, inner run", {KIND(2, 3, 33, 65)}, OVER(12, 0), .flags = FORWARD_ONLY, __VA_ARGS__},                 \
        {"few outputs, outer run", {KIND(33, 65, 5)}, OVER(3, 1), .flags = FORWARD_ONLY, __VA_ARGS__},                 \
        {"few outputs, two runs", {KIND(9, 3, 17, 13)}, OVER(13, 0), .flags = FORWARD_ONLY, __VA_ARGS__},              \
    {                                                                                                                  \
        "many outputs", {KIND(2, 7, 33, 17)}, OVER(2, 0), .flags = FORWARD_ONLY, __VA_ARGS__                           \
    }

#define REDUCE_BAD_ROWS                                                                                                \
    {"axis past the rank", {NORMAL(2, 3)}, OVER(4, 0)},                                                                \
    {                                                                                                                  \
        "negative mask", {NORMAL(2, 3)}, OVER(-1, 0)                                                                   \
    }

#endif
