#version 450
// Weights to [group][c * taps + t][m_pad] (GEMM) or, with specialisation constant 3 set, to [group][m][c][t] (ROWS).
#include "common.glsl"
#include "divide.glsl"
#include "push/conv.h"

layout(constant_id = 3) const bool ROWS = false;
layout(push_constant, std430) uniform push_block { PUSH_CONV_PACK_W } push;
layout(set = 0, binding = 0, std430) readonly buffer buf_w { float w[]; };
layout(set = 0, binding = 1, std430) writeonly buffer buf_dst { float dst[]; };

void main()
{
    int id = int(flat_id());
    if (id >= int(push.count)) {
        return;
    }
    int taps = int(push.taps[0] * push.taps[1] * push.taps[2]), k = int(push.c) * taps;
    int wide = ROWS ? k : int(push.m_pad), tall = ROWS ? int(push.m_pad) : k;
    int line = divide(id, wide), col = id - line * wide;
    int g = divide(line, tall);
    line -= g * tall;
    int m = ROWS ? line : col, kk = ROWS ? col : line;
    int c = divide(kk, taps), t = kk - c * taps;
    int row = divide(t, int(push.taps[2])), slice = divide(row, int(push.taps[1]));
    int from = int(push.base) + g * int(push.w_g) + m * int(push.w_m) + c * int(push.w_c) + slice * push.w_t[0] +
               (row - slice * int(push.taps[1])) * push.w_t[1] + (t - row * int(push.taps[2])) * push.w_t[2];
    float v = 0.0;
    if (m < int(push.m)) {
        v = w[from];
    }
    dst[id] = v;
}
