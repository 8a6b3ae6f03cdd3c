/* Cases of sub: broadcasting on either side up to five dimensions. */
#include "ops_cases.h"

static const struct op_case good[] = {
    {"same shape", {NORMAL(2, 3, 5, 7), NORMAL(2, 3, 5, 7)}},
    {"same shape, whole vec4s", {NORMAL(2, 4, 8), NORMAL(2, 4, 8)}},
    {"one element", {NORMAL(1), NORMAL(1, 1)}},
    {"scalar on the left", {SCALAR_NORMAL, NORMAL(3, 5)}},
    {"scalar on the right", {NORMAL(3, 5), SCALAR_NORMAL}},
    {"both scalars", {SCALAR_NORMAL, SCALAR_NORMAL}},
    {"per channel", {NORMAL(2, 5, 7, 3), NORMAL(5, 1, 1)}},
    {"per image and channel", {NORMAL(2, 5, 7, 3), NORMAL(2, 5, 1, 1)}},
    {"per pixel, left smaller", {NORMAL(2, 1, 7, 3), NORMAL(2, 5, 7, 3)}},
    {"bias of a matrix", {NORMAL(17, 13), NORMAL(13)}},
    {"both broadcast", {NORMAL(3, 1, 5), NORMAL(1, 7, 5)}},
    {"alternating, five dimensions", {NORMAL(2, 1, 3, 1, 5), NORMAL(1, 7, 1, 3, 1)}},
    {"several work groups", {NORMAL(2, 33, 17, 13), NORMAL(2, 33, 17, 13)}, .flags = FORWARD_ONLY},
    {"several work groups, per channel", {NORMAL(2, 33, 17, 13), NORMAL(33, 1, 1)}, .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"neither is 1", {NORMAL(2, 3), NORMAL(2, 4)}},
    {"leading dimension", {NORMAL(2, 3, 5), NORMAL(3, 3, 5)}},
    {"too far right", {NORMAL(2, 3), NORMAL(2)}},
};
OP_CASES(sub, good, bad)
