// Adjoint of resize: y[p] = sum over the outputs o that read pixel p of weight(o, p) * g[o], in the order of o. The
// weight of linear resampling is the tent max(0, 1 - |position - p|) per axis, of nearest 1. One invocation, one
// pixel. Bindings: g, y. Grid: kernel_grid_1d over n pixels.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "resize.glsl"

INPUT(0, G, g)
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

// Least o with a * o + b >= v.
int first_at(int v, int axis)
{
    int d = v - b[axis];
    return d <= 0 ? 0 : int(DIV(per, axis, d + a[axis] - 1));
}

// Outputs that may read element p of an axis. Border elements also serve the positions beyond them.
ivec2 readers(int p, int axis)
{
    int last = out_dim[axis] - 1, lo = 0, hi = last;
    if ((axis == 0 && !DEPTH) || a[axis] == 0) {
        return ivec2(0, last);
    }
    if (p > 0) {
        lo = LINEAR ? first_at((p - 1) * den[axis] + 1, axis) : first_at(p * den[axis], axis);
    }
    if (p < in_dim[axis] - 1) {
        hi = first_at((p + 1) * den[axis], axis) - 1;
    }
    return ivec2(lo, min(hi, last));
}

float weight(int o, int p, int axis)
{
    if (!LINEAR || (axis == 0 && !DEPTH)) {
        return 1.0;
    }
    return 1.0 - min(float(abs(sample_at(o, axis) - p * den[axis])) / float(den[axis]), 1.0);
}

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    ivec4 p = position(i, in_dim);
    int plane = p.w * out_dim[0] * out_dim[1] * out_dim[2];
    ivec2 rd = readers(p.x, 0), rh = readers(p.y, 1), rw = readers(p.z, 2);
    float sum = 0.0;
    for (int d = rd.x; d <= rd.y; d++) {
        float wd = weight(d, p.x, 0);
        for (int h = rh.x; h <= rh.y; h++) {
            float wdh = wd * weight(h, p.y, 1);
            int row = plane + (d * out_dim[1] + h) * out_dim[2];
            for (int w = rw.x; w <= rw.y; w++) {
                sum += wdh * weight(w, p.z, 2) * LOAD(g, row + w);
            }
        }
    }
    y[i] = sum;
}
