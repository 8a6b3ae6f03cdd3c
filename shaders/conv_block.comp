#version 450
// Convolution for software drivers: no shared memory, 4 * TM output channels times TP points per invocation, x and w
// packed (conv_pack_x.comp, conv_pack_w4.comp) and read four floats at a time. One flat loop over c/4 and taps: each
// loop level costs these drivers a blend of every live register. Grid: x point tiles, y channel blocks of all groups.
// VARIANTS ONLY
// VARIANT texel -DTEXEL -DTM=2 -DTP=7
// VARIANT texel_narrow -DTEXEL -DTM=1 -DTP=7
// VARIANT storage -DTM=1 -DTP=4
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(push_constant, std430) uniform push_block { PUSH_CONV_BLOCK } push;
TENSOR4(0, x)
TENSOR4(1, w)
#include "epilogue.glsl"
#include "conv_out.glsl"

/* Four output channels of one point; `rows` of them exist. */
void finish(vec4 v, uint to, int rows)
{
    for (int e = 0; e < 4; e++) {
        if (e < rows) {
            epilogue_finish(v[e], to + uint(e) * push.y_c);
        }
    }
}

#define FINISH(i)                                                                                                      \
    {                                                                                                                  \
        int p = p0 + i * local;                                                                                        \
        uint to = conv_out_at(conv_point(min(p, int(push.points) - 1)), channel0);                                     \
        int rows = p < int(push.points) ? int(push.m) - m0 : 0;                                                        \
        for (int j = 0; j < TM; j++) {                                                                                 \
            finish(acc[j][i], to + uint(4 * j) * push.y_c, rows - 4 * j);                                              \
        }                                                                                                              \
    }

void main()
{
    int local = int(gl_WorkGroupSize.x);
    int p0 = int(gl_WorkGroupID.x) * local * TP + int(gl_LocalInvocationID.x);
    int blocks = (int(push.m) + 4 * TM - 1) / (4 * TM);
    int g = int(gl_WorkGroupID.y) / blocks, m0 = (int(gl_WorkGroupID.y) - g * blocks) * 4 * TM;
    int base[TP];
    for (int i = 0; i < TP; i++) {
        ivec4 o = conv_point(min(p0 + i * local, int(push.points) - 1));
        base[i] = int(push.x_base) + g * int(push.x_g) + o.x * int(push.x_n) + o.y * int(push.x_q[0]) +
                  o.z * int(push.x_q[1]) + o.w * int(push.x_q[2]);
    }
    vec4 acc[TM][TP];
    uint channel0 = uint(g) * push.m + uint(m0), last = push.m - uint(m0) - 1u;
    for (int j = 0; j < TM; j++) {
        vec4 b;
        for (int e = 0; e < 4; e++) {
            b[e] = epilogue_bias(channel0 + min(uint(4 * j + e), last));
        }
        for (int i = 0; i < TP; i++) {
            acc[j][i] = b;
        }
    }
    int td = int(push.taps[0]), th = int(push.taps[1]), tw = int(push.taps[2]);
    int steps = int(push.c4) * td * th * tw;
    int from = int(gl_WorkGroupID.y) * steps * 4 * TM;
    int row = int(push.x_t[1]) - (tw - 1) * int(push.x_t[2]);
    int slice = int(push.x_t[0]) - (th - 1) * int(push.x_t[1]) - (tw - 1) * int(push.x_t[2]);
    int plane = int(push.x_c) - (td - 1) * int(push.x_t[0]) - (th - 1) * int(push.x_t[1]) - (tw - 1) * int(push.x_t[2]);
    int at = 0, iw = 0, ih = 0, id = 0;
    for (int k = 0; k < steps; k++) {
        vec4 xv[TP];
        for (int i = 0; i < TP; i++) {
            xv[i] = LOAD4(x, base[i] + at);
        }
        // Four products are summed before they meet the accumulator: a fourth of the long chain's rounding, and faster.
        for (int j = 0; j < TM; j++) {
            vec4 w0 = LOAD4(w, from + j), w1 = LOAD4(w, from + TM + j);
            vec4 w2 = LOAD4(w, from + 2 * TM + j), w3 = LOAD4(w, from + 3 * TM + j);
            for (int i = 0; i < TP; i++) {
                acc[j][i] += w0 * xv[i].x + w1 * xv[i].y + (w2 * xv[i].z + w3 * xv[i].w);
            }
        }
        from += 4 * TM;
        iw++;
        bool w_end = iw == tw;
        ih += w_end ? 1 : 0;
        bool h_end = ih == th;
        id += h_end ? 1 : 0;
        bool d_end = id == td;
        at += d_end ? plane : (h_end ? slice : (w_end ? row : int(push.x_t[2])));
        iw = w_end ? 0 : iw;
        ih = h_end ? 0 : ih;
        id = d_end ? 0 : id;
    }
    /* Written out: a loop that drivers do not unroll would force `acc` into memory. */
    FINISH(0)
    FINISH(1)
    FINISH(2)
    FINISH(3)
#if TP > 4
    FINISH(4)
    FINISH(5)
    FINISH(6)
#endif
}
