#version 450
// Convolution with one output per invocation: depthwise, narrow groups, and whatever no other kernel takes.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(push_constant, std430) uniform push_block { PUSH_CONV_DIRECT } push;
TENSOR1(0, x)
TENSOR1(1, w)
#include "epilogue.glsl"
#include "conv_in.glsl"
#include "conv_out.glsl"

void main()
{
    int id = int(flat_id());
    int points = int(push.points);
    if (id >= points * int(push.m * push.groups)) {
        return;
    }
    int channel = divide(id, points), p = id - channel * points;
    int g = divide(channel, int(push.m));
    ivec4 o = conv_point(p);
    ivec3 taps = conv_axes(push.taps), dil = conv_axes(push.dil);
    ivec3 from = ivec3(push.start[0], push.start[1], push.start[2]) + o.yzw * conv_axes(push.stride);
    int k = channel * int(push.c) * taps.x * taps.y * taps.z;
    float acc = 0.0;
    for (int c = 0; c < int(push.c); c++) {
        for (int d = 0; d < taps.x; d++) {
            for (int h = 0; h < taps.y; h++) {
                for (int w_ = 0; w_ < taps.z; w_++) {
                    acc += LOAD1(w, k) * conv_x(o.x, g * int(push.c) + c, from + ivec3(d, h, w_) * dil);
                    k++;
                }
            }
        }
    }
    epilogue_store(acc, uint(channel), conv_out_at(o, uint(channel)));
}
