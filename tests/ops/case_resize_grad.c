/* Cases of resize_grad. */
#include "ops_cases.h"

#define BACK(m, align, d, h, w, id, ih, iw)                                                                            \
    .attrs = &(const struct resize_attrs)                                                                              \
    {                                                                                                                  \
        .mode = (m), .coord = (align), .size = {d, h, w}, .in_size = { id, ih, iw }                                    \
    }
#define WITH(...)                                                                                                      \
    .attrs = &(const struct resize_attrs)                                                                              \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
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
    {"1-D linear", {NORMAL(2, 3, 12)}, BACK(LINEAR, 0, 1, 1, 12, 1, 1, 7)},
    {"nearest, nothing read",
     {NORMAL(2, 3, 2, 2)},
     WITH(.coord = RESIZE_HALF_PIXEL, .round = RESIZE_PREFER_FLOOR, .size = {1, 2, 2}, .in_size = {1, 7, 9})},
    {"linear antialiased",
     {NORMAL(2, 3, 5, 3)},
     WITH(.mode = LINEAR, .antialias = 1, .exclude_outside = 1, .size = {1, 5, 3}, .in_size = {1, 13, 17})},
    {"cubic",
     {NORMAL(2, 3, 9, 4)},
     WITH(.mode = RESIZE_MODE_CUBIC, .cubic_a = -0.75f, .size = {1, 9, 4}, .in_size = {1, 4, 7})},
    {"3-D cubic antialiased",
     {NORMAL(1, 2, 3, 5, 2)},
     WITH(.mode = RESIZE_MODE_CUBIC, .antialias = 1, .cubic_a = -0.5f, .size = {3, 5, 2}, .in_size = {7, 3, 9})},
};

static const struct op_case bad[] = {
    {"g is not of the resized size", {NORMAL(1, 2, 3, 3)}, BACK(LINEAR, 0, 1, 7, 7, 1, 3, 3)},
    {"in_size missing", {NORMAL(1, 2, 3, 3)}, .attrs = &(const struct resize_attrs){.size = {1, 3, 3}}},
};

OP_CASES(resize_grad, good, bad)
