#version 450
// Convolution for GPUs: implicit GEMM with M = output channels of a group, N = batch and points, K = channels and
// taps. BM x BN tile per workgroup in shared memory, TM x TN outputs per invocation (multiples of four), BM / TM * BN
// / TN invocations, a multiple of BN. Where row k of a tile comes from is worked out once per row, one tile ahead.
// Grid: x point tiles, y channel tiles, z group and split of K. With splits, partial sums go to y, see
// conv_reduce.comp.
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(constant_id = 4) const int BM = 64;
layout(constant_id = 5) const int BN = 64;
layout(constant_id = 6) const int TM = 4;
layout(constant_id = 7) const int TN = 4;
layout(constant_id = 8) const bool SPLIT = false;
const int BK = 16;

layout(push_constant, std430) uniform push_block { PUSH_CONV_GEMM } push;
TENSOR1(0, x)
TENSOR1(1, w)
#include "epilogue.glsl"
#include "conv_in.glsl"
#include "conv_out.glsl"

shared vec4 ws[BK * BM / 4];
shared vec4 xs[BK * BN / 4];
shared ivec4 source[2][BK]; /* offset of the tap in d, h, w; channel, or -1 past the end */

ivec3 taps, dil;

ivec4 find_source(int k, int k_end)
{
    int area = taps.y * taps.z, volume = taps.x * area;
    int c = k / volume, r = k - c * volume;
    int d = r / area, hw = r - d * area, h = hw / taps.z;
    return ivec4(ivec3(d, h, hw - h * taps.z) * dil, k < k_end ? c : -1);
}

void main()
{
    int t = int(gl_LocalInvocationIndex), threads = int(gl_WorkGroupSize.x);
    int g = int(gl_WorkGroupID.z / push.splits), split = int(gl_WorkGroupID.z) - g * int(push.splits);
    int m0 = int(gl_WorkGroupID.y) * BM, p0 = int(gl_WorkGroupID.x) * BN;
    taps = conv_axes(push.taps);
    dil = conv_axes(push.dil);
    int k_all = int(push.c) * taps.x * taps.y * taps.z;
    int k_begin = split * int(push.chunk), k_end = min(k_begin + int(push.chunk), k_all);

    /* The point this invocation loads never changes. */
    int col = t % BN;
    bool live = p0 + col < int(push.points);
    ivec4 o = conv_point(live ? p0 + col : 0);
    ivec3 from = ivec3(push.start[0], push.start[1], push.start[2]) + o.yzw * conv_axes(push.stride);

    vec4 acc[TN][TM / 4];
    for (int j = 0; j < TN; j++) {
        for (int i = 0; i < TM / 4; i++) {
            acc[j][i] = vec4(0.0);
        }
    }
    int tx = t % (BN / TN), ty = t / (BN / TN), turn = 0;
    for (int e = t; e < BK && k_begin < k_end; e += threads) {
        source[0][e] = find_source(k_begin + e, k_end);
    }
    barrier();
    for (int k0 = k_begin; k0 < k_end; k0 += BK) {
        for (int e = t; e < BK && k0 + BK < k_end; e += threads) {
            source[1 - turn][e] = find_source(k0 + BK + e, k_end);
        }
        for (int e = t; e < BK * BM; e += threads) {
            int k = k0 + e / BM, m = m0 + e % BM;
            bool ok = k < k_end && m < int(push.m_pad);
            float v = LOAD1(w, ok ? (g * k_all + k) * int(push.m_pad) + m : 0);
            ws[e / 4][e % 4] = ok ? v : 0.0;
        }
        for (int e = t; e < BK * BN; e += threads) {
            ivec4 s = source[turn][e / BN];
            bool ok = live && s.w >= 0;
            float v = conv_x(o.x, g * int(push.c) + (ok ? s.w : 0), from + s.xyz);
            xs[e / 4][e % 4] = ok ? v : 0.0;
        }
        barrier();
        for (int k = 0; k < BK; k++) {
            vec4 a[TM / 4];
            for (int i = 0; i < TM / 4; i++) {
                a[i] = ws[(k * BM + ty * TM) / 4 + i];
            }
            for (int q = 0; q < TN / 4; q++) {
                vec4 b = xs[(k * BN + q * (BN * 4 / TN)) / 4 + tx];
                for (int j = 0; j < 4; j++) {
                    for (int i = 0; i < TM / 4; i++) {
                        acc[q * 4 + j][i] += a[i] * b[j];
                    }
                }
            }
        }
        turn = 1 - turn;
        barrier();
    }
    uint channels = push.m * (gl_NumWorkGroups.z / push.splits);
    for (int j = 0; j < TN; j++) {
        int p = p0 + j / 4 * (BN * 4 / TN) + tx * 4 + j % 4;
        ivec4 q = conv_point(min(p, int(push.points) - 1));
        for (int i = 0; i < TM; i++) {
            int m = m0 + ty * TM + i;
            uint channel = uint(g) * push.m + uint(m);
            float v = acc[j][i / 4][i % 4];
            if (p < int(push.points) && m < int(push.m)) {
                if (SPLIT) {
                    y[(uint(split) * channels + channel) * push.points + uint(p)] = v;
                } else {
                    epilogue_store(v, channel, conv_out_at(q, channel));
                }
            }
        }
    }
}
