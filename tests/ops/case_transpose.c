/* Cases of transpose. */
#include "ops_cases.h"

#define PERM(...)                                                                                                      \
    .attrs = &(const struct transpose_attrs)                                                                           \
    {                                                                                                                  \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }

static const struct op_case good[] = {
    {"matrix", {NORMAL(7, 13)}, PERM(1, 0)},
    {"identity", {NORMAL(3, 4)}, PERM(0, 1)},
    {"NCHW to NHWC", {NORMAL(2, 3, 5, 7)}, PERM(0, 2, 3, 1)},
    {"NHWC to NCHW", {NORMAL(2, 5, 7, 3)}, PERM(0, 3, 1, 2)},
    {"rows stay whole, in fours", {NORMAL(2, 3, 5, 8)}, PERM(0, 2, 1, 3)},
    {"channel shuffle", {NORMAL(1, 2, 3, 4, 5)}, PERM(0, 2, 1, 3, 4)},
    {"all turned", {NORMAL(1, 2, 3, 4, 5)}, PERM(4, 3, 2, 1, 0)},
    {"vector", {NORMAL(17)}, PERM(0)},
};

static const struct op_case bad[] = {
    {"twice the same", {NORMAL(2, 3)}, PERM(1, 1)},
    {"past the rank", {NORMAL(2, 3)}, PERM(0, 2)},
    {"negative", {NORMAL(2, 3)}, PERM(0, -1)},
};

OP_CASES(transpose, good, bad)
