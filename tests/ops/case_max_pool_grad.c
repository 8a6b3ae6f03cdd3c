/* Cases of max_pool_grad(g, index): positions come from a max_pool of pseudo-random numbers. */
#include "pool_cases.h"

static void fill(const struct op_call *c, uint64_t seed, double *const *in)
{
    pool_fill_index(c, ((const struct pool_attrs *)c->attrs)->in_size, seed, in[1]);
}

/* Positions outside the plane take nothing. */
static void fill_outside(const struct op_call *c, uint64_t seed, double *const *in)
{
    fill(c, seed, in);
    in[1][0] = -1;
    in[1][1] = 1e9;
    in[1][2] = 48;
}

#define BOTH(...) {NORMAL(__VA_ARGS__), NORMAL(__VA_ARGS__)}, .const_in = 2, .fill = fill

static const struct op_case good[] = {
    {"2x2 stride 2", BOTH(2, 3, 3, 4), POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, 6, 8})},
    {"2x2 stride 2, odd", BOTH(2, 3, 3, 2), POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, 7, 5})},
    {"2x2 stride 2, ceil", BOTH(2, 3, 4, 3), POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, 7, 5}, .ceil_mode = 1)},
    {"3x3 stride 2 pad 1", BOTH(2, 3, 7, 9), POOL_ATTRS(POOL2(3, 2, 1, 1, 1), .in_size = {1, 13, 17})},
    {"3x3 stride 2", BOTH(1, 3, 6, 3), POOL_ATTRS(POOL2(3, 2, 0, 0, 1), .in_size = {1, 14, 7})},
    {"3x3 stride 1 pad 1, one pixel", BOTH(2, 5, 1, 1), POOL_ATTRS(POOL2(3, 1, 1, 1, 1), .in_size = {1, 1, 1})},
    {"5x5 stride 1 pad 2", BOTH(1, 2, 7, 7), POOL_ATTRS(POOL2(5, 1, 2, 2, 1), .in_size = {1, 7, 7})},
    {"3x3 dilation 2", BOTH(1, 2, 7, 5), POOL_ATTRS(POOL2(3, 1, 1, 1, 2), .in_size = {1, 9, 7})},
    {"stride 3 dilation 2", BOTH(1, 2, 3, 3), POOL_ATTRS(POOL2(3, 3, 1, 1, 2), .in_size = {1, 11, 11})},
    {"asymmetric pads", BOTH(1, 2, 3, 2), POOL_ATTRS(POOL2(3, 3, 0, 2, 1), .in_size = {1, 7, 5})},
    {"gaps", BOTH(1, 2, 3, 3), POOL_ATTRS(POOL2(1, 3, 0, 0, 1), .in_size = {1, 7, 8})},
    {"few outputs, wide reach", BOTH(1, 2, 2, 2), POOL_ATTRS(POOL2(6, 1, 0, 0, 1), .in_size = {1, 7, 7})},
    {"3-D 3x3x3 stride 2 pad 1", BOTH(1, 2, 3, 2, 4), POOL_ATTRS(POOL3(3, 2, 1, 1, 1), .in_size = {5, 4, 7})},
    {"1-D", BOTH(2, 3, 5), POOL_ATTRS(POOL1(3, 2, 1, 1, 1), .in_size = {1, 1, 9})},
    {"positions outside",
     {NORMAL(1, 2, 3, 4), NORMAL(1, 2, 3, 4)},
     POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, 6, 8}),
     .const_in = 2,
     .fill = fill_outside},
    {"33x33", BOTH(2, 7, 16, 16), POOL_ATTRS(POOL2(3, 2, 0, 0, 1), .in_size = {1, 33, 33}), FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"g and index differ",
     {NORMAL(1, 2, 3, 3), NORMAL(1, 2, 3, 4)},
     POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, 6, 6})},
    {"in_size pools to another size",
     {NORMAL(1, 2, 3, 3), NORMAL(1, 2, 3, 3)},
     POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, 8, 8})},
    {"in_size missing", {NORMAL(1, 2, 3, 3), NORMAL(1, 2, 3, 3)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1))},
    {"in_size negative",
     {NORMAL(1, 2, 3, 3), NORMAL(1, 2, 3, 3)},
     POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, -2147483647, -2147483647})},
};

OP_CASES(max_pool_grad, good, bad)
