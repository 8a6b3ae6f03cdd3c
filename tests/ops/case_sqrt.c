/* Cases of sqrt: away from 0. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(POSITIVE, .slack = 1),
};
OP_CASES_GOOD(sqrt, good)
