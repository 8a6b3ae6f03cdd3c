#version 450
// y[o, i, r] = x[o, index, r]: the index is that of i (gather) or of the element (gather_elements), held within the
// axis so that no number reads outside. One invocation, one element. Bindings: x, index, y. Grid: kernel_grid_1d
// over n.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/gather.h"

layout(constant_id = 3) const uint KIND = GATHER_SHARED;

layout(push_constant, std430) uniform push_block { PUSH_GATHER };
TENSOR1(0, x)
TENSOR1(1, index)
layout(set = 0, binding = 2, std430) writeonly buffer buf_y { float y[]; };

void main()
{
    uint id = flat_id();
    if (id >= n) {
        return;
    }
    uint row = DIV(by, 0, id), o = DIV(by, 1, row), i = row - o * n_index;
    float at = LOAD1(index, base_index + (KIND == GATHER_OWN ? id : i));
    uint p = min(uint(clamp(at, 0.0, float(axis - 1u))), axis - 1u); // NaN becomes anything
    y[base_y + id] = LOAD1(x, base_x + (o * axis + p) * inner + id - row * inner);
}
