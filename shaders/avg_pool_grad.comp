// Adjoint of avg_pool: y[p] = sum over the windows o that hold p of g[o] / count(o), in the order of o.
// One invocation, one pixel. Bindings: g, y. Grid: kernel_grid_1d over n pixels.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "avg_pool.glsl"

INPUT(0, G, g)
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    ivec4 p = position(i, in_dim);
    int plane = p.w * out_dim[0] * out_dim[1] * out_dim[2];
    ivec2 cd = no_depth() ? ivec2(0, 0) : covering(p.x, 0), ch = covering(p.y, 1), cw = covering(p.z, 2);
    float sum = 0.0;
    for (int d = cd.x; d <= cd.y; d++) {
        int nd = no_depth() ? 1 : window(d, 0).z;
        for (int h = ch.x; h <= ch.y; h++) {
            int ndh = nd * window(h, 1).z;
            int row = plane + (d * out_dim[1] + h) * out_dim[2];
            for (int w = cw.x; w <= cw.y; w++) {
                sum += LOAD(g, row + w) / float(ndh * window(w, 2).z);
            }
        }
    }
    y[i] = sum;
}
