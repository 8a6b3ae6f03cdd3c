/* Cases of adam_update: Adam, AdamW, AMSGrad. */
#include "ops_cases.h"

#define ADAM(...)                                                                                                      \
    .attrs = &(const struct adam_attrs)                                                                                \
    {                                                                                                                  \
        0.9f, 0.999f, 1e-8f, __VA_ARGS__                                                                               \
    }

static const struct op_case good[] = {
    {"plain", {NORMAL(5, 3), POSITIVE(2, 15), NORMAL(5, 3), POSITIVE(4)}, ADAM(0, 0, 0)},
    {"decay", {NORMAL(4, 2, 3, 3), POSITIVE(2, 72), NORMAL(4, 2, 3, 3), POSITIVE(4)}, ADAM(0.01f, 0, 0)},
    {"decoupled", {NORMAL(7), POSITIVE(2, 7), NORMAL(7), POSITIVE(4)}, ADAM(0.01f, 0, 1)},
    {"amsgrad", {NORMAL(300), POSITIVE(3, 300), NORMAL(300), POSITIVE(4)}, ADAM(0.01f, 1, 0)},
};

static const struct op_case bad[] = {
    {"state", {NORMAL(7), NORMAL(3, 7), NORMAL(7), POSITIVE(4)}, ADAM(0, 0, 0)},
    {"amsgrad's state", {NORMAL(7), NORMAL(2, 7), NORMAL(7), POSITIVE(4)}, ADAM(0, 1, 0)},
    {"gradient", {NORMAL(7), NORMAL(2, 7), NORMAL(7, 1), POSITIVE(4)}, ADAM(0, 0, 0)},
};
OP_CASES(adam_update, good, bad)
