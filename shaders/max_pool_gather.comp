// y[o] = x[plane of o][index[o]]: the elements that a max_pool picked, 0 for a position outside. One invocation, one
// output element. Bindings: x, index, y. Grid: kernel_grid_1d over n outputs.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "pool.glsl"

INPUT(0, X, x)
INPUT(1, Index, index)
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    uint in_plane = uint(in_dim[0] * in_dim[1] * in_dim[2]), plane = uint(position(i, out_dim).w);
    float at = LOAD(index, int(i));
    bool inside = at >= 0.0 && at < float(in_plane);
    float v = LOAD(x, int(plane * in_plane + (inside ? uint(at) : 0)));
    y[i] = inside ? v : 0.0;
}
