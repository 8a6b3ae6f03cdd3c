// y = f(x; a, b) for elementwise functions. One invocation takes four elements; the last one may take fewer, through
// the float view of the same buffer (a buffer need not be a multiple of 16 bytes). x and y may be the same buffer.
// Bindings: x (vec4), x (float), y (vec4), y (float). Grid: kernel_grid_1d over ceil(n / 4) invocations.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "math.glsl"
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

// The upper limit wins where they cross.
vec4 bound(vec4 x, float low, float high)
{
    vec4 y = mix(x, vec4(low), lessThan(x, vec4(low)));
    return mix(y, vec4(high), greaterThan(y, vec4(high)));
}

// x tanh(log(1 + e^x)) = x n / (n + 2) with n = e^x (e^x + 2)
vec4 mish(vec4 x)
{
    vec4 e = exp(min(x, vec4(20))), n = e * (e + 2);
    return mix(mix(x * (n / (n + 2)), x, greaterThan(x, vec4(20))), x, isnan(x));
}

vec4 g(vec4 x)
{
    switch (FN) {
    case UNARY_SIGN: return mix(sign(x), x, isnan(x));
    case UNARY_FLOOR: return floor(x);
    case UNARY_CEIL: return ceil(x);
    case UNARY_ROUND: return roundEven(x);
    case UNARY_RECIPROCAL: return 1 / x;
    case UNARY_RSQRT: return 1 / sqrt(x);
    case UNARY_ERF: return error_function(x);
    case UNARY_SIN: return sine(x, 0);
    case UNARY_COS: return sine(x, 1);
    case UNARY_TAN: return sine(x, 0) / sine(x, 1);
    case UNARY_ASIN: return arc_sine(x);
    case UNARY_ACOS: return arc_cosine(x);
    case UNARY_ATAN: return arc_tangent(x);
    case UNARY_SINH: return hyperbolic_sine(x);
    case UNARY_COSH: return hyperbolic_cosine(x);
    case UNARY_ASINH: return inverse_hyperbolic_sine(x);
    case UNARY_ACOSH: return inverse_hyperbolic_cosine(x);
    case UNARY_ATANH: return inverse_hyperbolic_tangent(x);
    case UNARY_IS_NAN: return vec4(isnan(x));
    case UNARY_IS_INF: return a * vec4(equal(x, -inf4())) + b * vec4(equal(x, inf4()));
    default: return vec4(equal(x, vec4(0)));
    }
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
    case UNARY_ABS: return abs(x);
    case UNARY_GELU: return 0.5 * x * (1 + error_function(x * 0.707106781));
    case UNARY_GELU_TANH: return x * sigmoid(x * (1.59576912 + 0.0713548163 * x * x)); // tanh(u) = 2 sigmoid(2u) - 1
    case UNARY_SOFTPLUS: return mix(max(x, vec4(0)) + log1p(exp(-abs(x))), x, isnan(x));
    case UNARY_SOFTSIGN: return x / (1 + abs(x));
    case UNARY_HARD_SIGMOID: return bound(a * x + b, 0, 1);
    case UNARY_ELU: return mix(a * expm1(x), x, greaterThan(x, vec4(0)));
    case UNARY_MISH: return mish(x);
    case UNARY_CLIP: return bound(x, a, b);
    case UNARY_THRESHOLDED_RELU: return mix(x, vec4(0), lessThanEqual(x, vec4(a)));
    default: return g(x);
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
