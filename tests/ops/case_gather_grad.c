/* Cases of gather_grad. */
#include "ops_cases.h"

#define AXIS(a, n) .attrs = &(const struct gather_attrs){.axis = (a), .size = (n)}, .const_in = 2

static const struct op_case good[] = {
    {"rows", {NORMAL(3, 7), INDEX(5, 3)}, AXIS(0, 5)},
    {"columns", {NORMAL(5, 11), INDEX(7, 11)}, AXIS(1, 7)},
    {"one element", {NORMAL(1), INDEX(1, 1)}, AXIS(0, 1)},
    {"scalar index", {NORMAL(3, 5), {.kind = CASE_INDEX, .rank = 0, .range = 4}}, AXIS(1, 4)},
    {"index of rank 2", {NORMAL(4, 2, 3), INDEX(5, 2, 3)}, AXIS(1, 5)},
    {"rank 5", {NORMAL(2, 1, 7, 3, 5), INDEX(4, 7)}, AXIS(2, 4)},
    {"all to one", {NORMAL(2, 9, 3), INDEX(1, 9)}, AXIS(1, 6)},
    {"channels", {NORMAL(2, 48, 9, 9), INDEX(32, 48)}, AXIS(1, 32), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"axis", {NORMAL(3, 7), INDEX(5, 3)}, AXIS(2, 5)},
    {"size", {NORMAL(3, 7), INDEX(5, 3)}, AXIS(0, 0)},
    {"index count", {NORMAL(3, 7), INDEX(5, 4)}, AXIS(0, 5)},
    {"index rank", {NORMAL(3, 7), INDEX(5, 3, 7, 1)}, AXIS(0, 5)},
};

OP_CASES(gather_grad, good, bad)
