/* Cases of gather_elements. */
#include "ops_cases.h"

#define AXIS(a) .attrs = &(const struct gather_attrs){.axis = (a)}, .const_in = 2

static const struct op_case good[] = {
    {"rows", {NORMAL(5, 7), INDEX(5, 3, 7)}, AXIS(0)},
    {"columns", {NORMAL(5, 7), INDEX(7, 5, 9)}, AXIS(1)},
    {"one element", {NORMAL(1), INDEX(1, 1)}, AXIS(0)},
    {"vector", {NORMAL(9), INDEX(9, 4)}, AXIS(0)},
    {"rank 5", {NORMAL(2, 1, 4, 3, 5), INDEX(4, 2, 1, 6, 3, 5)}, AXIS(2)},
    {"axis of one", {NORMAL(3, 1, 5), INDEX(1, 3, 4, 5)}, AXIS(1)},
    {"planes", {NORMAL(2, 3, 400), INDEX(400, 2, 3, 100)}, AXIS(2), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"axis", {NORMAL(5, 7), INDEX(5, 3, 7)}, AXIS(2)},
    {"other dimensions", {NORMAL(5, 7), INDEX(5, 3, 6)}, AXIS(0)},
    {"rank", {NORMAL(5, 7), INDEX(5, 3)}, AXIS(0)},
};

OP_CASES(gather_elements, good, bad)
