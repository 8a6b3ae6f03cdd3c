/* Cases of fmod: quotients are kept away from whole numbers; the sign of a. */
#include "elementwise_cases.h"

/* b is 1.5 or -1.5 and a is off the multiples of it. */
static void between(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    for (size_t k = 0; k < shape_elems(&call->in[1]); k++) {
        in[1][k] = in[1][k] < 0 ? -1.5 : 1.5;
    }
    for (size_t k = 0; k < shape_elems(&call->in[0]); k++) {
        in[0][k] = (double)(float)(1.5 * in[0][k]);
    }
}

/* Whole numbers, of which some divide others, and divisors that are not short in binary. */
static void multiples(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    elementwise_rescale(call, 1, in[1], 0.1, -0.45);
    for (size_t k = 0; k < shape_elems(&call->in[0]); k += 2) {
        in[0][k] = (double)(float)(in[1][k] * in[0][k]);
    }
}

static const struct op_case good[] = {
    BINARY_ROWS(DISTINCT, NONZERO, .fill = between),
    {"large quotients, multiples", {INDEX(100000, 5, 7), INDEX(9, 5, 7)}, .flags = FORWARD_ONLY, .fill = multiples},
};

static const struct op_case bad[] = {
    BINARY_BAD_ROWS,
};
OP_CASES(fmod, good, bad)
