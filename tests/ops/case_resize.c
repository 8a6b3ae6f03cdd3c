/* Cases of resize: both modes, corners aligned or not, up and down, from and to one element. */
#include "ops_cases.h"

#define TO(m, align, d, h, w)                                                                                          \
    .attrs = &(const struct resize_attrs)                                                                              \
    {                                                                                                                  \
        .mode = (m), .align_corners = (align), .size = { d, h, w }                                                     \
    }
#define NEAREST RESIZE_MODE_NEAREST
#define LINEAR RESIZE_MODE_LINEAR

static const struct op_case good[] = {
    {"nearest up", {NORMAL(2, 3, 3, 5)}, TO(NEAREST, 0, 1, 7, 13)},
    {"nearest twice", {NORMAL(2, 3, 4, 4)}, TO(NEAREST, 0, 1, 8, 8)},
    {"nearest down", {NORMAL(2, 3, 13, 17)}, TO(NEAREST, 0, 1, 5, 3)},
    {"nearest 1 to 49", {NORMAL(1, 1, 1, 49)}, TO(NEAREST, 0, 1, 49, 49)},
    {"nearest 3-D", {NORMAL(1, 2, 2, 3, 5)}, TO(NEAREST, 0, 5, 4, 3)},
    {"linear up", {NORMAL(2, 3, 3, 5)}, TO(LINEAR, 0, 1, 7, 13)},
    {"linear twice", {NORMAL(2, 3, 4, 4)}, TO(LINEAR, 0, 1, 8, 8)},
    {"linear down", {NORMAL(2, 3, 13, 17)}, TO(LINEAR, 0, 1, 5, 3)},
    {"linear up and down", {NORMAL(1, 3, 7, 7)}, TO(LINEAR, 0, 1, 17, 3)},
    {"linear 7x7 to 33x33", {NORMAL(2, 1, 7, 7)}, TO(LINEAR, 0, 1, 33, 33)},
    {"linear from one pixel", {NORMAL(2, 3, 1, 1)}, TO(LINEAR, 0, 1, 5, 3)},
    {"linear to one pixel", {NORMAL(2, 3, 5, 3)}, TO(LINEAR, 0, 1, 1, 1)},
    {"linear identity", {NORMAL(2, 3, 5, 3)}, TO(LINEAR, 0, 1, 5, 3)},
    {"corners up", {NORMAL(2, 3, 3, 5)}, TO(LINEAR, 1, 1, 7, 13)},
    {"corners down", {NORMAL(2, 3, 13, 17)}, TO(LINEAR, 1, 1, 5, 3)},
    {"corners from one pixel", {NORMAL(2, 3, 1, 1)}, TO(LINEAR, 1, 1, 5, 3)},
    {"corners to one pixel", {NORMAL(2, 3, 5, 3)}, TO(LINEAR, 1, 1, 1, 1)},
    {"3-D linear up", {NORMAL(1, 2, 2, 3, 4)}, TO(LINEAR, 0, 5, 7, 3)},
    {"3-D linear depth 1", {NORMAL(1, 2, 1, 3, 4)}, TO(LINEAR, 0, 3, 5, 5)},
    {"3-D corners", {NORMAL(1, 2, 3, 3, 4)}, TO(LINEAR, 1, 5, 2, 7)},
};

static const struct op_case bad[] = {
    {"size 0", {NORMAL(1, 2, 7, 7)}, TO(LINEAR, 0, 1, 0, 1)},
    {"mode", {NORMAL(1, 2, 7, 7)}, TO(2, 0, 1, 7, 7)},
    {"depth on rank 4", {NORMAL(1, 2, 7, 7)}, TO(LINEAR, 0, 2, 7, 7)},
    {"too large", {NORMAL(1, 2, 7, 7)}, TO(LINEAR, 0, 1, 2000000000, 1)},
};

OP_CASES(resize, good, bad)
