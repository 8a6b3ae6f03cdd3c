/* Cases of pow: positive bases with any exponent; others with whole ones, which carry no gradient of their own. */
#include "elementwise_cases.h"

/* Exponents of 0, 1, 2, ... */
static void whole(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    elementwise_rescale(call, 1, in[1], 1, -3);
}

static const struct op_case good[] = {
    BINARY_ROWS(POSITIVE, NORMAL, .slack = 1),
    {"whole exponents", {NONZERO(5, 7), INDEX(7, 5, 7)}, .const_in = 2, .fill = whole},
    {"square", {NORMAL(3, 5, 7), INDEX(1, 1)}, .const_in = 2, .fill = NULL},
    {"whole exponents of negatives, a row each", {NONZERO(7, 5), INDEX(7, 7, 1)}, .const_in = 2},
};

static const struct op_case bad[] = {
    BINARY_BAD_ROWS,
};
OP_CASES(pow, good, bad)
