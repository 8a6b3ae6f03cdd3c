/* Cases of leaky_relu: values stay off the kink at 0. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .attrs = &(const struct leaky_relu_attrs){0.1f}),
    {"negative slope", {DISTINCT(2, 3, 5)}, .attrs = &(const struct leaky_relu_attrs){-0.5f}},
    {"no slope", {DISTINCT(2, 3, 5)}, .attrs = &(const struct leaky_relu_attrs){0}},
};
OP_CASES_GOOD(leaky_relu, good)
