// Maximum of a window and its position: y[o] = max over the window of o, index[o] = position of the first maximum
// within its D*H*W plane, as a float. A NaN wins over numbers (the last NaN of a window), as in PyTorch. Padding
// never wins: it reads as -infinity and takes no position. Window sizes are specialisation constants, so that the
// loops unroll. One invocation, one output element.
// Bindings: x, y, index. Grid: kernel_grid_1d over n outputs.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "pool.glsl"

layout(constant_id = 4) const int KD = 1;
layout(constant_id = 5) const int KH = 1;
layout(constant_id = 6) const int KW = 1;

INPUT(0, X, x)
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(set = 0, binding = 2) writeonly buffer Index { float index[]; };

bool is_nan(float v) // survives compilers that assume there are none
{
    return (floatBitsToUint(v) & 0x7fffffffu) > 0x7f800000u;
}

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    ivec4 o = position(i, out_dim);
    int plane = o.w * in_dim[0] * in_dim[1] * in_dim[2];
    int d0 = o.x * stride[0] - pad[0], h0 = o.y * stride[1] - pad[1], w0 = o.z * stride[2] - pad[2];
    float best = uintBitsToFloat(0xff800000u);
    int at = -1;
    for (int kd = 0; kd < KD; kd++) {
        int d = d0 + kd * dilation[0], dc = clamp(d, 0, in_dim[0] - 1);
        for (int kh = 0; kh < KH; kh++) {
            int h = h0 + kh * dilation[1], hc = clamp(h, 0, in_dim[1] - 1);
            int row = (dc * in_dim[1] + hc) * in_dim[2];
            bool in_row = d == dc && h == hc;
            for (int kw = 0; kw < KW; kw++) {
                int w = w0 + kw * dilation[2], wc = clamp(w, 0, in_dim[2] - 1);
                float v = LOAD(x, plane + row + wc);
                if (in_row && w == wc && (v > best || is_nan(v) || at < 0)) {
                    best = v;
                    at = row + wc;
                }
            }
        }
    }
    y[i] = best;
    index[i] = float(at);
}
