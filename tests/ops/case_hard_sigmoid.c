/* Cases of hard_sigmoid: kinks are kept away from the numbers tried. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .attrs = &(const struct hard_sigmoid_attrs){0.25f, 0.5f}), /* kinks at -2 and 2 */
    {"falling", {DISTINCT(2, 3, 5)}, .attrs = &(const struct hard_sigmoid_attrs){-0.5f, 0.5f}},
    {"PyTorch's", {DISTINCT(2, 3, 5)}, .attrs = &(const struct hard_sigmoid_attrs){1.0f / 6, 0.5f}},
};
OP_CASES_GOOD(hard_sigmoid, good)
