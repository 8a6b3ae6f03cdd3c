#version 450
// Depthwise convolution for software drivers: x packed four channels to a vec4 with its padding (conv_pack_x.comp),
// weights to [t][channel]. TP points of four channels per invocation. Grid: x point tiles, y blocks of four channels.
// VARIANTS ONLY
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(push_constant, std430) uniform push_block { PUSH_CONV_BLOCK } push;
TENSOR4(0, x)
TENSOR4(1, w)
#include "epilogue.glsl"
#include "conv_out.glsl"

const int TP = 8;

void main()
{
    int local = int(gl_WorkGroupSize.x), block = int(gl_WorkGroupID.y);
    int p0 = int(gl_WorkGroupID.x) * local * TP + int(gl_LocalInvocationID.x);
    int at[TP];
    vec4 acc[TP], b;
    for (int c = 0; c < 4; c++) {
        b[c] = epilogue_bias(min(uint(block * 4 + c), push.m - 1u));
    }
    for (int i = 0; i < TP; i++) {
        ivec4 o = conv_point(min(p0 + i * local, int(push.points) - 1));
        at[i] = int(push.x_base) + block * int(push.x_c) + o.x * int(push.x_n) + o.y * int(push.x_q[0]) +
                o.z * int(push.x_q[1]) + o.w * int(push.x_q[2]);
        acc[i] = b;
    }
    int td = int(push.taps[0]), th = int(push.taps[1]), tw = int(push.taps[2]);
    int steps = td * th * tw, blocks = int(push.c4), iw = 0, ih = 0, from = block, off = 0;
    int row = int(push.x_t[1]) - (tw - 1) * int(push.x_t[2]);
    int slice = int(push.x_t[0]) - (th - 1) * int(push.x_t[1]) - (tw - 1) * int(push.x_t[2]);
    for (int k = 0; k < steps; k++) {
        vec4 wv = LOAD4(w, from);
        for (int i = 0; i < TP; i++) {
            acc[i] += wv * LOAD4(x, at[i] + off);
        }
        from += blocks;
        iw++;
        bool w_end = iw == tw;
        ih += w_end ? 1 : 0;
        bool h_end = ih == th;
        off += h_end ? slice : (w_end ? row : int(push.x_t[2]));
        iw = w_end ? 0 : iw;
        ih = h_end ? 0 : ih;
    }
    for (int i = 0; i < TP; i++) {
        int p = p0 + i * local;
        uint to = conv_out_at(conv_point(min(p, int(push.points) - 1)), uint(block * 4));
        for (int c = 0; c < 4; c++) {
            if (p < int(push.points) && block * 4 + c < int(push.m)) {
                epilogue_finish(acc[i][c], to);
            }
            to += push.y_c;
        }
    }
}
