// Mean of a window: y[o] = sum of x over the window of o / count. The count is that of the elements inside the input, or
// inside the padded input with POOL_AVG_PADDED. One invocation, one output element.
// Bindings: x, y. Grid: kernel_grid_1d over n outputs.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "avg_pool.glsl"

INPUT(0, X, x)
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    ivec4 o = position(i, out_dim);
    int plane = o.w * in_dim[0] * in_dim[1] * in_dim[2];
    ivec3 wd = no_depth() ? ivec3(0, 1, 1) : window(o.x, 0), wh = window(o.y, 1), ww = window(o.z, 2);
    float sum = 0.0;
    for (int d = wd.x; d < wd.y; d++) {
        for (int h = wh.x; h < wh.y; h++) {
            int row = plane + (d * in_dim[1] + h) * in_dim[2];
            for (int w = ww.x; w < ww.y; w++) {
                sum += LOAD(x, row + w);
            }
        }
    }
    y[i] = sum / float(wd.z * wh.z * ww.z);
}
