#version 450
// The adjoint of depthwise convolution in its weights for software drivers: x (with its padding) and g packed four
// channels to a vec4 (conv_pack_x.comp). COLS taps of four channels per workgroup, whose invocations take every n-th
// point and then add up in shared memory, in order. Grid: x blocks of four channels, y blocks of taps, z splits.
// VARIANTS ONLY
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(constant_id = 3) const int COLS = 9;

layout(push_constant, std430) uniform push_block { PUSH_CONV_WEIGHT_GRAD_BLOCK } push;
TENSOR4(0, x)
TENSOR4(1, g)
layout(set = 0, binding = 2, std430) writeonly buffer buf_y { float y[]; };
#include "conv_point.glsl"

shared vec4 part[COLS * gl_WorkGroupSize.x];

void main()
{
    int lanes = int(gl_WorkGroupSize.x), lane = int(gl_LocalInvocationID.x), block = int(gl_WorkGroupID.x);
    int th = int(push.taps[1]), tw = int(push.taps[2]), volume = int(push.taps[0]) * th * tw;
    int col0 = int(gl_WorkGroupID.y) * COLS, off[COLS];
    vec4 acc[COLS];
    for (int j = 0; j < COLS; j++) {
        int t = min(col0 + j, volume - 1), line = t / tw, slice = line / th;
        off[j] = block * int(push.x_c) + slice * int(push.x_t[0]) + (line - slice * th) * int(push.x_t[1]) +
                 (t - line * tw) * int(push.x_t[2]);
        acc[j] = vec4(0.0);
    }
    int p0 = int(gl_WorkGroupID.z * push.chunk), p1 = min(p0 + int(push.chunk), int(push.steps));
    for (int p = p0 + lane; p < p1; p += lanes) {
        ivec4 o = conv_point(p);
        int at = (o.y * int(push.q[1]) + o.z) * int(push.q[2]) + o.w;
        vec4 gv = LOAD4(g, o.x * int(push.g_n) + block * int(push.g_m) + at);
        int from = o.x * int(push.x_n) + o.y * int(push.x_q[0]) + o.z * int(push.x_q[1]) + o.w * int(push.x_q[2]);
        for (int j = 0; j < COLS; j++) {
            acc[j] += gv * LOAD4(x, from + off[j]);
        }
    }
    for (int j = 0; j < COLS; j++) {
        part[j * lanes + lane] = acc[j];
    }
    barrier();
    for (int j = lane; j < COLS; j += lanes) {
        vec4 sum = vec4(0.0);
        for (int i = 0; i < lanes; i++) {
            sum += part[j * lanes + i];
        }
        for (int c = 0; c < 4; c++) {
            int channel = block * 4 + c;
            if (col0 + j < volume && channel < int(push.c)) {
                y[(int(gl_WorkGroupID.z * push.c) + channel) * volume + col0 + j] = sum[c];
            }
        }
    }
}
