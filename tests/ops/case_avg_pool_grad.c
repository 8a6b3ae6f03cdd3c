/* Cases of avg_pool_grad. */
#include "pool_cases.h"

static const struct op_case good[] = {
    {"2x2 stride 2", {NORMAL(2, 3, 3, 4)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, 6, 8})},
    {"2x2 stride 2, odd", {NORMAL(2, 3, 3, 2)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, 7, 5})},
    {"3x3 stride 1 pad 1", {NORMAL(2, 3, 7, 5)}, POOL_ATTRS(POOL2(3, 1, 1, 1, 1), .in_size = {1, 7, 5})},
    {"padding counts",
     {NORMAL(2, 3, 7, 5)},
     POOL_ATTRS(POOL2(3, 1, 1, 1, 1), .in_size = {1, 7, 5}, .count_include_pad = 1)},
    {"3x3 stride 2 pad 1, ceil",
     {NORMAL(1, 3, 5, 7)},
     POOL_ATTRS(POOL2(3, 2, 1, 1, 1), .in_size = {1, 8, 13}, .ceil_mode = 1, .count_include_pad = 1)},
    {"gaps", {NORMAL(1, 2, 3, 3)}, POOL_ATTRS(POOL2(1, 3, 0, 0, 1), .in_size = {1, 7, 8})},
    {"the whole plane", {NORMAL(2, 5, 1, 1)}, POOL_ATTRS(POOL2(7, 1, 0, 0, 1), .in_size = {1, 7, 7})},
    {"3-D", {NORMAL(1, 2, 2, 2, 3)}, POOL_ATTRS(POOL3(3, 2, 1, 1, 1), .in_size = {4, 3, 5}, .count_include_pad = 1)},
};

static const struct op_case bad[] = {
    {"in_size pools to another size", {NORMAL(1, 2, 3, 3)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1), .in_size = {1, 8, 8})},
    {"in_size missing", {NORMAL(1, 2, 3, 3)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1))},
};

OP_CASES(avg_pool_grad, good, bad)
