// Adjoint of picking the maxima: y[p] = sum of g[o] over the windows o that cover p and whose maximum sits at p, in
// the order of o, so that no atomics are needed and the sum is the same at every run. The numbers of windows that can
// cover a pixel along each axis are specialisation constants (1 for 2x2 stride 2, 2 for 3x3 stride 2). One
// invocation, one pixel.
// Bindings: g, index, y. Grid: kernel_grid_1d over n pixels.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "pool.glsl"

layout(constant_id = 4) const int ND = 1;
layout(constant_id = 5) const int NH = 1;
layout(constant_id = 6) const int NW = 1;

INPUT(0, G, g)
INPUT(1, Index, index)
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

// The last window that starts at or before the pixel; the others that may cover it precede it, and the indices decide.
int last_window(int p, int axis)
{
    return min(int(DIV(by, 3 + axis, p + pad[axis])), out_dim[axis] - 1);
}

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    ivec4 p = position(i, in_dim);
    int plane = p.w * out_dim[0] * out_dim[1] * out_dim[2];
    float here = float((p.x * in_dim[1] + p.y) * in_dim[2] + p.z);
    int d0 = last_window(p.x, 0) - ND + 1, h0 = last_window(p.y, 1) - NH + 1, w0 = last_window(p.z, 2) - NW + 1;
    float sum = 0.0;
    for (int kd = 0; kd < ND; kd++) {
        int d = d0 + kd, dc = max(d, 0);
        for (int kh = 0; kh < NH; kh++) {
            int h = h0 + kh, hc = max(h, 0);
            bool in_row = d == dc && h == hc;
            for (int kw = 0; kw < NW; kw++) {
                int w = w0 + kw, wc = max(w, 0);
                int o = plane + (dc * out_dim[1] + hc) * out_dim[2] + wc;
                float v = LOAD(g, o);
                if (in_row && w == wc && LOAD(index, o) == here) {
                    sum += v;
                }
            }
        }
    }
    y[i] = sum;
}
