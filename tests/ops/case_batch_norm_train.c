/* Cases of batch_norm_train: as batch_norm; parts of every kind (one, several, a short last one). */
#include "ops_cases.h"

#define PARAMS(c) NORMAL(c), NORMAL(c)
#define EPS                                                                                                            \
    .attrs = &(const struct batch_norm_attrs)                                                                          \
    {                                                                                                                  \
        1e-5f                                                                                                          \
    }

static const struct op_case good[] = {
    {"7x5", {NORMAL(2, 3, 7, 5), PARAMS(3)}, EPS},
    {"4x4", {NORMAL(2, 5, 4, 4), PARAMS(5)}, EPS},
    {"3-D", {NORMAL(2, 3, 2, 3, 5), PARAMS(3)}, EPS},
    {"vectors", {NORMAL(7, 13), PARAMS(13)}, EPS},
    {"large epsilon", {NORMAL(1, 3, 3, 3), PARAMS(3)}, .attrs = &(const struct batch_norm_attrs){0.5f}, .const_out = 6},
    {"positive", {POSITIVE(3, 2, 5, 7), PARAMS(2)}, EPS},
    {"parts", {NORMAL(5, 3, 17, 13), PARAMS(3)}, EPS, .flags = FORWARD_ONLY},
    {"parts, vec4", {NORMAL(5, 3, 16, 12), PARAMS(3)}, EPS, .flags = FORWARD_ONLY},
    {"many channels", {NORMAL(2, 600, 2, 2), PARAMS(600)}, EPS, .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"no channels", {NORMAL(5), PARAMS(5)}, EPS},
    {"gamma", {NORMAL(2, 3, 7, 5), NORMAL(2), NORMAL(3)}, EPS},
    {"rank of beta", {NORMAL(2, 3, 7, 5), NORMAL(3), NORMAL(3, 1)}, EPS},
};
OP_CASES(batch_norm_train, good, bad)
