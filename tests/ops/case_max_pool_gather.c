/* Cases of max_pool_gather(x, index): positions come from a max_pool of pseudo-random numbers. */
#include "pool_cases.h"

static void fill(const struct op_call *c, uint64_t seed, double *const *in)
{
    const struct shape *x = &c->in[0];
    int32_t size[3] = {x->rank == 5 ? x->dim[2] : 1, x->rank >= 4 ? x->dim[x->rank - 2] : 1, x->dim[x->rank - 1]};
    pool_fill_index(c, size, seed + 1, in[1]);
}

/* Positions outside the plane give 0. */
static void fill_outside(const struct op_call *c, uint64_t seed, double *const *in)
{
    fill(c, seed, in);
    in[1][0] = -5;
    in[1][1] = 1e9;
    in[1][2] = 48;
}

static const struct op_case good[] = {
    {"2x2 stride 2",
     {NORMAL(2, 3, 6, 8), NORMAL(2, 3, 3, 4)},
     POOL_ATTRS(POOL2(2, 2, 0, 0, 1)),
     .const_in = 2,
     .fill = fill},
    {"3x3 stride 2 pad 1",
     {NORMAL(2, 3, 13, 17), NORMAL(2, 3, 7, 9)},
     POOL_ATTRS(POOL2(3, 2, 1, 1, 1)),
     .const_in = 2,
     .fill = fill},
    {"1-D", {NORMAL(2, 3, 9), NORMAL(2, 3, 5)}, POOL_ATTRS(POOL1(3, 2, 1, 1, 1)), .const_in = 2, .fill = fill},
    {"positions outside",
     {NORMAL(1, 2, 6, 8), NORMAL(1, 2, 3, 4)},
     POOL_ATTRS(POOL2(2, 2, 0, 0, 1)),
     .const_in = 2,
     .fill = fill_outside},
    {"3-D",
     {NORMAL(1, 2, 5, 4, 7), NORMAL(1, 2, 3, 2, 4)},
     POOL_ATTRS(POOL3(3, 2, 1, 1, 1)),
     .const_in = 2,
     .fill = fill},
};

static const struct op_case bad[] = {
    {"planes differ", {NORMAL(2, 3, 6, 8), NORMAL(2, 2, 3, 4)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1))},
    {"sizes differ", {NORMAL(2, 3, 6, 8), NORMAL(2, 3, 4, 4)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1))},
};

OP_CASES(max_pool_gather, good, bad)
