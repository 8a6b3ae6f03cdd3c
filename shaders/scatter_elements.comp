#version 450
// y[o, p, r] = sum of g[o, k, r] over the k with index[o, k, r] = p, ascending: every result looks at the row's
// indices, so that no atomics are needed. One invocation, one element of y. Bindings: g, index, y.
// Grid: kernel_grid_1d over n.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/gather.h"

layout(push_constant, std430) uniform push_block { PUSH_GATHER };
TENSOR1(0, g)
TENSOR1(1, index)
layout(set = 0, binding = 2, std430) writeonly buffer buf_y { float y[]; };

void main()
{
    uint id = flat_id();
    if (id >= n) {
        return;
    }
    uint row = DIV(by, 0, id), o = DIV(by, 1, row), r = id - row * inner;
    float here = float(row - o * axis), last = float(axis - 1u), sum = 0.0;
    uint at = o * n_index * inner + r;
    for (uint k = 0; k < n_index; k++) {
        if (floor(clamp(LOAD1(index, base_index + at), 0.0, last)) == here) {
            sum += LOAD1(g, base_x + at);
        }
        at += inner;
    }
    y[base_y + id] = sum;
}
