/* Cases of prelu: slopes of both signs; they broadcast to x and not the other way. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    {"per channel", {DISTINCT(2, 5, 7, 3), NORMAL(5, 1, 1)}},
    {"one slope", {DISTINCT(2, 5, 7), NORMAL(1)}},
    {"scalars", {SCALAR_DISTINCT, SCALAR_NORMAL}},
    {"same shape", {DISTINCT(2, 3, 5, 7), NORMAL(2, 3, 5, 7)}},
    {"whole vec4s", {DISTINCT(2, 4, 8), NORMAL(2, 4, 8)}},
    {"five dimensions", {DISTINCT(2, 3, 2, 5, 3), NORMAL(3, 1, 1, 1)}},
    {"several work groups", {DISTINCT(2, 33, 17, 13), NORMAL(33, 1, 1)}, .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    BINARY_BAD_ROWS,
    {"x broadcast", {NORMAL(1, 3), NORMAL(2, 3)}},
};
OP_CASES(prelu, good, bad)
