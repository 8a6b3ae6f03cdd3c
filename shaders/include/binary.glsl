// The functions of binary.comp and binary_strided.comp, one element.
#ifndef LIMN_BINARY_GLSL
#define LIMN_BINARY_GLSL

#include "math.glsl"
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
    case BINARY_POW: return power(a, b);
    case BINARY_MIN: return mix(mix(b, a, lessThan(a, b)), a, isnan(a));
    case BINARY_MAX: return mix(mix(b, a, greaterThan(a, b)), a, isnan(a));
    case BINARY_MOD: return vec4(modulo(a.x, b.x), modulo(a.y, b.y), modulo(a.z, b.z), modulo(a.w, b.w));
    case BINARY_FMOD:
        return vec4(remainder_of(a.x, b.x), remainder_of(a.y, b.y), remainder_of(a.z, b.z), remainder_of(a.w, b.w));
    case BINARY_PRELU: return mix(a, b * a, lessThanEqual(a, vec4(0)));
    case BINARY_EQUAL: return vec4(equal(a, b));
    case BINARY_LESS: return vec4(lessThan(a, b));
    case BINARY_LESS_OR_EQUAL: return vec4(lessThanEqual(a, b));
    case BINARY_GREATER: return vec4(greaterThan(a, b));
    case BINARY_GREATER_OR_EQUAL: return vec4(greaterThanEqual(a, b));
    case BINARY_AND: return vec4(uvec4(notEqual(a, vec4(0))) & uvec4(notEqual(b, vec4(0))));
    case BINARY_OR: return vec4(uvec4(notEqual(a, vec4(0))) | uvec4(notEqual(b, vec4(0))));
    case BINARY_XOR: return vec4(uvec4(notEqual(a, vec4(0))) ^ uvec4(notEqual(b, vec4(0))));
    case BINARY_GATE_DECONV: return mix(a, vec4(0), lessThanEqual(a, vec4(0)));
    default: return a;
    }
}

#endif
