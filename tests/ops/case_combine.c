/* Cases of combine; with k[0] = 0 the state does not count. */
#include "ops_cases.h"

static void no_state(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)call, (void)seed;
    in[2][0] = 0;
}

static const struct op_case good[] = {
    {"both", {NORMAL(2, 3, 7, 5), NORMAL(2, 3, 7, 5), NORMAL(2)}},
    {"fresh", {NORMAL(300), NORMAL(300), NORMAL(2)}, .fill = no_state},
};

static const struct op_case bad[] = {
    {"x", {NORMAL(7), NORMAL(6), NORMAL(2)}},
    {"factors", {NORMAL(7), NORMAL(7), NORMAL(3)}},
};
OP_CASES(combine, good, bad)
