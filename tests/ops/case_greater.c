/* Cases of greater: few values, so that all outcomes occur; NaN. */
#include "elementwise_cases.h"

/* Some NaN and infinities among the few whole numbers. */
static void edges(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < shape_elems(&call->in[i]); k++) {
            in[i][k] = k % 7 == 3 ? NAN : k % 11 == 5 ? -INFINITY : k % 13 == 6 ? INFINITY : in[i][k] - 1;
        }
    }
}

static const struct op_case good[] = {
    BINARY_ROWS(NORMAL, NORMAL, .slack = 1),
    {"few values", {INDEX(3, 5, 7, 3), INDEX(3, 5, 7, 3)}},
    {"few values, broadcast", {INDEX(3, 5, 7, 3), INDEX(3, 7, 1)}},
    {"edges", {INDEX(3, 5, 7, 11), INDEX(3, 5, 7, 11)}, .fill = edges},
};

static const struct op_case bad[] = {
    BINARY_BAD_ROWS,
};
OP_CASES(greater, good, bad)
