/* Cases of arg_min: axes, ties, one row and many. */
#include "ops_cases.h"

#define ALONG(...)                                                                                                     \
    .attrs = &(const struct arg_attrs)                                                                                 \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"channels", {NORMAL(2, 5, 3, 4)}, ALONG(1, 1, 0)},
    {"channels, last", {NORMAL(2, 5, 3, 4)}, ALONG(1, 0, 1)},
    {"ties, first", {INDEX(3, 4, 9)}, ALONG(1, 1, 0)},
    {"ties, last", {INDEX(3, 4, 9)}, ALONG(1, 1, 1)},
    {"vector", {NORMAL(9)}, ALONG(0, 0, 0)},
    {"one element", {NORMAL(1)}, ALONG(0, 1, 0)},
    {"rank 5, first axis", {NORMAL(3, 1, 4, 3, 5)}, ALONG(0, 0, 0)},
    {"logits", {NORMAL(3, 1000)}, ALONG(1, 0, 0)},
    {"logits, ties", {INDEX(5, 2, 300)}, ALONG(1, 0, 1)},
    {"many rows", {NORMAL(2, 21, 50, 50)}, ALONG(1, 1, 0)},
};

static const struct op_case bad[] = {
    {"axis", {NORMAL(5, 7)}, ALONG(2, 1, 0)},
    {"negative axis", {NORMAL(5, 7)}, ALONG(-1, 1, 0)},
};

OP_CASES(arg_min, good, bad)
