/* Cases of reciprocal: away from 0. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(NONZERO, .slack = 1),
};
OP_CASES_GOOD(reciprocal, good)
