/* Cases of adaptive_avg_pool_grad. */
#include "ops_cases.h"

#define BACK(d, h, w, id, ih, iw)                                                                                      \
    .attrs = &(const struct adaptive_attrs)                                                                            \
    {                                                                                                                  \
        .size = {d, h, w}, .in_size = { id, ih, iw }                                                                   \
    }

static const struct op_case good[] = {
    {"global 7x7", {NORMAL(2, 5, 1, 1)}, BACK(1, 1, 1, 1, 7, 7)},
    {"global 8x8", {NORMAL(2, 3, 1, 1)}, BACK(1, 1, 1, 1, 8, 8)},
    {"identity", {NORMAL(2, 3, 7, 7)}, BACK(1, 7, 7, 1, 7, 7)},
    {"7 to 3 overlaps", {NORMAL(2, 3, 3, 3)}, BACK(1, 3, 3, 1, 7, 5)},
    {"13x17 to 6x6", {NORMAL(1, 2, 6, 6)}, BACK(1, 6, 6, 1, 13, 17)},
    {"up: 3x2 to 7x7", {NORMAL(1, 2, 7, 7)}, BACK(1, 7, 7, 1, 3, 2)},
    {"3-D global", {NORMAL(2, 2, 1, 1, 1)}, BACK(1, 1, 1, 3, 4, 5)},
    {"3-D", {NORMAL(1, 2, 2, 3, 3)}, BACK(2, 3, 3, 5, 4, 7)},
};

static const struct op_case bad[] = {
    {"g is not of the pooled size", {NORMAL(1, 2, 3, 3)}, BACK(1, 1, 1, 1, 7, 7)},
    {"in_size missing", {NORMAL(1, 2, 1, 1)}, .attrs = &(const struct adaptive_attrs){.size = {1, 1, 1}}},
};

OP_CASES(adaptive_avg_pool_grad, good, bad)
