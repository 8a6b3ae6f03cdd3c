#version 450
// Weights to [group][m / (4 * TM)][c/4][t][4 of c][4 * TM of m]: what one step of conv_block.comp multiplies with lies
// together. One invocation per such step.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "divide.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(constant_id = 3) const int TM = 4;
layout(push_constant, std430) uniform push_block { PUSH_CONV_PACK_W } push;
TENSOR1(0, w)
layout(set = 0, binding = 1, std430) writeonly buffer buf_dst { vec4 dst[]; };

void main()
{
    int id = int(flat_id());
    if (id >= int(push.count)) {
        return;
    }
    int tw = int(push.taps[2]), th = int(push.taps[1]), td = int(push.taps[0]);
    int row = divide(id, tw);
    int slice = divide(row, th);
    int block = divide(slice, td);
    int c4 = (int(push.c) + 3) / 4;
    int gm = divide(block, c4);
    int blocks = int(push.m_pad) / (4 * TM);
    int g = divide(gm, blocks);
    int c = (block - gm * c4) * 4, m = (gm - g * blocks) * 4 * TM;
    int from = int(push.base) + g * int(push.w_g) + (slice - block * td) * push.w_t[0] +
               (row - slice * th) * push.w_t[1] + (id - row * tw) * push.w_t[2];
    for (int ci = 0; ci < 4; ci++) {
        for (int j = 0; j < TM; j++) {
            vec4 v;
            for (int i = 0; i < 4; i++) {
                bool ok = c + ci < int(push.c) && m + 4 * j + i < int(push.m);
                float f = LOAD1(w, ok ? from + (m + 4 * j + i) * int(push.w_m) + (c + ci) * int(push.w_c) : 0);
                v[i] = ok ? f : 0.0;
            }
            dst[(id * 4 + ci) * TM + j] = v;
        }
    }
}
