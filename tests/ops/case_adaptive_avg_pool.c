/* Cases of adaptive_avg_pool: global, identity, windows that overlap, fewer inputs than outputs. */
#include "ops_cases.h"

#define TO(d, h, w)                                                                                                    \
    .attrs = &(const struct adaptive_attrs)                                                                            \
    {                                                                                                                  \
        .size = { d, h, w }                                                                                            \
    }

static const struct op_case good[] = {
    {"1-D", {NORMAL(2, 3, 10)}, TO(1, 1, 4)},
    {"global 7x7", {NORMAL(2, 5, 7, 7)}, TO(1, 1, 1)},
    {"global 13x13", {NORMAL(1, 3, 13, 13)}, TO(1, 1, 1)},
    {"global 2x3", {NORMAL(2, 3, 2, 3)}, TO(1, 1, 1)},
    {"global one pixel", {NORMAL(2, 3, 1, 1)}, TO(1, 1, 1)},
    {"identity 7x7", {NORMAL(2, 3, 7, 7)}, TO(1, 7, 7)},
    {"7 to 3 overlaps", {NORMAL(2, 3, 7, 5)}, TO(1, 3, 3)},
    {"13x17 to 6x6", {NORMAL(1, 2, 13, 17)}, TO(1, 6, 6)},
    {"rows only", {NORMAL(1, 2, 5, 8)}, TO(1, 1, 8)},
    {"up: 3x2 to 7x7", {NORMAL(1, 2, 3, 2)}, TO(1, 7, 7)},
    {"one pixel to 7x7", {NORMAL(1, 2, 1, 1)}, TO(1, 7, 7)},
    {"3-D global", {NORMAL(2, 2, 3, 4, 5)}, TO(1, 1, 1)},
    {"3-D 5x4x7 to 2x3x3", {NORMAL(1, 2, 5, 4, 7)}, TO(2, 3, 3)},
    {"3-D depth 1 to 3", {NORMAL(1, 2, 1, 4, 5)}, TO(3, 2, 2)},
    {"global 33x33", {NORMAL(2, 7, 33, 33)}, TO(1, 1, 1), FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"size 0", {NORMAL(1, 2, 7, 7)}, TO(1, 0, 1)},
    {"depth on rank 4", {NORMAL(1, 2, 7, 7)}, TO(2, 1, 1)},
    {"rank 2", {NORMAL(7, 7)}, TO(1, 1, 1)},
};

OP_CASES(adaptive_avg_pool, good, bad)
