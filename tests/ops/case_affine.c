/* Cases of affine: scale and shift. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(NORMAL, .attrs = &(const struct affine_attrs){-1.5f, 0.25f}),
    {"constant", {NORMAL(2, 3, 5)}, .attrs = &(const struct affine_attrs){0, 3}},
};
OP_CASES_GOOD(affine, good)
