/* Cases of batch_norm_train_grad: any mean and variance will do. */
#include "ops_cases.h"

#define PARAMS(c) NORMAL(c), NORMAL(c), POSITIVE(c)
#define EPS                                                                                                            \
    .attrs = &(const struct batch_norm_attrs)                                                                          \
    {                                                                                                                  \
        1e-5f                                                                                                          \
    }

static const struct op_case good[] = {
    {"7x5", {NORMAL(2, 3, 7, 5), NORMAL(2, 3, 7, 5), PARAMS(3)}, EPS},
    {"4x4", {NORMAL(2, 5, 4, 4), NORMAL(2, 5, 4, 4), PARAMS(5)}, EPS},
    {"vectors", {NORMAL(7, 13), NORMAL(7, 13), PARAMS(13)}, EPS},
    {"parts", {NORMAL(5, 3, 17, 13), NORMAL(5, 3, 17, 13), PARAMS(3)}, EPS, .flags = FORWARD_ONLY},
    {"parts, vec4", {NORMAL(5, 3, 16, 12), NORMAL(5, 3, 16, 12), PARAMS(3)}, EPS, .flags = FORWARD_ONLY},
    {"many channels", {NORMAL(2, 600, 2, 2), NORMAL(2, 600, 2, 2), PARAMS(600)}, EPS, .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"gradient", {NORMAL(2, 3, 7, 4), NORMAL(2, 3, 7, 5), PARAMS(3)}, EPS},
    {"mean", {NORMAL(2, 3, 7, 5), NORMAL(2, 3, 7, 5), NORMAL(3), NORMAL(4), POSITIVE(3)}, EPS},
};
OP_CASES(batch_norm_train_grad, good, bad)
