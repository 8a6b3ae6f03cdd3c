/* Cases of reshape: a view, so nothing may move. */
#include "ops_cases.h"

#define TO(...)                                                                                                        \
    .attrs = &(const struct reshape_attrs)                                                                             \
    {                                                                                                                  \
        CASE_RANK(__VA_ARGS__),                                                                                        \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }

static const struct op_case good[] = {
    {"flatten", {NORMAL(2, 3, 5, 7)}, TO(2, 105)},
    {"add ones", {NORMAL(13)}, TO(1, 13, 1, 1)},
    {"scalar to vector", {SCALAR_NORMAL}, TO(1)},
    {"vector to scalar", {NORMAL(1)}, .attrs = &(const struct reshape_attrs){0, {0}}},
    {"mix", {NORMAL(3, 4, 5)}, TO(5, 2, 3, 2)},
};

static const struct op_case bad[] = {
    {"count", {NORMAL(2, 3)}, TO(7)},
    {"zero", {NORMAL(2, 3)}, TO(0, 6)},
    {"negative", {NORMAL(2, 3)}, TO(-2, -3)},
    {"rank", {NORMAL(1)}, .attrs = &(const struct reshape_attrs){6, {1, 1, 1, 1, 1}}},
};
OP_CASES(reshape, good, bad)
