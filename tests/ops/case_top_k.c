/* Cases of top_k: both ends, ties, all of a row, rows that a workgroup shares. */
#include "ops_cases.h"

#define TOP(...)                                                                                                       \
    .const_out = 2, .attrs = &(const struct top_k_attrs)                                                               \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"largest", {DISTINCT(3, 7)}, TOP(1, 3, 0)},
    {"smallest", {DISTINCT(3, 7)}, TOP(1, 3, 1)},
    {"first axis", {DISTINCT(7, 3)}, TOP(0, 2, 0)},
    {"all", {DISTINCT(2, 6)}, TOP(1, 6, 0)},
    {"one element", {DISTINCT(1)}, TOP(0, 1, 0)},
    {"rank 5", {DISTINCT(2, 1, 6, 3, 2)}, TOP(2, 4, 1)},
    {"ties", {INDEX(3, 4, 9)}, TOP(1, 5, 0), .flags = FORWARD_ONLY},
    {"ties, smallest, shared", {INDEX(9, 2, 130)}, TOP(1, 70, 1), .flags = FORWARD_ONLY},
    {"logits", {NORMAL(1, 1000)}, TOP(1, 5, 0), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"axis", {NORMAL(5, 7)}, TOP(2, 1, 0)},
    {"k", {NORMAL(5, 7)}, TOP(1, 8, 0)},
    {"k 0", {NORMAL(5, 7)}, TOP(1, 0, 0)},
};

OP_CASES(top_k, good, bad)
