/* Cases of logical_not: 0 among other numbers. */
#include "elementwise_cases.h"

static void edges(const struct op_call *call, uint64_t seed, double *const *in)
{
    static const double edge[] = {1, 0, INFINITY, -0.0, NAN, -2};
    (void)seed;
    for (size_t k = 0; k < shape_elems(&call->in[0]); k++) {
        in[0][k] = edge[k % (sizeof(edge) / sizeof(edge[0]))];
    }
}

static const struct op_case good[] = {
    UNARY_ROWS(NORMAL, .fill = edges),
};
OP_CASES_GOOD(logical_not, good)
