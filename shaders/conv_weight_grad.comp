#version 450
// The adjoint of convolution in its weights: row m, column (c, t) sums g[m][p] * x[c][p, t] over points p of all
// samples. TM rows and TN columns per invocation. Grid: x columns, y row blocks of all groups, z splits of the sum.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(push_constant, std430) uniform push_block { PUSH_CONV_WEIGHT_GRAD } push;
TENSOR1(0, x)
TENSOR1(1, g)
layout(set = 0, binding = 2, std430) writeonly buffer buf_y { float y[]; };
#include "conv_in.glsl"
#include "conv_point.glsl"

const int TM = 8;
const int TN = 2;

void main()
{
    int local = int(gl_WorkGroupSize.x);
    int blocks = (int(push.m) + TM - 1) / TM;
    int group = int(gl_WorkGroupID.y) / blocks, m0 = (int(gl_WorkGroupID.y) - group * blocks) * TM;
    ivec3 taps = conv_axes(push.taps), dil = conv_axes(push.dil), stride = conv_axes(push.stride);
    int volume = taps.x * taps.y * taps.z;
    int channel[TN];
    ivec3 from[TN];
    for (int j = 0; j < TN; j++) {
        int col = min(int(gl_WorkGroupID.x) * local * TN + j * local + int(gl_LocalInvocationID.x), int(push.cols) - 1);
        int c = divide(col, volume), t = col - c * volume;
        int row = divide(t, taps.z), slice = divide(row, taps.y);
        channel[j] = group * int(push.c) + c;
        from[j] = ivec3(push.start[0], push.start[1], push.start[2]) +
                  ivec3(slice, row - slice * taps.y, t - row * taps.z) * dil;
    }
    float acc[TM][TN];
    for (int i = 0; i < TM; i++) {
        for (int j = 0; j < TN; j++) {
            acc[i][j] = 0.0;
        }
    }
    int p0 = int(gl_WorkGroupID.z) * int(push.chunk), p1 = min(p0 + int(push.chunk), int(push.points));
    ivec4 o = conv_point(p0);
    for (int p = p0; p < p1; p++) {
        float xv[TN];
        for (int j = 0; j < TN; j++) {
            xv[j] = conv_x(o.x, channel[j], from[j] + o.yzw * stride);
        }
        int at = o.x * int(push.g_n) + (o.y * int(push.q[1]) + o.z) * int(push.q[2]) + o.w;
        for (int i = 0; i < TM; i++) {
            float gv = LOAD1(g, at + (group * int(push.m) + min(m0 + i, int(push.m) - 1)) * int(push.g_c));
            for (int j = 0; j < TN; j++) {
                acc[i][j] += gv * xv[j];
            }
        }
        o.w++;
        bool w_end = o.w == int(push.q[2]);
        o.z += w_end ? 1 : 0;
        bool h_end = o.z == int(push.q[1]);
        o.y += h_end ? 1 : 0;
        bool d_end = o.y == int(push.q[0]);
        o = ivec4(o.x + (d_end ? 1 : 0), d_end ? 0 : o.y, h_end ? 0 : o.z, w_end ? 0 : o.w);
    }
    for (int j = 0; j < TN; j++) {
        int col = int(gl_WorkGroupID.x) * local * TN + j * local + int(gl_LocalInvocationID.x);
        for (int i = 0; i < TM; i++) {
            if (col < int(push.cols) && m0 + i < int(push.m)) {
                uint row = ((push.split0 + gl_WorkGroupID.z) * push.groups + uint(group)) * push.m + uint(m0 + i);
                y[row * push.cols + uint(col)] = acc[i][j];
            }
        }
    }
}
