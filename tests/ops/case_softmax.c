/* Cases of softmax: any axis; rows of one element, of many, and many rows. */
#include "ops_cases.h"

#define AXIS(i)                                                                                                        \
    .attrs = &(const struct axis_attrs)                                                                                \
    {                                                                                                                  \
        i                                                                                                              \
    }

static const struct op_case good[] = {
    {"classes", {NORMAL(2, 13)}, AXIS(1)},
    {"channels of a map", {NORMAL(2, 5, 3, 7)}, AXIS(1)},
    {"first", {NORMAL(7, 5)}, AXIS(0)},
    {"last of five", {NORMAL(2, 1, 3, 2, 17)}, AXIS(4)},
    {"one class", {NORMAL(3, 1)}, AXIS(1)},
    {"one element", {NORMAL(1)}, AXIS(0)},
    {"many classes", {NORMAL(3, 1000)}, AXIS(1), .flags = FORWARD_ONLY},
    {"many rows", {NORMAL(20, 33, 13, 17)}, AXIS(1), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"axis past the rank", {NORMAL(2, 3)}, AXIS(2)},
    {"negative axis", {NORMAL(2, 3)}, AXIS(-1)},
    {"scalar", {SCALAR_NORMAL}, AXIS(0)},
};
OP_CASES(softmax, good, bad)
