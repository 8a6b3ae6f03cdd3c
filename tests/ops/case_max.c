/* Cases of max: the larger one gets the gradient. */
#include "elementwise_cases.h"

/* Both inputs from one set of distinct numbers, so that no difference of 1e-4 changes the choice. */
static void apart(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    elementwise_rescale(call, 1, in[1], 1, 0.0005);
}

static const struct op_case good[] = {
    BINARY_ROWS(DISTINCT, DISTINCT, .fill = apart),
};

static const struct op_case bad[] = {
    BINARY_BAD_ROWS,
};
OP_CASES(max, good, bad)
