/* The shapes that every elementwise operator is tried on: rows of a case table. KIND is NORMAL, DISTINCT, ...; what
 * follows it goes into each row (attributes, fill, slack). */
#ifndef LIMN_TEST_ELEMENTWISE_CASES_H
#define LIMN_TEST_ELEMENTWISE_CASES_H

#include "ops_cases.h"

#define UNARY_ROWS(KIND, ...)                                                                                          \
    {"one element", {KIND(1)}, __VA_ARGS__}, {"scalar", {SCALAR_##KIND}, __VA_ARGS__},                                 \
        {"tail of a vec4", {KIND(2, 3, 5, 7)}, __VA_ARGS__}, {"whole vec4s", {KIND(2, 4, 8)}, __VA_ARGS__},            \
        {"five dimensions", {KIND(1, 3, 2, 5, 3)}, __VA_ARGS__},                                                       \
    {                                                                                                                  \
        "several work groups", {KIND(2, 17, 33, 13)}, .flags = FORWARD_ONLY, __VA_ARGS__                               \
    }

/* a of kind A, b of kind B, broadcast on either side up to five dimensions. */
#define BINARY_ROWS(A, B, ...)                                                                                         \
    {"same shape", {A(2, 3, 5, 7), B(2, 3, 5, 7)}, __VA_ARGS__},                                                       \
        {"same shape, whole vec4s", {A(2, 4, 8), B(2, 4, 8)}, __VA_ARGS__},                                            \
        {"one element", {A(1), B(1, 1)}, __VA_ARGS__}, {"scalar on the left", {SCALAR_##A, B(3, 5)}, __VA_ARGS__},     \
        {"scalar on the right", {A(3, 5), SCALAR_##B}, __VA_ARGS__},                                                   \
        {"both scalars", {SCALAR_##A, SCALAR_##B}, __VA_ARGS__},                                                       \
        {"per channel", {A(2, 5, 7, 3), B(5, 1, 1)}, __VA_ARGS__},                                                     \
        {"per image and channel", {A(2, 5, 7, 3), B(2, 5, 1, 1)}, __VA_ARGS__},                                        \
        {"per pixel, left smaller", {A(2, 1, 7, 3), B(2, 5, 7, 3)}, __VA_ARGS__},                                      \
        {"bias of a matrix", {A(17, 13), B(13)}, __VA_ARGS__},                                                         \
        {"both broadcast", {A(3, 1, 5), B(1, 7, 5)}, __VA_ARGS__},                                                     \
        {"alternating, five dimensions", {A(2, 1, 3, 1, 5), B(1, 7, 1, 3, 1)}, __VA_ARGS__},                           \
        {"several work groups", {A(2, 33, 17, 13), B(2, 33, 17, 13)}, .flags = FORWARD_ONLY, __VA_ARGS__},             \
    {                                                                                                                  \
        "several work groups, per channel", {A(2, 33, 17, 13), B(33, 1, 1)}, .flags = FORWARD_ONLY, __VA_ARGS__        \
    }

#define BINARY_BAD_ROWS                                                                                                \
    {"neither is 1", {NORMAL(2, 3), NORMAL(2, 4)}}, {"leading dimension", {NORMAL(2, 3, 5), NORMAL(3, 3, 5)}},         \
    {                                                                                                                  \
        "too far right",                                                                                               \
        {                                                                                                              \
            NORMAL(2, 3), NORMAL(2)                                                                                    \
        }                                                                                                              \
    }

/* For fill: input i becomes scale * x + shift of what it was. */
static inline void elementwise_rescale(const struct op_call *call, int i, double *x, double scale, double shift)
{
    for (size_t k = 0; k < shape_elems(&call->in[i]); k++) {
        x[k] = (double)(float)(scale * x[k] + shift);
    }
}

/* For fill: both inputs from one set of distinct numbers, so that no difference of 1e-4 changes the choice. */
static inline void elementwise_apart(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    elementwise_rescale(call, 1, in[1], 1, 0.0005);
}

/* For fill: some NaN and infinities among the few whole numbers. */
static inline void elementwise_edges(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < shape_elems(&call->in[i]); k++) {
            in[i][k] = k % 7 == 3 ? NAN : k % 11 == 5 ? -INFINITY : k % 13 == 6 ? INFINITY : in[i][k] - 1;
        }
    }
}

/* For fill: b is 1.5 or -1.5 and a is off the multiples of it. */
static inline void elementwise_between(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    for (size_t k = 0; k < shape_elems(&call->in[1]); k++) {
        in[1][k] = in[1][k] < 0 ? -1.5 : 1.5;
    }
    for (size_t k = 0; k < shape_elems(&call->in[0]); k++) {
        in[0][k] = (double)(float)(1.5 * in[0][k]);
    }
}

/* For fill: whole numbers, of which some divide others, and divisors that are not short in binary. */
static inline void elementwise_multiples(const struct op_call *call, uint64_t seed, double *const *in)
{
    (void)seed;
    elementwise_rescale(call, 1, in[1], 0.1, -0.45);
    for (size_t k = 0; k < shape_elems(&call->in[0]); k += 2) {
        in[0][k] = (double)(float)(in[1][k] * in[0][k]);
    }
}

/* Comparisons and logic: few values, so that all outcomes occur; NaN and infinities. */
#define PREDICATE_CASES(name)                                                                                          \
    static const struct op_case good[] = {                                                                             \
        BINARY_ROWS(NORMAL, NORMAL, .slack = 1),                                                                       \
        {"few values", {INDEX(3, 5, 7, 3), INDEX(3, 5, 7, 3)}},                                                        \
        {"few values, broadcast", {INDEX(3, 5, 7, 3), INDEX(3, 7, 1)}},                                                \
        {"edges", {INDEX(3, 5, 7, 11), INDEX(3, 5, 7, 11)}, .fill = elementwise_edges},                                \
    };                                                                                                                 \
    static const struct op_case bad[] = {BINARY_BAD_ROWS};                                                             \
    OP_CASES(name, good, bad)

/* Remainders: quotients off whole numbers, where the gradient jumps, and forward on them. */
#define REMAINDER_CASES(name)                                                                                          \
    static const struct op_case good[] = {                                                                             \
        BINARY_ROWS(DISTINCT, NONZERO, .fill = elementwise_between),                                                   \
        {"large quotients, multiples",                                                                                 \
         {INDEX(100000, 5, 7), INDEX(9, 5, 7)},                                                                        \
         .flags = FORWARD_ONLY,                                                                                        \
         .fill = elementwise_multiples},                                                                               \
    };                                                                                                                 \
    static const struct op_case bad[] = {BINARY_BAD_ROWS};                                                             \
    OP_CASES(name, good, bad)

#endif
