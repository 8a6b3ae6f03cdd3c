// y = f(x; a, b) for elementwise functions. One invocation takes four elements; the last one may take fewer, through
// the float view of the same buffer (a buffer need not be a multiple of 16 bytes). x and y may be the same buffer.
// Bindings: x (vec4), x (float), y (vec4), y (float). Grid: kernel_grid_1d over ceil(n / 4) invocations.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/unary.h"

layout(constant_id = 3) const uint FN = 0;

layout(set = 0, binding = 0) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 1) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2) writeonly buffer Y4 { vec4 y4[]; };
layout(set = 0, binding = 3) writeonly buffer Y1 { float y1[]; };
layout(push_constant) uniform Push { PUSH_UNARY };

// NaN must pass through: comparisons are written so that it does, and see exp_nan in common.glsl.
vec4 relu(vec4 x)
{
    return mix(x, vec4(0), lessThanEqual(x, vec4(0)));
}

vec4 relu6(vec4 x)
{
    return mix(relu(x), vec4(6), greaterThanEqual(x, vec4(6)));
}

vec4 sigmoid(vec4 x)
{
    return mix(1 / (1 + exp(-x)), x, isnan(x));
}

vec4 f(vec4 x)
{
    switch (FN) {
    case UNARY_RELU: return relu(x);
    case UNARY_RELU6: return relu6(x);
    case UNARY_LEAKY_RELU: return mix(x, a * x, lessThanEqual(x, vec4(0)));
    case UNARY_SIGMOID: return sigmoid(x);
    case UNARY_TANH: {
        vec4 t = exp(-2 * abs(x)); // tanh() overflows on some drivers
        return mix(sign(x) * (1 - t) / (1 + t), x, isnan(x));
    }
    case UNARY_SILU: return x * sigmoid(x);
    case UNARY_HARD_SWISH: return x * relu6(x + 3) / 6;
    case UNARY_AFFINE: return a * x + b;
    case UNARY_EXP: return mix(exp(x), x, isnan(x));
    case UNARY_LOG: return vec4(log_nan(x.x), log_nan(x.y), log_nan(x.z), log_nan(x.w));
    case UNARY_SQRT: return sqrt(x);
    default: return abs(x);
    }
}

void main()
{
    uint i = flat_id(), e = 4 * i;
    if (e + 4 <= n) {
        y4[i] = f(x4[i]);
        return;
    }
    for (; e < n; e++) {
        y1[e] = f(vec4(x1[e])).x;
    }
}
