// y = f(a, b) where a, b and y have one shape. One invocation takes four elements; the last one may take fewer, through
// the float view of the same buffer. y may be a or b.
// Bindings: a (vec4), a (float), b (vec4), b (float), y (vec4), y (float). Grid: kernel_grid_1d over ceil(n / 4).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "binary.glsl"

layout(set = 0, binding = 0) readonly buffer A4 { vec4 a4[]; };
layout(set = 0, binding = 1) readonly buffer A1 { float a1[]; };
layout(set = 0, binding = 2) readonly buffer B4 { vec4 b4[]; };
layout(set = 0, binding = 3) readonly buffer B1 { float b1[]; };
layout(set = 0, binding = 4) writeonly buffer Y4 { vec4 y4[]; };
layout(set = 0, binding = 5) writeonly buffer Y1 { float y1[]; };
layout(push_constant) uniform Push { PUSH_BINARY };

vec4 f(vec4 a, vec4 b)
{
    if (FN == BINARY_GATE_VANILLA || FN == BINARY_GATE_GUIDED) {
        return gate(a, b, lo, hi, slope);
    }
    return binary(a, b);
}

void main()
{
    uint i = flat_id(), e = 4 * i;
    if (e + 4 <= n) {
        y4[i] = f(a4[i], b4[i]);
        return;
    }
    for (; e < n; e++) {
        y1[e] = f(vec4(a1[e]), vec4(b1[e])).x;
    }
}
