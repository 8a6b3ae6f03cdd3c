// y = exp(x - max) / sum exp(x - max) along rows, or its logarithm x - max - log sum exp(x - max). A row belongs to one
// workgroup of LANES invocations, or to one invocation when LANES is 1 (many rows, or a CPU, where sharing costs more).
// Bindings: x, y. Grid: kernel_grid_1d over rows (LANES 1: invocations, else workgroups).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/softmax.h"

layout(constant_id = 3) const uint IS_LOG = 0;
layout(constant_id = 4) const uint LANES = 1;
#include "reduce.glsl"

layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { PUSH_SOFTMAX };

void main()
{
    uint row = LANES == 1 ? flat_id() : flat_group();
    uint lane = LANES == 1 ? 0 : gl_LocalInvocationID.x;
    if (row >= rows) {
        return;
    }
    uint outer = row / inner, base = outer * len * inner + (row - outer * inner);
    float top = x[base_x + base];
    for (uint k = lane; k < len; k += LANES) {
        top = max(top, x[base_x + base + k * inner]);
    }
    top = reduce_lanes(top, true);
    float sum = 0;
    for (uint k = lane; k < len; k += LANES) {
        sum += exp_nan(x[base_x + base + k * inner] - top);
    }
    sum = reduce_lanes(sum, false);
    float log_sum = log_nan(sum), inverse = 1 / sum;
    for (uint k = lane; k < len; k += LANES) {
        float v = x[base_x + base + k * inner] - top;
        y[base_y + base + k * inner] = IS_LOG == 1 ? v - log_sum : exp_nan(v) * inverse;
    }
}
