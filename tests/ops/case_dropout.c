/* Cases of dropout: rates, a step above 2^20, several work groups. */
#include "ops_cases.h"

#define RATE(p, seed) .attrs = &(const struct dropout_attrs){p, seed}, .const_in = 2

static const struct op_case good[] = {
    {"half", {NORMAL(2, 3, 7, 5), INDEX(1000, 2)}, RATE(0.5f, 7)},
    {"none", {NORMAL(13), INDEX(1000, 2)}, RATE(0, -3)},
    {"a tenth", {NORMAL(3, 600), INDEX(1000000, 2)}, RATE(0.1f, 2147483647), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"all", {NORMAL(3), INDEX(9, 2)}, RATE(1, 0)},
    {"negative", {NORMAL(3), INDEX(9, 2)}, RATE(-0.5f, 0)},
    {"step", {NORMAL(3), INDEX(9, 1)}, RATE(0.5f, 0)},
};
OP_CASES(dropout, good, bad)
