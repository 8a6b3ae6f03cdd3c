// The functions of binary.comp and binary_strided.comp, one element.
#ifndef LIMN_BINARY_GLSL
#define LIMN_BINARY_GLSL

#include "push/binary.h"

layout(constant_id = 3) const uint FN = 0;

// A gradient g passed back through a piecewise-linear activation with output m (enum gate in engine/ops/ops.h).
vec4 gate(vec4 g, vec4 m, float lo, float hi, float slope)
{
    vec4 y = mix(slope * g, g, equal(uvec4(greaterThan(m, vec4(lo))) & uvec4(lessThan(m, vec4(hi))), uvec4(1)));
    if (FN == BINARY_GATE_GUIDED) {
        y = mix(y, vec4(0), lessThanEqual(g, vec4(0)));
    }
    return y;
}

vec4 binary(vec4 a, vec4 b)
{
    switch (FN) {
    case BINARY_ADD: return a + b;
    case BINARY_SUB: return a - b;
    case BINARY_MUL: return a * b;
    case BINARY_DIV: return a / b;
    case BINARY_GATE_DECONV: return mix(a, vec4(0), lessThanEqual(a, vec4(0)));
    default: return a;
    }
}

#endif
