/* Cases of reduce_sum: every mix of kept and reduced axes; runs that are cut into parts. */
#include "reduce_cases.h"

static const struct op_case good[] = {
    REDUCE_ROWS(NORMAL),
    /* the tolerance is relative to a sum that nearly cancels: its parts are two orders larger */
    REDUCE_LONGEST_ROW(NORMAL, .slack = 8),
    REDUCE_LONG_ROWS(NORMAL, .slack = 1),
};

static const struct op_case bad[] = {
    REDUCE_BAD_ROWS,
};
OP_CASES(reduce_sum, good, bad)
