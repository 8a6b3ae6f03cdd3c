/* Cases of concat: every axis, runs in fours and not, one input, several. */
#include "ops_cases.h"

#define AXIS(a)                                                                                                        \
    .attrs = &(const struct concat_attrs)                                                                              \
    {                                                                                                                  \
        a                                                                                                              \
    }

static const struct op_case good[] = {
    {"channels", {NORMAL(2, 3, 5, 7), NORMAL(2, 1, 5, 7), NORMAL(2, 4, 5, 7)}, AXIS(1)},
    {"channels in fours", {NORMAL(2, 3, 4, 4), NORMAL(2, 5, 4, 4)}, AXIS(1)},
    {"batch", {NORMAL(1, 3, 3, 3), NORMAL(2, 3, 3, 3)}, AXIS(0)},
    {"width", {NORMAL(2, 3, 5, 4), NORMAL(2, 3, 5, 3)}, AXIS(3)},
    {"width in fours", {NORMAL(2, 3, 5, 4), NORMAL(2, 3, 5, 8)}, AXIS(3)},
    {"one input", {NORMAL(2, 3, 5, 7)}, AXIS(1)},
    {"vectors", {NORMAL(3), NORMAL(5), NORMAL(1)}, AXIS(0)},
    {"rank 5 depth", {NORMAL(1, 2, 3, 4, 4), NORMAL(1, 2, 1, 4, 4)}, AXIS(2)},
};

static const struct op_case bad[] = {
    {"axis past the rank", {NORMAL(2, 3), NORMAL(2, 3)}, AXIS(2)},
    {"negative axis", {NORMAL(2, 3), NORMAL(2, 3)}, AXIS(-1)},
    {"other sizes differ", {NORMAL(2, 3, 5, 7), NORMAL(2, 3, 5, 6)}, AXIS(1)},
    {"ranks differ", {NORMAL(2, 3, 5, 7), NORMAL(2, 3, 5)}, AXIS(1)},
};

OP_CASES(concat, good, bad)
