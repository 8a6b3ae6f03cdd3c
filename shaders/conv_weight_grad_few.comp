#version 450
// The adjoint of convolution in its weights where a group has few rows (depthwise): one row m of g against COLS columns
// (c, t) per workgroup, whose invocations take every n-th point of all samples and then add up in shared memory, in
// order. Grid: x rows of all groups, y column blocks, z splits of the sum.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(constant_id = 3) const int COLS = 9;

layout(push_constant, std430) uniform push_block { PUSH_CONV_WEIGHT_GRAD } push;
TENSOR1(0, x)
TENSOR1(1, g)
layout(set = 0, binding = 2, std430) writeonly buffer buf_y { float y[]; };
#include "conv_in.glsl"
#include "conv_point.glsl"

shared float part[COLS * gl_WorkGroupSize.x];

void main()
{
    int lanes = int(gl_WorkGroupSize.x), lane = int(gl_LocalInvocationID.x);
    int row = int(gl_WorkGroupID.x), group = row / int(push.m), col0 = int(gl_WorkGroupID.y) * COLS;
    ivec3 taps = conv_axes(push.taps), dil = conv_axes(push.dil), stride = conv_axes(push.stride);
    int volume = taps.x * taps.y * taps.z;
    int channel[COLS];
    ivec3 from[COLS];
    float acc[COLS];
    for (int j = 0; j < COLS; j++) {
        int col = min(col0 + j, int(push.cols) - 1), c = col / volume, t = col - c * volume;
        int line = t / taps.z, slice = line / taps.y;
        channel[j] = group * int(push.c) + c;
        from[j] = ivec3(push.start[0], push.start[1], push.start[2]) +
                  ivec3(slice, line - slice * taps.y, t - line * taps.z) * dil;
        acc[j] = 0.0;
    }
    int p0 = int(gl_WorkGroupID.z) * int(push.chunk), p1 = min(p0 + int(push.chunk), int(push.points));
    for (int p = p0 + lane; p < p1; p += lanes) {
        ivec4 o = conv_point(p);
        int at = o.x * int(push.g_n) + row * int(push.g_c) + (o.y * int(push.q[1]) + o.z) * int(push.q[2]) + o.w;
        float gv = LOAD1(g, at);
        ivec3 start = o.yzw * stride;
        for (int j = 0; j < COLS; j++) {
            acc[j] += gv * conv_x(o.x, channel[j], start + from[j]);
        }
    }
    for (int j = 0; j < COLS; j++) {
        part[j * lanes + lane] = acc[j];
    }
    barrier();
    for (int j = lane; j < COLS; j += lanes) {
        float sum = 0.0;
        for (int i = 0; i < lanes; i++) {
            sum += part[j * lanes + i];
        }
        if (col0 + j < int(push.cols)) {
            uint line = (push.split0 + gl_WorkGroupID.z) * push.groups * push.m + uint(row);
            y[line * push.cols + uint(col0 + j)] = sum;
        }
    }
}
