/* Cases of leaky_relu: values stay off the kink at 0. */
#include "ops_cases.h"

#define ATTRS(...)                                                                                                     \
    .attrs = &(const struct leaky_relu_attrs)                                                                          \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"one element", {DISTINCT(1)}, ATTRS(0.1f)},
    {"scalar", {SCALAR_DISTINCT}, ATTRS(0.1f)},
    {"tail of a vec4", {DISTINCT(2, 3, 5, 7)}, ATTRS(0.1f)},
    {"whole vec4s", {DISTINCT(2, 4, 8)}, ATTRS(0.1f)},
    {"five dimensions", {DISTINCT(1, 3, 2, 5, 3)}, ATTRS(0.1f)},
    {"negative slope", {DISTINCT(2, 3, 5)}, ATTRS(-0.5f)},
    {"no slope", {DISTINCT(2, 3, 5)}, ATTRS(0)},
    {"several work groups", {DISTINCT(2, 17, 33, 13)}, ATTRS(0.1f), .flags = FORWARD_ONLY},
};
OP_CASES_GOOD(leaky_relu, good)
