/* Cases of sgd_update: each term alone and together. */
#include "ops_cases.h"

#define SGD(...)                                                                                                       \
    .attrs = &(const struct sgd_attrs)                                                                                 \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"plain", {NORMAL(5, 3), NORMAL(1, 15), NORMAL(5, 3), POSITIVE(4)}, SGD(0, 0, 0)},
    {"momentum", {NORMAL(4, 2, 3, 3), NORMAL(1, 72), NORMAL(4, 2, 3, 3), POSITIVE(4)}, SGD(0.9f, 0, 0)},
    {"decay", {NORMAL(7), NORMAL(1, 7), NORMAL(7), POSITIVE(4)}, SGD(0.9f, 0.01f, 0)},
    {"nesterov", {NORMAL(300), NORMAL(1, 300), NORMAL(300), POSITIVE(4)}, SGD(0.9f, 0.01f, 1)},
};

static const struct op_case bad[] = {
    {"state", {NORMAL(7), NORMAL(7), NORMAL(7), POSITIVE(4)}, SGD(0, 0, 0)},
    {"gradient", {NORMAL(7), NORMAL(1, 7), NORMAL(6), POSITIVE(4)}, SGD(0, 0, 0)},
    {"numbers", {NORMAL(7), NORMAL(1, 7), NORMAL(7), POSITIVE(3)}, SGD(0, 0, 0)},
};
OP_CASES(sgd_update, good, bad)
