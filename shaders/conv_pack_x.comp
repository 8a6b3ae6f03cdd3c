#version 450
// Copies x to [n][group][c/4][d][h][w][4] with zeros around it, so that conv_block.comp needs no tests and reads four
// channels at a time.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "divide.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(push_constant, std430) uniform push_block { PUSH_CONV_PACK_X } push;
TENSOR1(0, x)
layout(set = 0, binding = 1, std430) writeonly buffer buf_dst { vec4 dst[]; };

void main()
{
    int id = int(flat_id());
    if (id >= int(push.count)) {
        return;
    }
    int row = divide(id, int(push.dim[2]));
    int slice = divide(row, int(push.dim[1]));
    int block = divide(slice, int(push.dim[0]));
    int ng = divide(block, int(push.c4));
    int n = divide(ng, int(push.groups));
    ivec3 at = ivec3(slice - block * int(push.dim[0]), row - slice * int(push.dim[1]), id - row * int(push.dim[2]));
    at = at * ivec3(push.step[0], push.step[1], push.step[2]) + ivec3(push.lo[0], push.lo[1], push.lo[2]);
    ivec3 dim = ivec3(push.x_dim[0], push.x_dim[1], push.x_dim[2]);
    bool inside = all(greaterThanEqual(at, ivec3(0))) && all(lessThan(at, dim));
    int c = (block - ng * int(push.c4)) * 4;
    int channel = (ng - n * int(push.groups)) * int(push.c) + c;
    int from = n * int(push.x_n) + channel * int(push.x_c) + ((at.x * dim.y + at.y) * dim.z + at.z) * int(push.x_w);
    vec4 v;
    for (int i = 0; i < 4; i++) {
        bool ok = inside && c + i < int(push.c);
        float f = LOAD1(x, ok ? from + i * int(push.x_c) : 0);
        v[i] = ok ? f : 0.0;
    }
    dst[id] = v;
}
