/* Cases of avg_pool. */
#include "pool_cases.h"

static const struct op_case good[] = {
    {"2x2 stride 2", {NORMAL(2, 3, 6, 8)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1))},
    {"2x2 stride 2, odd", {NORMAL(2, 3, 7, 5)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1))},
    {"3x3 stride 1 pad 1", {NORMAL(2, 3, 7, 5)}, POOL_ATTRS(POOL2(3, 1, 1, 1, 1))},
    {"3x3 stride 1 pad 1, padding counts",
     {NORMAL(2, 3, 7, 5)},
     POOL_ATTRS(POOL2(3, 1, 1, 1, 1), .count_include_pad = 1)},
    {"3x3 stride 2 pad 1, ceil", {NORMAL(1, 3, 8, 13)}, POOL_ATTRS(POOL2(3, 2, 1, 1, 1), .ceil_mode = 1)},
    {"3x3 stride 2 pad 1, ceil, padding counts",
     {NORMAL(1, 3, 8, 13)},
     POOL_ATTRS(POOL2(3, 2, 1, 1, 1), .ceil_mode = 1, .count_include_pad = 1)},
    {"asymmetric pads", {NORMAL(1, 2, 7, 5)}, POOL_ATTRS(POOL2(3, 2, 0, 2, 1), .count_include_pad = 1)},
    {"3x2 stride 2x1", {NORMAL(1, 2, 7, 5)}, POOL_ATTRS(.size = {1, 3, 2}, .stride = {1, 2, 1}, .dilation = {1, 1, 1})},
    {"gaps", {NORMAL(1, 2, 7, 8)}, POOL_ATTRS(POOL2(1, 3, 0, 0, 1))},
    {"the whole plane", {NORMAL(2, 5, 7, 7)}, POOL_ATTRS(POOL2(7, 1, 0, 0, 1))},
    {"the whole plane, padded", {NORMAL(2, 5, 5, 5)}, POOL_ATTRS(POOL2(7, 1, 1, 1, 1), .count_include_pad = 1)},
    {"3-D 3x3x3 pad 1, padding counts",
     {NORMAL(1, 2, 4, 3, 5)},
     POOL_ATTRS(POOL3(3, 2, 1, 1, 1), .count_include_pad = 1)},
    {"3-D, depth 1, padding counts", {NORMAL(1, 2, 1, 3, 5)}, POOL_ATTRS(POOL3(3, 1, 1, 1, 1), .count_include_pad = 1)},
    {"3-D 2x2x2", {NORMAL(2, 2, 4, 5, 3)}, POOL_ATTRS(POOL3(2, 2, 0, 0, 1))},
    {"1-D, padding counts", {NORMAL(2, 3, 9)}, POOL_ATTRS(POOL1(3, 2, 1, 0, 1), .count_include_pad = 1)},
    {"33x33", {NORMAL(2, 7, 33, 33)}, POOL_ATTRS(POOL2(5, 3, 2, 1, 1)), FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"dilation", {NORMAL(1, 2, 8, 8)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 2))},
    {"window larger than the input", {NORMAL(1, 2, 3, 3)}, POOL_ATTRS(POOL2(5, 1, 0, 0, 1))},
    {"rank 3", {NORMAL(3, 8, 8)}, POOL_ATTRS(POOL2(2, 2, 0, 0, 1))},
};

OP_CASES(avg_pool, good, bad)
