#version 450
// Local response normalisation: y = x / (bias + scale * sum of x^2 over the window of channels)^beta. The usual beta of
// 3/4 takes square roots, which are more exact than pow. One invocation, one element. Bindings: x, y.
// Grid: kernel_grid_1d over n.
#include "common.glsl"
#include "push/lrn.h"

layout(constant_id = 3) const bool THREE_QUARTERS = false;

layout(set = 0, binding = 0, std430) readonly buffer buf_x { float x[]; };
layout(set = 0, binding = 1, std430) writeonly buffer buf_y { float y[]; };
layout(push_constant, std430) uniform push_block { PUSH_LRN };

void main()
{
    uint id = flat_id();
    if (id >= n) {
        return;
    }
    uint row = DIV(by, 0, id), o = DIV(by, 1, row);
    int c = int(row - o * uint(channels)), first = max(c - before, 0), last = min(c + after, channels - 1);
    uint at = base_x + (o * uint(channels) + uint(first)) * inner + id - row * inner;
    float sum = 0.0;
    for (int i = first; i <= last; i++) {
        float v = x[at];
        sum += v * v;
        at += inner;
    }
    float s = bias + scale * sum, root = sqrt(s);
    y[base_y + id] = x[base_x + id] / (THREE_QUARTERS ? root * sqrt(root) : exp_nan(beta * log_nan(s)));
}
