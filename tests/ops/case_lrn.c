/* Cases of lrn: odd and even windows, more of them than channels, other powers. */
#include "ops_cases.h"

#define LRN(...)                                                                                                       \
    .attrs = &(const struct lrn_attrs)                                                                                 \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"alexnet", {NORMAL(2, 7, 3, 5)}, LRN(5, 1, 0.75f, 1)},
    {"even", {NORMAL(2, 7, 3, 5)}, LRN(4, 0.5f, 0.75f, 2)},
    {"power 1/2", {NORMAL(2, 6, 3, 2)}, LRN(3, 1.5f, 0.5f, 1)},
    {"one channel", {NORMAL(2, 1, 3, 2)}, LRN(5, 1, 0.75f, 1)},
    {"window of one", {NORMAL(2, 4, 3)}, LRN(1, 1, 0.75f, 1)},
    {"rank 2", {NORMAL(2, 9)}, LRN(3, 1, 0.75f, 1)},
    {"rank 5", {NORMAL(1, 5, 2, 3, 2)}, LRN(9, 1, 0.75f, 1)},
    {"usual constants", {NORMAL(1, 96, 13, 13)}, LRN(5, 1e-4f, 0.75f, 1), FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"size", {NORMAL(2, 7, 3, 5)}, LRN(0, 1, 0.75f, 1)},
    {"rank", {NORMAL(7)}, LRN(5, 1, 0.75f, 1)},
};

OP_CASES(lrn, good, bad)
