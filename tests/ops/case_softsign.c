/* Cases of softsign: smooth but for its second derivative at 0. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .slack = 1),
};
OP_CASES_GOOD(softsign, good)
