/* Cases of relu6: values stay off the kinks at 0 and 6. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .slack = 1),
};
OP_CASES_GOOD(relu6, good)
