/* Attributes of the convolution cases. */
#ifndef LIMN_TEST_CONV_CASES_H
#define LIMN_TEST_CONV_CASES_H

#include <math.h>

#include "ops_cases.h"

/* Height and width alike: stride, padding, dilation, groups. */
#define ATTRS_2D(s, p, d, g)                                                                                           \
    .stride = {1, s, s}, .pad_begin = {0, p, p}, .pad_end = {0, p, p}, .dilation = {1, d, d}, .groups = g
#define ATTRS_3D(s, p, d, g)                                                                                           \
    .stride = {s, s, s}, .pad_begin = {p, p, p}, .pad_end = {p, p, p}, .dilation = {d, d, d}, .groups = g
/* Width alone, for rank 3. */
#define ATTRS_1D(s, b, e, d, g)                                                                                        \
    .stride = {1, 1, s}, .pad_begin = {0, 0, b}, .pad_end = {0, 0, e}, .dilation = {1, 1, d}, .groups = g
#define CONV(...)                                                                                                      \
    .attrs = &(const struct conv_attrs)                                                                                \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define CONV_2D(s, p, d, g) CONV(ATTRS_2D(s, p, d, g))
#define CONV_3D(s, p, d, g) CONV(ATTRS_3D(s, p, d, g))
#define RELU_GATE(kind) .epi = {.gate = (kind), .gate_lo = 0, .gate_hi = INFINITY}
#define RELU6_GATE(kind) .epi = {.gate = (kind), .gate_lo = 0, .gate_hi = 6}

#endif
