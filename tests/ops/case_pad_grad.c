/* Cases of pad_grad: the adjoints of the cases of pad that take what stands outside from x. */
#include "ops_cases.h"

#define PAD(m, b, e)                                                                                                   \
    .attrs = &(const struct pad_attrs)                                                                                 \
    {                                                                                                                  \
        .begin = b, .end = e, .mode = (m)                                                                              \
    }
#define D(...)                                                                                                         \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"reflect", {NORMAL(2, 3, 9, 9)}, PAD(PAD_REFLECT, D(0, 0, 1, 2), D(0, 0, 3, 0))},
    {"edge", {NORMAL(2, 3, 9, 9)}, PAD(PAD_EDGE, D(0, 0, 1, 2), D(0, 0, 3, 0))},
    {"wrap", {NORMAL(2, 3, 9, 9)}, PAD(PAD_WRAP, D(0, 0, 1, 2), D(0, 0, 3, 0))},
    {"reflect and crop", {NORMAL(2, 3, 5, 8)}, PAD(PAD_REFLECT, D(0, 0, -2, 2), D(0, 0, 3, -1))},
    {"rank 5", {NORMAL(3, 1, 4, 5, 6)}, PAD(PAD_REFLECT, D(1, 0, 1, 0, 2), D(0, 0, 1, 1, 1))},
    {"none", {NORMAL(2, 3)}, PAD(PAD_EDGE, D(0), D(0))},
};

static const struct op_case bad[] = {
    {"nothing left", {NORMAL(2, 3)}, PAD(PAD_EDGE, D(0, 2), D(0, 1))},
    {"constant", {NORMAL(2, 3)}, PAD(PAD_CONSTANT, D(0), D(0))},
};

OP_CASES(pad_grad, good, bad)
