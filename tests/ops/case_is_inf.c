/* Cases of is_inf: either infinity, one, none. */
#include "elementwise_cases.h"

static void edges(const struct op_call *call, uint64_t seed, double *const *in)
{
    static const double edge[] = {1, NAN, INFINITY, 0, -INFINITY, 3e38};
    (void)seed;
    for (size_t k = 0; k < shape_elems(&call->in[0]); k++) {
        in[0][k] = edge[k % (sizeof(edge) / sizeof(edge[0]))];
    }
}

static const struct op_case good[] = {
    UNARY_ROWS(NORMAL, .fill = edges, .attrs = &(const struct is_inf_attrs){1, 1}),
    {"positive", {NORMAL(2, 7)}, .fill = edges, .attrs = &(const struct is_inf_attrs){0, 1}},
    {"negative", {NORMAL(2, 7)}, .fill = edges, .attrs = &(const struct is_inf_attrs){1, 0}},
    {"neither", {NORMAL(2, 7)}, .fill = edges, .attrs = &(const struct is_inf_attrs){0, 0}},
};
OP_CASES_GOOD(is_inf, good)
