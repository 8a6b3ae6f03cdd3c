/* Cases of max_pool. Values are distinct, so that the gradient is defined; in one case with ties the first wins. */
#include "pool_cases.h"

static void ties(const struct op_call *c, uint64_t seed, double *const *in)
{
    for (size_t i = 0; i < shape_elems(&c->in[0]); i++) {
        in[0][i] = (double)(int)(rng_u64(seed, i) % 3) - 1;
    }
}

/* -infinity is an element like others: only the last element of each 2x2 window is finite. */
static void infinities(const struct op_call *c, uint64_t seed, double *const *in)
{
    for (size_t i = 0; i < shape_elems(&c->in[0]); i++) {
        bool last = i % 2 == 1 && i / 8 % 2 == 1;
        in[0][i] = last ? (double)(float)rng_normal(seed, i) : -INFINITY;
    }
}

static const struct op_case good[] = {
    {"1-D, dilation 2", {DISTINCT(2, 3, 11)}, POOL_ATTRS(POOL1(3, 2, 1, 0, 2)), .const_out = 2},
    {"2x2 stride 2", {DISTINCT(2, 3, 6, 8)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1)), .const_out = 2},
    {"2x2 stride 2, odd", {DISTINCT(2, 3, 7, 5)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1)), .const_out = 2},
    {"2x2 stride 2, ceil", {DISTINCT(2, 2, 7, 5)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .ceil_mode = 1), .const_out = 2},
    {"3x3 stride 2 pad 1", {DISTINCT(2, 3, 13, 17)}, POOL_ATTRS(POOL2(3, 2, 1, 1, 1)), .const_out = 2},
    {"3x3 stride 2, ceil", {DISTINCT(1, 3, 13, 8)}, POOL_ATTRS(POOL2(3, 2, 0, 0, 1), .ceil_mode = 1), .const_out = 2},
    {"3x3 stride 1 pad 1, one pixel", {DISTINCT(2, 5, 1, 1)}, POOL_ATTRS(POOL2(3, 1, 1, 1, 1)), .const_out = 2},
    {"3x3 stride 2 pad 1, ceil drops the last window",
     {DISTINCT(1, 2, 5, 5)},
     POOL_ATTRS(POOL2(3, 2, 1, 1, 1), .ceil_mode = 1),
     .const_out = 2},
    {"3x3 stride 3, asymmetric pads", {DISTINCT(1, 2, 7, 5)}, POOL_ATTRS(POOL2(3, 3, 0, 2, 1)), .const_out = 2},
    {"3x2 stride 2x1",
     {DISTINCT(1, 2, 7, 5)},
     POOL_ATTRS(.size = {1, 3, 2}, .stride = {1, 2, 1}, .dilation = {1, 1, 1}, .pad_begin = {0, 1, 0},
                .pad_end = {0, 0, 1}),
     .const_out = 2},
    {"3x3 dilation 2", {DISTINCT(1, 2, 9, 7)}, POOL_ATTRS(POOL2(3, 1, 1, 1, 2)), .const_out = 2},
    {"5x5 stride 1 pad 2", {DISTINCT(1, 2, 7, 7)}, POOL_ATTRS(POOL2(5, 1, 2, 2, 1)), .const_out = 2},
    {"gaps: 1x1 stride 3", {DISTINCT(1, 2, 7, 8)}, POOL_ATTRS(POOL2(1, 3, 0, 0, 1)), .const_out = 2},
    {"3-D 2x2x2", {DISTINCT(2, 2, 4, 5, 3)}, POOL_ATTRS(POOL3(2, 2, 0, 0, 1)), .const_out = 2},
    {"3-D 3x3x3 stride 2 pad 1, ceil",
     {DISTINCT(1, 2, 5, 4, 7)},
     POOL_ATTRS(POOL3(3, 2, 1, 1, 1), .ceil_mode = 1),
     .const_out = 2},
    {"3-D, depth 1", {DISTINCT(1, 3, 1, 5, 7)}, POOL_ATTRS(POOL3(3, 2, 1, 1, 1)), .const_out = 2},
    {"ties", {NORMAL(2, 3, 17, 13)}, POOL_ATTRS(POOL2(3, 2, 1, 1, 1)), FORWARD_ONLY, .fill = ties},
    {"infinities", {NORMAL(1, 2, 8, 8)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1)), FORWARD_ONLY, .fill = infinities},
    {"33x33 5x5 stride 3", {DISTINCT(2, 7, 33, 33)}, POOL_ATTRS(POOL2(5, 3, 2, 1, 1)), FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"rank 3", {NORMAL(3, 8, 8)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1))},
    {"window larger than the input", {NORMAL(1, 2, 3, 3)}, POOL_ATTRS(POOL2(5, 1, 0, 0, 1))},
    {"stride 0", {NORMAL(1, 2, 8, 8)}, POOL_ATTRS(POOL2(2, 0, 0, 0, 1))},
    {"negative pad", {NORMAL(1, 2, 8, 8)}, POOL_ATTRS(POOL2(2, 2, -1, 0, 1))},
    {"size 0", {NORMAL(1, 2, 8, 8)}, POOL_ATTRS(POOL2(0, 2, 0, 0, 1))},
    {"window in the padding", {NORMAL(1, 2, 8, 8)}, POOL_ATTRS(POOL2(2, 2, 2, 2, 1))},
    {"window in the trailing padding", {NORMAL(1, 2, 8, 8)}, POOL_ATTRS(POOL2(2, 2, 0, 3, 1))},
    {"dilated window misses the input", {NORMAL(1, 2, 1, 1)}, POOL_ATTRS(POOL2(2, 1, 1, 1, 2))},
    {"depth window on rank 4", {NORMAL(1, 2, 8, 8)}, POOL_ATTRS(POOL3(2, 2, 0, 0, 1))},
    {"plane too large for positions", {NORMAL(1, 1, 4096, 4096)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1))},
};

OP_CASES(max_pool, good, bad)
