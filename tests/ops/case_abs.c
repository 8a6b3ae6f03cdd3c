/* Cases of abs: values stay off the kink at 0. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .slack = 1),
};
OP_CASES_GOOD(abs, good)
