/* Cases of ceil: its steps. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .slack = 1),
};
OP_CASES_GOOD(ceil, good)
