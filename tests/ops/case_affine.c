/* Cases of affine: scale and shift. */
#include "ops_cases.h"

#define ATTRS(...)                                                                                                     \
    .attrs = &(const struct affine_attrs)                                                                              \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"one element", {NORMAL(1)}, ATTRS(-1.5f, 0.25f)},
    {"scalar", {SCALAR_NORMAL}, ATTRS(-1.5f, 0.25f)},
    {"tail of a vec4", {NORMAL(2, 3, 5, 7)}, ATTRS(-1.5f, 0.25f)},
    {"whole vec4s", {NORMAL(2, 4, 8)}, ATTRS(-1.5f, 0.25f)},
    {"five dimensions", {NORMAL(1, 3, 2, 5, 3)}, ATTRS(-1.5f, 0.25f)},
    {"constant", {NORMAL(2, 3, 5)}, ATTRS(0, 3)},
    {"several work groups", {NORMAL(2, 17, 33, 13)}, ATTRS(-1.5f, 0.25f), .flags = FORWARD_ONLY},
};
OP_CASES_GOOD(affine, good)
