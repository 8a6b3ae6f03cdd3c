#version 450
// conv_pack_x.comp where nothing is padded and a plane is a multiple of four: four points of four channels per
// invocation, read as whole vec4.
// VARIANTS ONLY
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "divide.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(push_constant, std430) uniform push_block { PUSH_CONV_PACK_FLAT } push;
TENSOR4(0, x)
layout(set = 0, binding = 1, std430) writeonly buffer buf_dst { vec4 dst[]; };

void main()
{
    int id = int(flat_id());
    if (id >= int(push.count)) {
        return;
    }
    int plane = int(push.plane4);
    int block = divide(id, plane), at = id - block * plane;
    int ng = divide(block, int(push.c4));
    int c = (block - ng * int(push.c4)) * 4;
    int from = (ng * int(push.c) + c) * plane + at;
    mat4 v;
    for (int i = 0; i < 4; i++) {
        bool ok = c + i < int(push.c);
        vec4 f = LOAD4(x, ok ? from + i * plane : 0);
        v[i] = ok ? f : vec4(0.0);
    }
    v = transpose(v);
    int to = (block * plane + at) * 4;
    dst[to] = v[0];
    dst[to + 1] = v[1];
    dst[to + 2] = v[2];
    dst[to + 3] = v[3];
}
