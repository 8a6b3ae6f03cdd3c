/* Cases of cumsum: either end, with and without the element, long rows shared by a workgroup. */
#include "ops_cases.h"

#define ALONG(...)                                                                                                     \
    .attrs = &(const struct cumsum_attrs)                                                                              \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"first axis", {NORMAL(5, 7)}, ALONG(.axis = 0)},
    {"last axis", {NORMAL(5, 7)}, ALONG(.axis = 1)},
    {"exclusive", {NORMAL(2, 6, 3)}, ALONG(.axis = 1, .exclusive = 1)},
    {"reverse", {NORMAL(2, 6, 3)}, ALONG(.axis = 1, .reverse = 1)},
    {"exclusive, reverse", {NORMAL(2, 6, 3)}, ALONG(.axis = 1, .exclusive = 1, .reverse = 1)},
    {"one element", {NORMAL(1)}, ALONG(.axis = 0, .exclusive = 1)},
    {"axis of one", {NORMAL(3, 1, 2)}, ALONG(.axis = 1)},
    {"rank 5", {NORMAL(2, 1, 3, 4, 5)}, ALONG(.axis = 2)},
    {"long row", {NORMAL(1000)}, ALONG(.axis = 0), .flags = FORWARD_ONLY},
    {"long rows, reverse", {NORMAL(3, 301, 2)}, ALONG(.axis = 1, .exclusive = 1, .reverse = 1), .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"axis", {NORMAL(5, 7)}, ALONG(.axis = 2)},
    {"negative axis", {NORMAL(5, 7)}, ALONG(.axis = -1)},
};

OP_CASES(cumsum, good, bad)
