/* Cases of sigmoid: smooth everywhere. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(NORMAL, .slack = 1),
};
OP_CASES_GOOD(sigmoid, good)
