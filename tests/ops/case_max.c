/* Cases of max: the larger one gets the gradient. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    BINARY_ROWS(DISTINCT, DISTINCT, .fill = elementwise_apart),
};

static const struct op_case bad[] = {
    BINARY_BAD_ROWS,
};
OP_CASES(max, good, bad)
