/* Cases of where: three operands of different shapes; the condition carries no gradient. */
#include "elementwise_cases.h"

#define CHOOSE .const_in = 1

static const struct op_case good[] = {
    {"same shape", {INDEX(2, 2, 3, 5, 7), NORMAL(2, 3, 5, 7), NORMAL(2, 3, 5, 7)}, CHOOSE},
    {"scalars", {INDEX(2, 1), SCALAR_NORMAL, SCALAR_NORMAL}, CHOOSE},
    {"one condition per image", {INDEX(2, 5, 1, 1), NORMAL(5, 3, 7), NORMAL(5, 3, 7)}, CHOOSE},
    {"one value against a tensor", {INDEX(2, 5, 3, 7), SCALAR_NORMAL, NORMAL(5, 3, 7)}, CHOOSE},
    {"a tensor against one value", {INDEX(2, 5, 3, 7), NORMAL(5, 3, 7), NORMAL(1)}, CHOOSE},
    {"all broadcast", {INDEX(2, 3, 1, 1), NORMAL(5, 1), NORMAL(7)}, CHOOSE},
    {"alternating, five dimensions", {INDEX(2, 2, 1, 3, 1, 5), NORMAL(1, 7, 1, 3, 1), NORMAL(2, 1, 3, 3, 1)}, CHOOSE},
    {"a condition of any number", {NORMAL(5, 7), NORMAL(5, 7), NORMAL(5, 7)}, CHOOSE},
    {"several work groups", {INDEX(2, 33, 1, 1), NORMAL(2, 33, 17, 13), NORMAL(13)}, CHOOSE, .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"condition", {NORMAL(4), NORMAL(2, 3), NORMAL(2, 3)}},
    {"choices", {NORMAL(2, 3), NORMAL(2, 4), NORMAL(2, 3)}},
    {"last", {NORMAL(2, 3), NORMAL(2, 3), NORMAL(4)}},
};
OP_CASES(where, good, bad)
