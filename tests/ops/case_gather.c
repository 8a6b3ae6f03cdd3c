/* Cases of gather: first, middle and last axis, indices of rank 0 to 3, repeated ones, an axis of one. */
#include "ops_cases.h"

#define AXIS(a) .attrs = &(const struct gather_attrs){.axis = (a)}, .const_in = 2

/* Numbers outside the axis read its ends. */
static void fill_outside(const struct op_call *c, uint64_t seed, double *const *in)
{
    (void)c;
    (void)seed;
    in[1][0] = -3;
    in[1][1] = 4;
    in[1][2] = 1e9;
}

static const struct op_case good[] = {
    {"rows", {NORMAL(5, 7), INDEX(5, 3)}, AXIS(0)},
    {"columns", {NORMAL(5, 7), INDEX(7, 11)}, AXIS(1)},
    {"one element", {NORMAL(1), INDEX(1, 1)}, AXIS(0)},
    {"scalar index", {NORMAL(3, 4, 5), {.kind = CASE_INDEX, .rank = 0, .range = 4}}, AXIS(1)},
    {"index of rank 2", {NORMAL(4, 5), INDEX(5, 2, 3)}, AXIS(1)},
    {"to rank 5", {NORMAL(2, 4, 3), INDEX(4, 2, 1, 3)}, AXIS(1)},
    {"rank 5", {NORMAL(2, 1, 4, 3, 5), INDEX(4, 7)}, AXIS(2)},
    {"axis of one", {NORMAL(3, 1, 5), INDEX(1, 4)}, AXIS(1)},
    {"last axis of rank 4", {NORMAL(1, 3, 2, 9), INDEX(9, 9)}, AXIS(3)},
    {"channels", {NORMAL(2, 32, 9, 9), INDEX(32, 48)}, AXIS(1), .flags = FORWARD_ONLY},
    {"outside", {NORMAL(2, 5, 3), INDEX(5, 4)}, AXIS(1), .fill = fill_outside},
};

static const struct op_case bad[] = {
    {"axis", {NORMAL(5, 7), INDEX(5, 3)}, AXIS(2)},
    {"negative axis", {NORMAL(5, 7), INDEX(5, 3)}, AXIS(-1)},
    {"rank 6", {NORMAL(2, 2, 2, 2, 2), INDEX(2, 2, 2)}, AXIS(1)},
};

OP_CASES(gather, good, bad)
