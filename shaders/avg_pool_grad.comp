// Adjoint of avg_pool: y[p] = sum over the windows o that hold p of g[o] / count(o), in the order of o. The numbers
// of windows that can cover a pixel along each axis are specialisation constants where small (see
// max_pool_grad.comp); with NW = 0 the loops run over those that do. One invocation, one pixel. Bindings: g, y. Grid:
// kernel_grid_1d over n pixels.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "avg_pool.glsl"

layout(constant_id = 5) const int ND = 1;
layout(constant_id = 6) const int NH = 1;
layout(constant_id = 7) const int NW = 0;

INPUT(0, G, g)
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

// Sum over the ND x NH x NW windows from the first covering ones; those past the last cover nothing.
float sum_fixed(int plane, ivec2 cd, ivec2 ch, ivec2 cw)
{
    float sum = 0.0;
    for (int kd = 0; kd < ND; kd++) {
        int d = min(cd.x + kd, out_dim[0] - 1), nd = window(d, 0).z;
        for (int kh = 0; kh < NH; kh++) {
            int h = min(ch.x + kh, out_dim[1] - 1), ndh = nd * window(h, 1).z;
            int row = plane + (d * out_dim[1] + h) * out_dim[2];
            bool in_row = cd.x + kd <= cd.y && ch.x + kh <= ch.y;
            for (int kw = 0; kw < NW; kw++) {
                int w = min(cw.x + kw, out_dim[2] - 1);
                float v = LOAD(g, row + w) / float(ndh * window(w, 2).z);
                sum += in_row && cw.x + kw <= cw.y ? v : 0.0;
            }
        }
    }
    return sum;
}

float sum_covering(int plane, ivec2 cd, ivec2 ch, ivec2 cw)
{
    float sum = 0.0;
    for (int d = cd.x; d <= cd.y; d++) {
        int nd = window(d, 0).z;
        for (int h = ch.x; h <= ch.y; h++) {
            int ndh = nd * window(h, 1).z;
            int row = plane + (d * out_dim[1] + h) * out_dim[2];
            for (int w = cw.x; w <= cw.y; w++) {
                sum += LOAD(g, row + w) / float(ndh * window(w, 2).z);
            }
        }
    }
    return sum;
}

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    ivec4 p = position(i, in_dim);
    int plane = p.w * out_dim[0] * out_dim[1] * out_dim[2];
    ivec2 cd = covering(p.x, 0), ch = covering(p.y, 1), cw = covering(p.z, 2);
    y[i] = NW > 0 ? sum_fixed(plane, cd, ch, cw) : sum_covering(plane, cd, ch, cw);
}
