/* Cases of reduce_min: every mix of kept and reduced axes; runs that are cut into parts. */
#include "reduce_cases.h"

static const struct op_case good[] = {
    EVERY_MASK(DISTINCT),
    {"spatial", {DISTINCT(2, 3, 7, 5)}, OVER(12, 0)},
    {"spatial, kept", {DISTINCT(2, 3, 7, 5)}, OVER(12, 1)},
    {"channels", {DISTINCT(2, 5, 7, 3)}, OVER(2, 1)},
    {"all but channels", {DISTINCT(2, 3, 7, 5)}, OVER(13, 0)},
    {"first", {DISTINCT(3, 17)}, OVER(1, 0)},
    {"last", {DISTINCT(13, 33)}, OVER(2, 0)},
    {"all", {DISTINCT(3, 5, 7)}, OVER(7, 0)},
    {"none", {DISTINCT(3, 5)}, OVER(0, 0)},
    {"scalar", {SCALAR_DISTINCT}, OVER(0, 1)},
    {"alternating", {DISTINCT(2, 3, 2, 5, 3)}, OVER(21, 1)},
    {"alternating, others", {DISTINCT(2, 3, 2, 5, 3)}, OVER(10, 0)},
    {"dimension of 1", {DISTINCT(2, 1, 5)}, OVER(2, 0)},
    {"one long run", {DISTINCT(7, 33, 65)}, OVER(7, 0), .flags = FORWARD_ONLY},
    {"few outputs, inner run", {DISTINCT(2, 3, 33, 65)}, OVER(12, 0), .flags = FORWARD_ONLY},
    {"few outputs, outer run", {DISTINCT(33, 65, 5)}, OVER(3, 1), .flags = FORWARD_ONLY},
    {"few outputs, two runs", {DISTINCT(9, 3, 17, 13)}, OVER(13, 0), .flags = FORWARD_ONLY},
    {"many outputs", {DISTINCT(2, 7, 33, 17)}, OVER(2, 0), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"axis past the rank", {NORMAL(2, 3)}, OVER(4, 0)},
    {"negative mask", {NORMAL(2, 3)}, OVER(-1, 0)},
};
OP_CASES(reduce_min, good, bad)
