#version 450
// Running sums along rows. LANES invocations share a row: each sums a piece, adds up the pieces before its own, and
// walks it again. With 1 lane each row has its own invocation and nothing is shared.
// Bindings: x, y. Grid: kernel_grid_1d over rows, local size y of them per workgroup.
#include "common.glsl"
#include "push/cumsum.h"

layout(constant_id = 3) const uint LANES = 1;

layout(set = 0, binding = 0, std430) readonly buffer buf_x { float x[]; };
layout(set = 0, binding = 1, std430) writeonly buffer buf_y { float y[]; };
layout(push_constant, std430) uniform push_block { PUSH_CUMSUM };

shared float piece[LANES];

void main()
{
    uint row = flat_group() * gl_WorkGroupSize.y + gl_LocalInvocationID.y;
    uint lane = LANES == 1 ? 0 : gl_LocalInvocationID.x;
    bool live = row < rows;
    row = live ? row : 0;
    uint outer = row / inner, from = outer * n * inner + row - outer * inner;
    uint chunk = (n + LANES - 1) / LANES, first = min(lane * chunk, n), end = min(first + chunk, n);
    float sum = 0.0;
    if (LANES > 1) {
        for (uint i = first; i < end; i++) {
            sum += x[base_x + from + (reverse != 0 ? n - 1 - i : i) * inner];
        }
        piece[lane] = sum;
        barrier();
        sum = 0.0;
        for (uint i = 0; i < lane; i++) {
            sum += piece[i];
        }
    }
    for (uint i = first; i < end; i++) {
        uint at = from + (reverse != 0 ? n - 1 - i : i) * inner;
        float next = sum + x[base_x + at];
        if (live) {
            y[base_y + at] = exclusive != 0 ? sum : next;
        }
        sum = next;
    }
}
