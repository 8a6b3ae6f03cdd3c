/* Cases of batch_norm: planes of whole vec4s and not, rank 2 to 5. */
#include "ops_cases.h"

#define PARAMS(c) NORMAL(c), NORMAL(c), NORMAL(c), POSITIVE(c)
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
    {"one channel, one element", {NORMAL(1, 1, 1, 1), PARAMS(1)}, EPS},
    {"large epsilon", {NORMAL(1, 3, 3, 3), PARAMS(3)}, .attrs = &(const struct batch_norm_attrs){0.5f}},
    {"several work groups", {NORMAL(2, 33, 17, 13), PARAMS(33)}, EPS, .flags = FORWARD_ONLY},
    {"several work groups, vec4", {NORMAL(2, 33, 8, 12), PARAMS(33)}, EPS, .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"no channels", {NORMAL(5), PARAMS(5)}, EPS},
    {"gamma", {NORMAL(2, 3, 7, 5), NORMAL(2), NORMAL(3), NORMAL(3), POSITIVE(3)}, EPS},
    {"variance", {NORMAL(2, 3, 7, 5), NORMAL(3), NORMAL(3), NORMAL(3), POSITIVE(7)}, EPS},
    {"rank of mean", {NORMAL(2, 3, 7, 5), NORMAL(3), NORMAL(3), NORMAL(3, 1), POSITIVE(3)}, EPS},
};
OP_CASES(batch_norm, good, bad)
