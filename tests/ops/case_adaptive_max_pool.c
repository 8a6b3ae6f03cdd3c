/* Cases of adaptive_max_pool: even and uneven windows, more outputs than inputs, global. */
#include "ops_cases.h"

#define TO(d, h, w)                                                                                                    \
    .const_out = 2, .attrs = &(const struct adaptive_attrs)                                                            \
    {                                                                                                                  \
        .size = { d, h, w }                                                                                            \
    }

static const struct op_case good[] = {
    {"global", {DISTINCT(2, 3, 5, 7)}, TO(1, 1, 1)},
    {"even", {DISTINCT(2, 3, 6, 4)}, TO(1, 3, 2)},
    {"uneven", {DISTINCT(2, 3, 8, 7)}, TO(1, 3, 5)},
    {"more outputs", {DISTINCT(1, 2, 3, 2)}, TO(1, 5, 7)},
    {"one pixel", {DISTINCT(1, 2, 1, 1)}, TO(1, 2, 2)},
    {"1-D", {DISTINCT(2, 3, 7)}, TO(1, 1, 3)},
    {"3-D", {DISTINCT(1, 2, 5, 4, 3)}, TO(2, 3, 1)},
    {"ties", {INDEX(3, 1, 2, 9, 9)}, TO(1, 4, 4), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"size 0", {NORMAL(1, 2, 7, 7)}, TO(1, 0, 1)},
    {"depth on rank 4", {NORMAL(1, 2, 7, 7)}, TO(2, 1, 1)},
    {"rank", {NORMAL(7, 7)}, TO(1, 1, 1)},
};

OP_CASES(adaptive_max_pool, good, bad)
