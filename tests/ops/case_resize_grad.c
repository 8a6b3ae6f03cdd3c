/* Cases of resize_grad. */
#include "ops_cases.h"

#define BACK(m, align, d, h, w, id, ih, iw)                                                                            \
    .attrs = &(const struct resize_attrs)                                                                              \
    {                                                                                                                  \
        .mode = (m), .align_corners = (align), .size = {d, h, w}, .in_size = { id, ih, iw }                            \
    }
#define NEAREST RESIZE_MODE_NEAREST
#define LINEAR RESIZE_MODE_LINEAR

static const struct op_case good[] = {
    {"nearest up", {NORMAL(2, 3, 7, 13)}, BACK(NEAREST, 0, 1, 7, 13, 1, 3, 5)},
    {"nearest down", {NORMAL(2, 3, 5, 3)}, BACK(NEAREST, 0, 1, 5, 3, 1, 13, 17)},
    {"nearest 3-D", {NORMAL(1, 2, 5, 4, 3)}, BACK(NEAREST, 0, 5, 4, 3, 2, 3, 5)},
    {"linear up", {NORMAL(2, 3, 7, 13)}, BACK(LINEAR, 0, 1, 7, 13, 1, 3, 5)},
    {"linear twice", {NORMAL(2, 3, 8, 8)}, BACK(LINEAR, 0, 1, 8, 8, 1, 4, 4)},
    {"linear down", {NORMAL(2, 3, 5, 3)}, BACK(LINEAR, 0, 1, 5, 3, 1, 13, 17)},
    {"linear from one pixel", {NORMAL(2, 3, 5, 3)}, BACK(LINEAR, 0, 1, 5, 3, 1, 1, 1)},
    {"linear to one pixel", {NORMAL(2, 3, 1, 1)}, BACK(LINEAR, 0, 1, 1, 1, 1, 5, 3)},
    {"corners up", {NORMAL(2, 3, 7, 13)}, BACK(LINEAR, 1, 1, 7, 13, 1, 3, 5)},
    {"corners down", {NORMAL(2, 3, 5, 3)}, BACK(LINEAR, 1, 1, 5, 3, 1, 13, 17)},
    {"corners to one pixel", {NORMAL(2, 3, 1, 1)}, BACK(LINEAR, 1, 1, 1, 1, 1, 5, 3)},
    {"3-D linear", {NORMAL(1, 2, 5, 7, 3)}, BACK(LINEAR, 0, 5, 7, 3, 2, 3, 4)},
    {"33x33 from 7x7", {NORMAL(2, 2, 33, 33)}, BACK(LINEAR, 0, 1, 33, 33, 1, 7, 7), FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"g is not of the resized size", {NORMAL(1, 2, 3, 3)}, BACK(LINEAR, 0, 1, 7, 7, 1, 3, 3)},
    {"in_size missing", {NORMAL(1, 2, 3, 3)}, .attrs = &(const struct resize_attrs){.size = {1, 3, 3}}},
};

OP_CASES(resize_grad, good, bad)
