/* Cases of relu6: values stay off the kinks at 0 and 6. */
#include "ops_cases.h"

static const struct op_case good[] = {
    {"one element", {DISTINCT(1)}},
    {"scalar", {SCALAR_DISTINCT}},
    {"tail of a vec4", {DISTINCT(2, 3, 5, 7)}},
    {"whole vec4s", {DISTINCT(2, 4, 8)}},
    {"five dimensions", {DISTINCT(1, 3, 2, 5, 3)}},
    {"several work groups", {DISTINCT(2, 17, 33, 13)}, .flags = FORWARD_ONLY},
};
OP_CASES_GOOD(relu6, good)
