/* Cases of elu: both sides of 0, which has a kink unless alpha is 1. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .attrs = &(const struct elu_attrs){1}),
    {"other alpha", {DISTINCT(2, 3, 5)}, .attrs = &(const struct elu_attrs){0.3f}},
    {"near zero", {NORMAL(2, 3, 5)}, .attrs = &(const struct elu_attrs){1}},
};
OP_CASES_GOOD(elu, good)
