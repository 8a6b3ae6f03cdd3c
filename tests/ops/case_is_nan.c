/* Cases of is_nan: NaN among other numbers. */
#include "elementwise_cases.h"

static void edges(const struct op_call *call, uint64_t seed, double *const *in)
{
    static const double edge[] = {1, NAN, INFINITY, 0, -NAN};
    (void)seed;
    for (size_t k = 0; k < shape_elems(&call->in[0]); k++) {
        in[0][k] = edge[k % (sizeof(edge) / sizeof(edge[0]))];
    }
}

static const struct op_case good[] = {
    UNARY_ROWS(NORMAL, .fill = edges),
};
OP_CASES_GOOD(is_nan, good)
