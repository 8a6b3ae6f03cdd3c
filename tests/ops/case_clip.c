/* Cases of clip: limits at whole numbers, which the inputs keep away from. */
#include "elementwise_cases.h"

#define CLIP(lo, hi)                                                                                                   \
    .attrs = &(const struct clip_attrs)                                                                                \
    {                                                                                                                  \
        lo, hi                                                                                                         \
    }

static const struct op_case good[] = {
    UNARY_ROWS(DISTINCT, CLIP(-2, 3)),
    {"from below", {DISTINCT(2, 3, 5)}, CLIP(0, INFINITY)},
    {"from above", {DISTINCT(2, 3, 5)}, CLIP(-INFINITY, 1)},
    {"no limits", {DISTINCT(2, 3, 5)}, CLIP(-INFINITY, INFINITY)},
    {"crossed limits", {DISTINCT(2, 3, 5)}, CLIP(2, 1)},
};
OP_CASES_GOOD(clip, good)
