/* Cases of rsqrt: positive numbers. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(POSITIVE, .slack = 1),
};
OP_CASES_GOOD(rsqrt, good)
