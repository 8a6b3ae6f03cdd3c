/* Cases of pad: borders, crops, interior, and results that hold nothing of x. */
#include "ops_cases.h"

#define PAD(b, e, ...)                                                                                                 \
    .attrs = &(const struct pad_attrs)                                                                                 \
    {                                                                                                                  \
        b, e, __VA_ARGS__                                                                                              \
    }
#define D(...)                                                                                                         \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"borders", {NORMAL(2, 3, 5, 7)}, PAD(D(0, 0, 1, 2), D(0, 0, 3, 0), D(0), 0)},
    {"borders in fours", {NORMAL(2, 3, 3, 8)}, PAD(D(0, 0, 1, 4), D(0, 0, 0, 4), D(0), 0)},
    {"value", {NORMAL(2, 3, 5, 7)}, PAD(D(0, 1, 1, 1), D(1, 0, 1, 1), D(0), -2.5f)},
    {"interior", {NORMAL(2, 3, 3, 4)}, PAD(D(0, 0, 1, 0), D(0, 0, 0, 2), D(0, 0, 1, 2), 0)},
    {"crop", {NORMAL(2, 3, 5, 7)}, PAD(D(0, 0, -1, -2), D(0, 0, -2, 0), D(0), 0)},
    {"crop one side, grow the other", {NORMAL(1, 2, 5, 7)}, PAD(D(0, 0, -2, 3), D(0, 0, 3, -2), D(0), 1)},
    {"interior and crop", {NORMAL(1, 2, 5, 7)}, PAD(D(0, 0, -1, -4), D(0, 0, -2, -1), D(0, 0, 1, 2), 0.5f)},
    {"nothing of x is left", {NORMAL(1, 2, 3, 3)}, PAD(D(0, 0, 0, -4), D(0, 0, 0, 4), D(0), 3), FORWARD_ONLY},
    {"between the elements", {NORMAL(1, 2, 3, 3)}, PAD(D(0, 0, 0, -1), D(0, 0, 0, -5), D(0, 0, 0, 3), 3), FORWARD_ONLY},
    {"none", {NORMAL(1, 2, 3, 3)}, PAD(D(0), D(0), D(0), 3)},
    {"rank 5", {NORMAL(1, 2, 3, 2, 5)}, PAD(D(0, 0, 1, 1, 1), D(0, 0, 1, 0, 2), D(0, 0, 0, 1, 0), 0)},
    {"reflect", {NORMAL(2, 3, 5, 7)}, PAD(D(0, 0, 1, 2), D(0, 0, 3, 0), D(0), .mode = PAD_REFLECT)},
    {"reflect twice over", {NORMAL(2, 3, 3)}, PAD(D(0, 0, 5), D(0, 1, 7), D(0), .mode = PAD_REFLECT)},
    {"edge", {NORMAL(2, 3, 5, 7)}, PAD(D(0, 0, 1, 2), D(0, 0, 3, 0), D(0), .mode = PAD_EDGE)},
    {"wrap", {NORMAL(2, 3, 5, 7)}, PAD(D(0, 0, 1, 2), D(0, 0, 3, 0), D(0), .mode = PAD_WRAP)},
    {"wrap twice over", {NORMAL(2, 3)}, PAD(D(0, 7), D(3, 4), D(0), .mode = PAD_WRAP)},
    {"reflect and crop", {NORMAL(2, 3, 5, 7)}, PAD(D(0, 0, -2, 2), D(0, 0, 3, -1), D(0), .mode = PAD_REFLECT)},
    {"edge of one", {NORMAL(2, 1)}, PAD(D(0, 3), D(1, 2), D(0), .mode = PAD_EDGE)},
    {"reflect of one", {NORMAL(2, 1)}, PAD(D(0, 3), D(1, 2), D(0), .mode = PAD_REFLECT)},
    {"reflect none", {NORMAL(2, 3)}, PAD(D(0), D(0), D(0), .mode = PAD_REFLECT)},
    {"reflect rank 5", {NORMAL(2, 1, 3, 4, 5)}, PAD(D(1, 0, 1, 0, 2), D(0, 0, 1, 1, 1), D(0), .mode = PAD_REFLECT)},
};

static const struct op_case bad[] = {
    {"empty result", {NORMAL(2, 3)}, PAD(D(0, -2), D(0, -1), D(0), 0)},
    {"negative interior", {NORMAL(2, 3)}, PAD(D(0), D(0), D(0, -1), 0)},
    {"mode", {NORMAL(2, 3)}, PAD(D(0), D(0), D(0), .mode = PAD_WRAP + 1)},
    {"interior of reflect", {NORMAL(2, 3)}, PAD(D(0), D(0), D(0, 1), .mode = PAD_REFLECT)},
    {"too large", {NORMAL(2, 3)}, PAD(D(0, 2147483647), D(0, 2147483647), D(0), 0)},
};

OP_CASES(pad, good, bad)
