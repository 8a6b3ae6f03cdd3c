/* Cases of conv_weight_grad(x, g). */
#include "conv_cases.h"

static const struct op_case good[] = {
    {"1x1", {NORMAL(2, 5, 7, 3), NORMAL(2, 13, 7, 3)}, CONV(ATTRS_2D(1, 0, 1, 1), .size = {1, 1, 1})},
    {"1x1, stride 2", {NORMAL(2, 5, 7, 13), NORMAL(2, 17, 4, 7)}, CONV(ATTRS_2D(2, 0, 1, 1), .size = {1, 1, 1})},
    {"3x3", {NORMAL(2, 3, 7, 13), NORMAL(2, 5, 7, 13)}, CONV(ATTRS_2D(1, 1, 1, 1), .size = {1, 3, 3})},
    {"3x3, stride 2", {NORMAL(2, 3, 13, 7), NORMAL(2, 17, 7, 4)}, CONV(ATTRS_2D(2, 1, 1, 1), .size = {1, 3, 3})},
    {"3x3, stride 3, dilation 2",
     {NORMAL(1, 3, 17, 13), NORMAL(1, 5, 6, 5)},
     CONV(ATTRS_2D(3, 2, 2, 1), .size = {1, 3, 3})},
    {"7x7, stride 2", {NORMAL(1, 3, 17, 15), NORMAL(1, 5, 9, 8)}, CONV(ATTRS_2D(2, 3, 1, 1), .size = {1, 7, 7})},
    {"unequal axes",
     {NORMAL(2, 3, 13, 17), NORMAL(2, 5, 4, 8)},
     CONV(.stride = {1, 3, 2}, .pad_begin = {0, 2, 0}, .pad_end = {0, 1, 3}, .dilation = {1, 1, 4}, .groups = 1,
          .size = {1, 5, 2})},
    {"groups", {NORMAL(2, 6, 7, 5), NORMAL(2, 10, 7, 5)}, CONV(ATTRS_2D(1, 1, 1, 2), .size = {1, 3, 3})},
    {"depthwise", {NORMAL(2, 7, 9, 5), NORMAL(2, 7, 9, 5)}, CONV(ATTRS_2D(1, 1, 1, 7), .size = {1, 3, 3})},
    {"3-D", {NORMAL(2, 3, 5, 7, 3), NORMAL(2, 5, 5, 7, 3)}, CONV(ATTRS_3D(1, 1, 1, 1), .size = {3, 3, 3})},
    {"3-D, stride 2", {NORMAL(1, 3, 7, 5, 9), NORMAL(1, 5, 4, 3, 5)}, CONV(ATTRS_3D(2, 1, 1, 1), .size = {3, 3, 3})},
    {"samples in rounds (see ops_windows)",
     {NORMAL(9, 8, 16, 16), NORMAL(9, 8, 16, 16)},
     CONV(ATTRS_2D(1, 1, 1, 1), .size = {1, 3, 3}),
     FORWARD_ONLY},
    {"several work groups",
     {NORMAL(2, 17, 33, 17), NORMAL(2, 33, 33, 17)},
     CONV(ATTRS_2D(1, 1, 1, 1), .size = {1, 3, 3}),
     FORWARD_ONLY},
    {"many points",
     {NORMAL(2, 3, 65, 67), NORMAL(2, 5, 65, 67)},
     CONV(ATTRS_2D(1, 1, 1, 1), .size = {1, 3, 3}),
     FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"kernel size", {NORMAL(2, 3, 7, 13), NORMAL(2, 5, 7, 13)}, CONV(ATTRS_2D(1, 1, 1, 1), .size = {1, 4, 3})},
    {"batch", {NORMAL(2, 3, 7, 13), NORMAL(1, 5, 7, 13)}, CONV(ATTRS_2D(1, 1, 1, 1), .size = {1, 3, 3})},
    {"groups", {NORMAL(2, 3, 7, 13), NORMAL(2, 4, 7, 13)}, CONV(ATTRS_2D(1, 1, 1, 2), .size = {1, 3, 3})},
    {"rank", {NORMAL(2, 3, 7, 13), NORMAL(2, 5, 1, 7, 13)}, CONV(ATTRS_2D(1, 1, 1, 1), .size = {1, 3, 3})},
};
OP_CASES(conv_weight_grad, good, bad)
