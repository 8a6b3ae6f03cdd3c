/* Cases of log: away from 0. */
#include "ops_cases.h"

static const struct op_case good[] = {
    {"one element", {POSITIVE(1)}},
    {"scalar", {SCALAR_POSITIVE}},
    {"tail of a vec4", {POSITIVE(2, 3, 5, 7)}},
    {"whole vec4s", {POSITIVE(2, 4, 8)}},
    {"five dimensions", {POSITIVE(1, 3, 2, 5, 3)}},
    {"several work groups", {POSITIVE(2, 17, 33, 13)}, .flags = FORWARD_ONLY},
};
OP_CASES_GOOD(log, good)
