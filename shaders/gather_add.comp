#version 450
// The adjoint of gather: y[o, p, r] = sum of g[o, i, r] over the i whose index is p, ascending, along the chains that
// gather_chain.comp made. One invocation, one element of y. Bindings: g, chain, y. Grid: kernel_grid_1d over n.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/gather.h"

layout(push_constant, std430) uniform push_block { PUSH_GATHER };
TENSOR1(0, g)
layout(set = 0, binding = 1, std430) readonly buffer buf_chain { uint chain[]; };
layout(set = 0, binding = 2, std430) writeonly buffer buf_y { float y[]; };

void main()
{
    uint id = flat_id();
    if (id >= n) {
        return;
    }
    uint row = DIV(by, 0, id), o = DIV(by, 1, row), r = id - row * inner;
    float sum = 0.0;
    for (uint i = chain[row - o * axis]; i > 0; i = chain[axis + i - 1]) {
        sum += LOAD1(g, base_x + (o * n_index + i - 1) * inner + r);
    }
    y[base_y + id] = sum;
}
