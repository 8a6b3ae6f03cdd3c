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
    REDUCE_ROWS(NONZERO),
    {"zeros", {NONZERO(3, 5)}, OVER(2, 0), .fill = zeros},
    {"zeros, all", {NONZERO(3, 5)}, OVER(3, 0), .fill = zeros},
    REDUCE_LONGEST_ROW(NONZERO, .fill = mild),
    REDUCE_LONG_ROWS(NONZERO, .fill = mild),
};

static const struct op_case bad[] = {
    REDUCE_BAD_ROWS,
};
OP_CASES(reduce_prod, good, bad)
