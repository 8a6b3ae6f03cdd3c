/* Cases of slice. */
#include "ops_cases.h"

#define SLICE(...)                                                                                                     \
    .attrs = &(const struct slice_attrs)                                                                               \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"channels", {NORMAL(2, 5, 3, 7)}, SLICE({0, 1, 0, 0}, {2, 3, 3, 7}, {1, 1, 1, 1})},
    {"channels in fours", {NORMAL(2, 5, 4, 4)}, SLICE({0, 2, 0, 0}, {2, 3, 4, 4}, {1, 1, 1, 1})},
    {"crop", {NORMAL(2, 3, 7, 5)}, SLICE({0, 0, 2, 1}, {2, 3, 4, 3}, {1, 1, 1, 1})},
    {"every second and third", {NORMAL(2, 3, 7, 8)}, SLICE({0, 0, 1, 0}, {2, 3, 3, 3}, {1, 1, 2, 3})},
    {"mirrored width", {NORMAL(2, 3, 4, 5)}, SLICE({0, 0, 0, 4}, {2, 3, 4, 5}, {1, 1, 1, -1})},
    {"backwards by two", {NORMAL(2, 3, 4, 7)}, SLICE({1, 0, 3, 5}, {1, 3, 2, 3}, {1, 1, -2, -2})},
    {"one element, wide step", {NORMAL(2, 3)}, SLICE({1, 2}, {1, 1}, {2147483647, -2147483647})},
    {"vector", {NORMAL(17)}, SLICE({3}, {5}, {2})},
    {"rank 5", {NORMAL(2, 2, 3, 4, 5)}, SLICE({0, 1, 1, 0, 1}, {2, 1, 2, 4, 4}, {1, 1, 1, 1, 1})},
};

static const struct op_case bad[] = {
    {"past the end", {NORMAL(2, 5)}, SLICE({0, 3}, {2, 3}, {1, 1})},
    {"before the start", {NORMAL(2, 5)}, SLICE({0, 1}, {2, 3}, {1, -1})},
    {"negative begin", {NORMAL(2, 5)}, SLICE({0, -1}, {2, 3}, {1, 1})},
    {"step 0", {NORMAL(2, 5)}, SLICE({0, 0}, {2, 3}, {1, 0})},
    {"size 0", {NORMAL(2, 5)}, SLICE({0, 0}, {2, 0}, {1, 1})},
};

OP_CASES(slice, good, bad)
