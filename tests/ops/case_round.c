/* Cases of round: halves too, which go to the even neighbour. */
#include "elementwise_cases.h"

static void move(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    elementwise_rescale(call, 0, in[0], 0.5, -4);
}

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .slack = 1),
    {"halves", {INDEX(17, 3, 5, 7)}, .fill = move},
};
OP_CASES_GOOD(round, good)
