/* Cases of gelu: both formulas, smooth everywhere. */
#include "elementwise_cases.h"

#define TANH                                                                                                           \
    .attrs = &(const struct gelu_attrs)                                                                                \
    {                                                                                                                  \
        1                                                                                                              \
    }

static const struct op_case good[] = {
    UNARY_ROWS(NORMAL, .attrs = &(const struct gelu_attrs){0}),
    {"tanh", {DISTINCT(2, 3, 5, 7)}, TANH},
    {"tanh, whole vec4s", {NORMAL(2, 4, 8)}, TANH},
    {"wide", {DISTINCT(3, 5, 7)}, .attrs = &(const struct gelu_attrs){0}},
    {"tanh, several work groups", {DISTINCT(2, 17, 33, 13)}, TANH, .flags = FORWARD_ONLY},
};
OP_CASES_GOOD(gelu, good)
