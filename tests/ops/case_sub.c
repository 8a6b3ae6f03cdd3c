/* Cases of sub: broadcasting on either side up to five dimensions. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    BINARY_ROWS(NORMAL, NORMAL, .slack = 1),
};

static const struct op_case bad[] = {
    BINARY_BAD_ROWS,
};
OP_CASES(sub, good, bad)
