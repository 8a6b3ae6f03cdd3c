/* Cases of scatter_elements: repeated indices add up. */
#include "ops_cases.h"

#define AXIS(a, n) .attrs = &(const struct gather_attrs){.axis = (a), .size = (n)}, .const_in = 2

static const struct op_case good[] = {
    {"rows", {NORMAL(3, 7), INDEX(5, 3, 7)}, AXIS(0, 5)},
    {"columns", {NORMAL(5, 9), INDEX(7, 5, 9)}, AXIS(1, 7)},
    {"one element", {NORMAL(1), INDEX(1, 1)}, AXIS(0, 1)},
    {"vector", {NORMAL(4), INDEX(9, 4)}, AXIS(0, 9)},
    {"rank 5", {NORMAL(2, 1, 6, 3, 5), INDEX(4, 2, 1, 6, 3, 5)}, AXIS(2, 4)},
    {"all to one", {NORMAL(3, 4, 5), INDEX(1, 3, 4, 5)}, AXIS(1, 3)},
    {"planes", {NORMAL(2, 3, 100), INDEX(400, 2, 3, 100)}, AXIS(2, 400), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"axis", {NORMAL(3, 7), INDEX(5, 3, 7)}, AXIS(2, 5)},
    {"size", {NORMAL(3, 7), INDEX(5, 3, 7)}, AXIS(0, 0)},
    {"other shape", {NORMAL(3, 7), INDEX(5, 2, 7)}, AXIS(0, 5)},
};

OP_CASES(scatter_elements, good, bad)
