/* Cases of reduce_prod: every mix of kept and reduced axes; runs that are cut into parts. */
#include "reduce_cases.h"

/* A zero in the first row, two in the second. */
static void zeros(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    size_t row = (size_t)call->in[0].dim[1];
    in[0][1] = in[0][row] = in[0][row + 2] = 0;
}

/* Factors near 1 and -1, so that a long product stays finite. */
static void mild(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    for (size_t k = 0; k < shape_elems(&call->in[0]); k++) {
        double sign = in[0][k] < 0 ? -1 : 1;
        in[0][k] = (double)(float)(sign + 0.01 * (in[0][k] - 1.25 * sign));
    }
}

static const struct op_case good[] = {
    EVERY_MASK(NONZERO),
    {"spatial", {NONZERO(2, 3, 7, 5)}, OVER(12, 0)},
    {"spatial, kept", {NONZERO(2, 3, 7, 5)}, OVER(12, 1)},
    {"channels", {NONZERO(2, 5, 7, 3)}, OVER(2, 1)},
    {"all but channels", {NONZERO(2, 3, 7, 5)}, OVER(13, 0)},
    {"first", {NONZERO(3, 17)}, OVER(1, 0)},
    {"last", {NONZERO(13, 33)}, OVER(2, 0)},
    {"all", {NONZERO(3, 5, 7)}, OVER(7, 0)},
    {"none", {NONZERO(3, 5)}, OVER(0, 0)},
    {"scalar", {SCALAR_NONZERO}, OVER(0, 1)},
    {"alternating", {NONZERO(2, 3, 2, 5, 3)}, OVER(21, 1)},
    {"alternating, others", {NONZERO(2, 3, 2, 5, 3)}, OVER(10, 0)},
    {"dimension of 1", {NONZERO(2, 1, 5)}, OVER(2, 0)},
    {"zeros", {NONZERO(3, 5)}, OVER(2, 0), .fill = zeros},
    {"zeros, all", {NONZERO(3, 5)}, OVER(3, 0), .fill = zeros},
    {"one long run", {NONZERO(7, 33, 65)}, OVER(7, 0), .flags = FORWARD_ONLY, .fill = mild},
    {"few outputs, inner run", {NONZERO(2, 3, 33, 65)}, OVER(12, 0), .flags = FORWARD_ONLY, .fill = mild},
    {"few outputs, outer run", {NONZERO(33, 65, 5)}, OVER(3, 1), .flags = FORWARD_ONLY, .fill = mild},
    {"few outputs, two runs", {NONZERO(9, 3, 17, 13)}, OVER(13, 0), .flags = FORWARD_ONLY, .fill = mild},
    {"many outputs", {NONZERO(2, 7, 33, 17)}, OVER(2, 0), .flags = FORWARD_ONLY, .fill = mild},
};

static const struct op_case bad[] = {
    {"axis past the rank", {NORMAL(2, 3)}, OVER(4, 0)},
    {"negative mask", {NORMAL(2, 3)}, OVER(-1, 0)},
};
OP_CASES(reduce_prod, good, bad)
