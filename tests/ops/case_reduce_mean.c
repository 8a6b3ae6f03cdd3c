/* Cases of reduce_mean: every mix of kept and reduced axes; runs that are cut into parts. */
#include "reduce_cases.h"

static const struct op_case good[] = {
    EVERY_MASK(NORMAL),
    {"spatial", {NORMAL(2, 3, 7, 5)}, OVER(12, 0)},
    {"spatial, kept", {NORMAL(2, 3, 7, 5)}, OVER(12, 1)},
    {"channels", {NORMAL(2, 5, 7, 3)}, OVER(2, 1)},
    {"all but channels", {NORMAL(2, 3, 7, 5)}, OVER(13, 0)},
    {"first", {NORMAL(3, 17)}, OVER(1, 0)},
    {"last", {NORMAL(13, 33)}, OVER(2, 0)},
    {"all", {NORMAL(3, 5, 7)}, OVER(7, 0)},
    {"none", {NORMAL(3, 5)}, OVER(0, 0)},
    {"scalar", {SCALAR_NORMAL}, OVER(0, 1)},
    {"alternating", {NORMAL(2, 3, 2, 5, 3)}, OVER(21, 1)},
    {"alternating, others", {NORMAL(2, 3, 2, 5, 3)}, OVER(10, 0)},
    {"dimension of 1", {NORMAL(2, 1, 5)}, OVER(2, 0)},
    {"one long run", {NORMAL(7, 33, 65)}, OVER(7, 0), .flags = FORWARD_ONLY},
    {"few outputs, inner run", {NORMAL(2, 3, 33, 65)}, OVER(12, 0), .flags = FORWARD_ONLY},
    {"few outputs, outer run", {NORMAL(33, 65, 5)}, OVER(3, 1), .flags = FORWARD_ONLY},
    {"few outputs, two runs", {NORMAL(9, 3, 17, 13)}, OVER(13, 0), .flags = FORWARD_ONLY},
    {"many outputs", {NORMAL(2, 7, 33, 17)}, OVER(2, 0), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"axis past the rank", {NORMAL(2, 3)}, OVER(4, 0)},
    {"negative mask", {NORMAL(2, 3)}, OVER(-1, 0)},
};
OP_CASES(reduce_mean, good, bad)
