/* Cases of sigmoid: smooth everywhere. */
#include "ops_cases.h"

static const struct op_case good[] = {
    {"one element", {NORMAL(1)}},
    {"scalar", {SCALAR_NORMAL}},
    {"tail of a vec4", {NORMAL(2, 3, 5, 7)}},
    {"whole vec4s", {NORMAL(2, 4, 8)}},
    {"five dimensions", {NORMAL(1, 3, 2, 5, 3)}},
    {"several work groups", {NORMAL(2, 17, 33, 13)}, .flags = FORWARD_ONLY},
};
OP_CASES_GOOD(sigmoid, good)
