#version 450
// Sums the partial sums [split][channel][point] of a split K, in order, and finishes them.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(push_constant, std430) uniform push_block { PUSH_CONV_REDUCE } push;
TENSOR1(0, part)
#include "epilogue.glsl"
#include "conv_out.glsl"

void main()
{
    int id = int(flat_id());
    int count = int(push.channels * push.points);
    if (id >= count) {
        return;
    }
    float acc = 0.0;
    for (int s = 0; s < int(push.splits); s++) {
        acc += LOAD1(part, s * count + id);
    }
    int channel = divide(id, int(push.points));
    epilogue_store(acc, uint(channel), conv_out_at(conv_point(id - channel * int(push.points)), uint(channel)));
}
