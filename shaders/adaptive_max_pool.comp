#version 450
#extension GL_GOOGLE_include_directive : require
// The maximum of an adaptive window (floor(o * in / out) .. ceil((o + 1) * in / out) - 1 per axis) and the position of
// the first one within the plane; NaN is greater than all. One invocation, one output. Bindings: x, y, index.
// Grid: kernel_grid_1d over n.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "avg_pool.glsl"

INPUT(0, X, x)
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(set = 0, binding = 2) writeonly buffer Index { float index[]; };

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    ivec4 o = position(i, out_dim);
    ivec3 d = window(o.x, 0), h = window(o.y, 1), w = window(o.z, 2);
    int plane = o.w * in_dim[0] * in_dim[1] * in_dim[2];
    int best = (d.x * in_dim[1] + h.x) * in_dim[2] + w.x;
    float top = LOAD(x, plane + best);
    for (int z = d.x; z < d.y; z++) {
        for (int v = h.x; v < h.y; v++) {
            for (int u = w.x; u < w.y; u++) {
                int at = (z * in_dim[1] + v) * in_dim[2] + u;
                float value = LOAD(x, plane + at);
                bool more = value > top || isnan(value);
                top = more ? value : top;
                best = more ? at : best;
            }
        }
    }
    y[i] = top;
    index[i] = float(best);
}
