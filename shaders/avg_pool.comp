// Mean of a window: y[o] = sum of x over the window of o / count. The count is that of the elements inside the input,
// or inside the padded input with POOL_AVG_PADDED. Small windows come as specialisation constants, so that the loops
// unroll; with KW = 0 they run over what is inside. One invocation, one output element.
// Bindings: x, y. Grid: kernel_grid_1d over n outputs.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "avg_pool.glsl"

layout(constant_id = 5) const int KD = 1;
layout(constant_id = 6) const int KH = 1;
layout(constant_id = 7) const int KW = 0;

INPUT(0, X, x)
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

// Sum over KD x KH x KW elements from `start`, those outside the input counting as zero.
float sum_fixed(int plane, ivec3 start)
{
    float sum = 0.0;
    for (int kd = 0; kd < KD; kd++) {
        int d = start.x + kd, dc = clamp(d, 0, in_dim[0] - 1);
        for (int kh = 0; kh < KH; kh++) {
            int h = start.y + kh, hc = clamp(h, 0, in_dim[1] - 1);
            int row = plane + (dc * in_dim[1] + hc) * in_dim[2];
            bool in_row = d == dc && h == hc;
            for (int kw = 0; kw < KW; kw++) {
                int w = start.z + kw, wc = clamp(w, 0, in_dim[2] - 1);
                float v = LOAD(x, row + wc);
                sum += in_row && w == wc ? v : 0.0;
            }
        }
    }
    return sum;
}

float sum_inside(int plane, ivec3 d, ivec3 h, ivec3 w)
{
    float sum = 0.0;
    for (int kd = d.x; kd < d.y; kd++) {
        for (int kh = h.x; kh < h.y; kh++) {
            int row = plane + (kd * in_dim[1] + kh) * in_dim[2];
            for (int kw = w.x; kw < w.y; kw++) {
                sum += LOAD(x, row + kw);
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
    ivec4 o = position(i, out_dim);
    int plane = o.w * in_dim[0] * in_dim[1] * in_dim[2];
    ivec3 d = window(o.x, 0), h = window(o.y, 1), w = window(o.z, 2);
    float sum;
    if (KW > 0) {
        sum = sum_fixed(plane, ivec3(o.x * stride[0] - pad[0], o.y * stride[1] - pad[1], o.z * stride[2] - pad[2]));
    } else {
        sum = sum_inside(plane, d, h, w);
    }
    y[i] = sum / float(d.z * h.z * w.z);
}
