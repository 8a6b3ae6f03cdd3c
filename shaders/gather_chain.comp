#version 450
// Turns an index around, for gather_add.comp: chain[p] is 1 + the first i whose index is p, or 0, and chain[axis + i]
// is 1 + the next such i, or 0. An i belongs to one p, so nothing is written twice. One invocation, one p.
// Bindings: index, chain. Grid: kernel_grid_1d over axis.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/gather.h"

layout(push_constant, std430) uniform push_block { PUSH_GATHER };
TENSOR1(0, index)
layout(set = 0, binding = 1, std430) writeonly buffer buf_chain { uint chain[]; };

void main()
{
    uint p = flat_id(), head = 0;
    if (p >= axis) {
        return;
    }
    for (int i = int(n_index) - 1; i >= 0; i--) {
        if (uint(clamp(LOAD1(index, i), 0.0, float(axis - 1u))) == p) {
            chain[axis + uint(i)] = head;
            head = uint(i) + 1;
        }
    }
    chain[p] = head;
}
