/* Cases of the operator tests. Every operator of ops.def has one file tests/ops/case_<op>.c that exports its cases,
 * which test_ops.c walks (an operator without one does not link):
 *
 *     #include "ops_cases.h"
 *
 *     static const struct op_case good[] = {
 *         {"stride 2", {NORMAL(2, 3, 7, 5), NORMAL(4, 3, 3, 3)}, .attrs = &(const struct conv_attrs){...}},
 *         {"no bias", {NORMAL(2, 3, 7, 5), NORMAL(4, 3, 3, 3), ABSENT, NORMAL(2, 4, 5, 3)}, .attrs = ...},
 *     };
 *     static const struct op_case bad[] = { // infer must refuse these with a text
 *         {"channels", {NORMAL(1, 3, 7, 7), NORMAL(4, 2, 3, 3)}, .attrs = ...},
 *     };
 *     OP_CASES(conv, good, bad)             // or OP_CASES_GOOD(conv, good) where no shape is bad
 *
 * Every good case is run forward by reference and shader; its vjp is checked against central differences unless the
 * operator has none or the case says FORWARD_ONLY (use it for large cases whose gradient a smaller case covers). */
#ifndef LIMN_TEST_OPS_CASES_H
#define LIMN_TEST_OPS_CASES_H

#include <math.h>

#include "ops/ops.h"

/* Cases are tables whose rows name only what they need. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define OP_CASE_MAX_IN 8

enum op_case_kind {
    CASE_END = 0,  /* no more inputs */
    CASE_ABSENT,   /* an optional input that is left out */
    CASE_NORMAL,   /* standard normal */
    CASE_DISTINCT, /* all values differ by at least 2e-3 where n allows, none within 1e-3 of an integer */
    CASE_POSITIVE, /* [0.5, 2) */
    CASE_NONZERO,  /* as POSITIVE with a random sign */
    CASE_INDEX,    /* integers 0 .. range-1 */
};

struct op_case_in {
    uint8_t kind; /* enum op_case_kind */
    int8_t rank;
    int32_t range;
    int32_t dim[SHAPE_MAX_RANK];
};

#define CASE_RANK(...) ((int8_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)))
#define CASE_IN(k, r, ...)                                                                                             \
    {                                                                                                                  \
        .kind = (k), .rank = CASE_RANK(__VA_ARGS__), .range = (r), .dim = { __VA_ARGS__ }                              \
    }
#define NORMAL(...) CASE_IN(CASE_NORMAL, 0, __VA_ARGS__)
/* For maxima and kinks at whole numbers (relu, relu6, abs, max pooling, gates): differences stay on one side. */
#define DISTINCT(...) CASE_IN(CASE_DISTINCT, 0, __VA_ARGS__)
#define POSITIVE(...) CASE_IN(CASE_POSITIVE, 0, __VA_ARGS__)
#define NONZERO(...) CASE_IN(CASE_NONZERO, 0, __VA_ARGS__)
#define INDEX(range, ...) CASE_IN(CASE_INDEX, range, __VA_ARGS__)
#define SCALAR_NORMAL                                                                                                  \
    {                                                                                                                  \
        .kind = CASE_NORMAL, .rank = 0                                                                                 \
    }
#define SCALAR_DISTINCT                                                                                                \
    {                                                                                                                  \
        .kind = CASE_DISTINCT, .rank = 0                                                                               \
    }
#define SCALAR_POSITIVE                                                                                                \
    {                                                                                                                  \
        .kind = CASE_POSITIVE, .rank = 0                                                                               \
    }
#define SCALAR_NONZERO                                                                                                 \
    {                                                                                                                  \
        .kind = CASE_NONZERO, .rank = 0                                                                                \
    }
#define ABSENT                                                                                                         \
    {                                                                                                                  \
        .kind = CASE_ABSENT                                                                                            \
    }

enum op_case_flag {
    FORWARD_ONLY = 1, /* no gradient check */
};

struct op_case {
    const char *name;
    struct op_case_in in[OP_CASE_MAX_IN]; /* up to the first CASE_END */
    const void *attrs;
    uint32_t flags;
    uint32_t const_in;  /* bit i: input i gets no cotangent (indices) */
    uint32_t const_out; /* bit k: output k carries no cotangent (indices) */
    float slack;        /* multiplies op->tol; 0 means 1. Say why beside it. */
    /* Optional: overwrites inputs after they were filled (index inputs that must be consistent), with float values. */
    void (*fill)(const struct op_call *call, uint64_t seed, double *const *in);
};

struct op_case_list {
    const char *op;
    const struct op_case *good, *bad;
    size_t n_good, n_bad;
};

#define OP_CASES(name, good_, bad_)                                                                                    \
    extern const struct op_case_list cases_##name;                                                                     \
    const struct op_case_list cases_##name = {#name, (good_), (bad_), sizeof(good_) / sizeof((good_)[0]),              \
                                              sizeof(bad_) / sizeof((bad_)[0])};
#define OP_CASES_GOOD(name, good_)                                                                                     \
    extern const struct op_case_list cases_##name;                                                                     \
    const struct op_case_list cases_##name = {#name, (good_), NULL, sizeof(good_) / sizeof((good_)[0]), 0};

#endif
