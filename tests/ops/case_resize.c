/* Cases of resize: every mode, coordinate and rounding; up and down, from and to one element. */
#include "ops_cases.h"

#define TO(m, align, d, h, w)                                                                                          \
    .attrs = &(const struct resize_attrs)                                                                              \
    {                                                                                                                  \
        .mode = (m), .coord = (align), .size = { d, h, w }                                                             \
    }
#define WITH(...)                                                                                                      \
    .attrs = &(const struct resize_attrs)                                                                              \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define NEAREST RESIZE_MODE_NEAREST
#define CUBIC .mode = RESIZE_MODE_CUBIC
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
    {"1-D linear", {NORMAL(2, 3, 7)}, TO(LINEAR, 0, 1, 1, 12)},
    {"1-D nearest", {NORMAL(2, 3, 7)}, TO(NEAREST, 0, 1, 1, 3)},
    {"nearest exact",
     {NORMAL(2, 3, 5, 7)},
     WITH(.coord = RESIZE_HALF_PIXEL, .round = RESIZE_PREFER_CEIL, .size = {1, 8, 3})},
    {"nearest prefer floor",
     {NORMAL(2, 3, 4, 7)},
     WITH(.coord = RESIZE_HALF_PIXEL, .round = RESIZE_PREFER_FLOOR, .size = {1, 8, 3})},
    {"nearest ceil",
     {NORMAL(2, 3, 4, 7)},
     WITH(.coord = RESIZE_ALIGN_CORNERS, .round = RESIZE_CEIL, .size = {1, 7, 3})},
    {"nearest tf", {NORMAL(1, 1, 4, 4)}, WITH(.coord = RESIZE_TF_HALF_PIXEL, .size = {1, 7, 1})},
    {"nearest scaled", {NORMAL(1, 2, 4, 5)}, WITH(.scale = {0, 2.6f, 0.6f}, .size = {1, 10, 3})},
    {"linear asymmetric", {NORMAL(2, 3, 4, 5)}, WITH(.mode = LINEAR, .coord = RESIZE_ASYMMETRIC, .size = {1, 9, 3})},
    {"linear pytorch half-pixel",
     {NORMAL(2, 1, 4, 5)},
     WITH(.mode = LINEAR, .coord = RESIZE_PYTORCH_HALF_PIXEL, .size = {1, 1, 8})},
    {"linear symmetric",
     {NORMAL(2, 1, 4, 5)},
     WITH(.mode = LINEAR, .coord = RESIZE_HALF_PIXEL_SYMMETRIC, .scale = {0, 1.6f, 0.7f}, .size = {1, 6, 3})},
    {"linear scaled", {NORMAL(1, 2, 4, 5)}, WITH(.mode = LINEAR, .scale = {0, 2.6f, 0.6f}, .size = {1, 10, 3})},
    {"corners scaled",
     {NORMAL(1, 1, 2, 4)},
     WITH(.mode = LINEAR, .coord = RESIZE_ALIGN_CORNERS, .scale = {0, 0.6f, 0.6f}, .size = {1, 1, 2})},
    {"linear antialiased down",
     {NORMAL(2, 3, 13, 17)},
     WITH(.mode = LINEAR, .antialias = 1, .exclude_outside = 1, .size = {1, 5, 3})},
    {"linear antialiased, edges repeated",
     {NORMAL(2, 3, 13, 17)},
     WITH(.mode = LINEAR, .antialias = 1, .size = {1, 5, 20})},
    {"linear antialiased up",
     {NORMAL(2, 3, 3, 4)},
     WITH(.mode = LINEAR, .antialias = 1, .exclude_outside = 1, .size = {1, 5, 9})},
    {"3-D linear antialiased",
     {NORMAL(1, 2, 7, 3, 9)},
     WITH(.mode = LINEAR, .antialias = 1, .exclude_outside = 1, .size = {3, 5, 2})},
    {"cubic up", {NORMAL(2, 3, 4, 5)}, WITH(CUBIC, .cubic_a = -0.75f, .size = {1, 9, 12})},
    {"cubic down", {NORMAL(2, 3, 13, 17)}, WITH(CUBIC, .cubic_a = -0.5f, .size = {1, 5, 6})},
    {"cubic corners",
     {NORMAL(2, 3, 4, 5)},
     WITH(CUBIC, .coord = RESIZE_ALIGN_CORNERS, .cubic_a = -0.75f, .size = {1, 9, 12})},
    {"cubic outside excluded",
     {NORMAL(2, 3, 4, 5)},
     WITH(CUBIC, .exclude_outside = 1, .cubic_a = -0.75f, .size = {1, 9, 3})},
    {"cubic antialiased",
     {NORMAL(2, 3, 13, 17)},
     WITH(CUBIC, .antialias = 1, .exclude_outside = 1, .cubic_a = -0.5f, .size = {1, 5, 6})},
    {"cubic 3-D, one element", {NORMAL(1, 2, 1, 3, 4)}, WITH(CUBIC, .cubic_a = -0.75f, .size = {2, 5, 1})},
    {"cubic identity", {NORMAL(2, 1, 4, 5)}, WITH(CUBIC, .cubic_a = -0.75f, .size = {1, 4, 5})},
    {"antialiased, large",
     {NORMAL(2, 3, 90, 70)},
     WITH(CUBIC, .antialias = 1, .exclude_outside = 1, .cubic_a = -0.5f, .size = {1, 33, 80}),
     .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"size 0", {NORMAL(1, 2, 7, 7)}, TO(LINEAR, 0, 1, 0, 1)},
    {"mode", {NORMAL(1, 2, 7, 7)}, TO(3, 0, 1, 7, 7)},
    {"coordinates", {NORMAL(1, 2, 7, 7)}, TO(LINEAR, RESIZE_N_COORD, 1, 7, 7)},
    {"rank", {NORMAL(7, 7)}, TO(LINEAR, 0, 1, 1, 7)},
    {"height on rank 3", {NORMAL(1, 2, 7)}, TO(LINEAR, 0, 1, 2, 7)},
    {"scale to nothing", {NORMAL(1, 2, 7, 7)}, WITH(.scale = {0, 1e-9f, 0}, .size = {1, 1, 7})},
    {"depth on rank 4", {NORMAL(1, 2, 7, 7)}, TO(LINEAR, 0, 2, 7, 7)},
    {"too large", {NORMAL(1, 2, 7, 7)}, TO(LINEAR, 0, 1, 2000000000, 1)},
};

OP_CASES(resize, good, bad)
