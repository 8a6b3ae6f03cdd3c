/* Cases of broadcast_to: new leading dimensions and inner ones. */
#include "ops_cases.h"

#define TO(...)                                                                                                        \
    .attrs = &(const struct broadcast_attrs)                                                                           \
    {                                                                                                                  \
        CASE_RANK(__VA_ARGS__),                                                                                        \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }

static const struct op_case good[] = {
    {"same", {NORMAL(2, 3, 5)}, TO(2, 3, 5)},
    {"scalar", {SCALAR_NORMAL}, TO(3, 5, 7)},
    {"leading", {NORMAL(5, 3)}, TO(2, 7, 5, 3)},
    {"inner", {NORMAL(2, 5, 1, 1)}, TO(2, 5, 7, 3)},
    {"middle", {NORMAL(2, 1, 7)}, TO(2, 5, 7)},
    {"alternating", {NORMAL(1, 3, 1, 5, 1)}, TO(2, 3, 7, 5, 3)},
    {"ones", {NORMAL(1)}, TO(1, 1, 1)},
    {"several work groups", {NORMAL(33, 1, 1)}, TO(2, 33, 17, 13), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"not 1", {NORMAL(2, 3)}, TO(2, 5)},
    {"fewer dimensions", {NORMAL(2, 3)}, TO(3)},
    {"shrinks", {NORMAL(2, 3)}, TO(2, 1)},
    {"zero", {NORMAL(1)}, TO(0)},
    {"rank", {NORMAL(1)}, .attrs = &(const struct broadcast_attrs){6, {1, 1, 1, 1, 1}}},
};
OP_CASES(broadcast_to, good, bad)
