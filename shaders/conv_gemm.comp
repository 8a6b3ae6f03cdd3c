#version 450
// Convolution for GPUs: implicit GEMM with M = output channels of a group, N = batch and points, K = channels and taps.
// BM x BN tile per workgroup in shared memory, TM x TN outputs per invocation, BM / TM * BN / TN invocations, a multiple
// of BN. Grid: x point tiles, y channel tiles, z group and split of K. With splits, partial sums go to `part`.
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

shared float ws[BK * BM];
shared float xs[BK * BN];

void main()
{
    int t = int(gl_LocalInvocationIndex), threads = int(gl_WorkGroupSize.x);
    int g = int(gl_WorkGroupID.z / push.splits), split = int(gl_WorkGroupID.z) - g * int(push.splits);
    int m0 = int(gl_WorkGroupID.y) * BM, p0 = int(gl_WorkGroupID.x) * BN;
    ivec3 taps = conv_axes(push.taps), dil = conv_axes(push.dil);
    int area = taps.y * taps.z, volume = taps.x * area;
    int k_all = int(push.c) * volume;
    int k_begin = split * int(push.chunk), k_end = min(k_begin + int(push.chunk), k_all);

    /* The point this invocation loads never changes. */
    int col = t % BN;
    bool live = p0 + col < int(push.points);
    ivec4 o = conv_point(live ? p0 + col : 0);
    ivec3 from = ivec3(push.start[0], push.start[1], push.start[2]) + o.yzw * conv_axes(push.stride);

    float acc[TM][TN];
    for (int i = 0; i < TM; i++) {
        for (int j = 0; j < TN; j++) {
            acc[i][j] = 0.0;
        }
    }
    int tx = t % (BN / TN), ty = t / (BN / TN);
    for (int k0 = k_begin; k0 < k_end; k0 += BK) {
        for (int e = t; e < BK * BM; e += threads) {
            int k = k0 + e / BM, m = m0 + e % BM;
            bool ok = k < k_end && m < int(push.m_pad);
            float v = LOAD1(w, ok ? (g * k_all + k) * int(push.m_pad) + m : 0);
            ws[e] = ok ? v : 0.0;
        }
        for (int e = t; e < BK * BN; e += threads) {
            int k = k0 + e / BN;
            int c = k / volume, r = k - c * volume;
            int d = r / area, hw = r - d * area;
            int h = hw / taps.z;
            bool ok = live && k < k_end;
            float v = conv_x(o.x, g * int(push.c) + (ok ? c : 0), from + ivec3(d, h, hw - h * taps.z) * dil);
            xs[e] = ok ? v : 0.0;
        }
        barrier();
        for (int k = 0; k < BK; k++) {
            float a[TM];
            for (int i = 0; i < TM; i++) {
                a[i] = ws[k * BM + ty * TM + i];
            }
            for (int j = 0; j < TN; j++) {
                float b = xs[k * BN + tx + j * (BN / TN)];
                for (int i = 0; i < TM; i++) {
                    acc[i][j] += a[i] * b;
                }
            }
        }
        barrier();
    }
    for (int j = 0; j < TN; j++) {
        int p = p0 + tx + j * (BN / TN);
        if (p >= int(push.points)) {
            continue;
        }
        ivec4 q = conv_point(p);
        for (int i = 0; i < TM; i++) {
            int m = m0 + ty * TM + i;
            if (m >= int(push.m)) {
                continue;
            }
            uint channel = uint(g) * push.m + uint(m);
            if (SPLIT) {
                uint channels = push.m * (gl_NumWorkGroups.z / push.splits);
                y[(uint(split) * channels + channel) * push.points + uint(p)] = acc[i][j];
            } else {
                epilogue_store(acc[i][j], channel, conv_out_at(q, channel));
            }
        }
    }
}
