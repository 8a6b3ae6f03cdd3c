/* Cases of thresholded_relu: the jump is kept away from the numbers tried. */
#include "elementwise_cases.h"

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, .attrs = &(const struct thresholded_relu_attrs){1}),
    {"negative", {DISTINCT(2, 3, 5)}, .attrs = &(const struct thresholded_relu_attrs){-2}},
};
OP_CASES_GOOD(thresholded_relu, good)
