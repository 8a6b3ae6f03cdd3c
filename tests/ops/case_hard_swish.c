/* Cases of hard_swish: values stay off the kinks at -3 and 3. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .slack = 1),
};
OP_CASES_GOOD(hard_swish, good)
