/* Cases of relu: values stay off the kink at 0. */
#include "ops_cases.h"

static const struct op_case good[] = {
    {"one element", {DISTINCT(1)}},
    {"scalar", {SCALAR_DISTINCT}},
    {"tail of a vec4", {DISTINCT(2, 3, 5, 7)}},
    {"whole vec4s", {DISTINCT(2, 4, 8)}},
    {"five dimensions", {DISTINCT(1, 3, 2, 5, 3)}},
    {"several work groups", {DISTINCT(2, 17, 33, 13)}, .flags = FORWARD_ONLY},
};
OP_CASES_GOOD(relu, good)
