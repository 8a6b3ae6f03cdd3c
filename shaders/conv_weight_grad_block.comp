#version 450
// The adjoint of convolution in its weights for software drivers: x and g packed four channels to a vec4
// (conv_pack_x.comp), g with rows of whole fours. Eight rows m times eight channels c of one tap per invocation, four
// points per step. Grid: x columns (c / 8, t), y blocks of eight m of all groups, z splits of the sum.
// VARIANTS ONLY
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "divide.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(push_constant, std430) uniform push_block { PUSH_CONV_WEIGHT_GRAD_BLOCK } push;
TENSOR4(0, x)
TENSOR4(1, g)
layout(set = 0, binding = 2, std430) writeonly buffer buf_y { float y[]; };

void store(vec4 v, int at, int stride, int rows)
{
    for (int j = 0; j < 4; j++) {
        if (j < rows) {
            y[at + j * stride] = v[j];
        }
    }
}

#define STORE(i)                                                                                                       \
    store(acc[0][i], at + i * volume, columns, i < valid ? rows : 0);                                                  \
    store(acc[1][i], at + i * volume + 4 * columns, columns, i < valid ? rows - 4 : 0);

void main()
{
    int volume = int(push.taps[0] * push.taps[1] * push.taps[2]);
    int blocks = (int(push.m) + 7) / 8, c8 = (int(push.c) + 7) / 8;
    int group = int(gl_WorkGroupID.y) / blocks, m0 = (int(gl_WorkGroupID.y) - group * blocks) * 8;
    int col = int(gl_GlobalInvocationID.x);
    bool live = col < c8 * volume;
    col = live ? col : 0;
    int c0 = divide(col, volume), t = col - c0 * volume;
    c0 *= 8;
    int th = divide(t, int(push.taps[2])), td = divide(th, int(push.taps[1]));
    int x0 = group * int(push.x_g) + c0 / 4 * int(push.x_c) + td * int(push.x_t[0]) +
             (th - td * int(push.taps[1])) * int(push.x_t[1]) + (t - th * int(push.taps[2])) * int(push.x_t[2]);
    int x1 = c0 + 4 < int(push.c) ? x0 + int(push.x_c) : x0;
    int g0 = group * int(push.g_g) + m0 / 4 * int(push.g_m);
    int g1 = m0 + 4 < int(push.m) ? g0 + int(push.g_m) : g0;

    /* Steps are numbered (n, d, h, w / 4). */
    int qd = int(push.q[0]), qh = int(push.q[1]), qw = int(push.q[2]);
    int step0 = int(gl_WorkGroupID.z * push.chunk), step1 = min(step0 + int(push.chunk), int(push.steps));
    int row = divide(step0, qw), slice = divide(row, qh), n = divide(slice, qd);
    int iw = step0 - row * qw, ih = row - slice * qh, id = slice - n * qd;
    int sw = int(push.x_q[2]);
    vec4 acc[2][8];
    for (int i = 0; i < 8; i++) {
        acc[0][i] = vec4(0.0);
        acc[1][i] = vec4(0.0);
    }
    for (int s = step0; s < step1; s++) {
        int xs = n * int(push.x_n) + id * int(push.x_q[0]) + ih * int(push.x_q[1]) + iw * 4 * sw;
        int gs = n * int(push.g_n) + ((id * qh + ih) * qw + iw) * 4;
        for (int u = 0; u < 4; u++) {
            vec4 ga = LOAD4(g, g0 + gs + u), gb = LOAD4(g, g1 + gs + u);
            vec4 xa = LOAD4(x, x0 + xs + u * sw), xb = LOAD4(x, x1 + xs + u * sw);
            for (int i = 0; i < 4; i++) {
                acc[0][i] += ga * xa[i];
                acc[1][i] += gb * xa[i];
                acc[0][4 + i] += ga * xb[i];
                acc[1][4 + i] += gb * xb[i];
            }
        }
        iw++;
        bool w_end = iw == qw;
        ih += w_end ? 1 : 0;
        bool h_end = ih == qh;
        id += h_end ? 1 : 0;
        bool d_end = id == qd;
        n += d_end ? 1 : 0;
        iw = w_end ? 0 : iw;
        ih = h_end ? 0 : ih;
        id = d_end ? 0 : id;
    }
    int line = (int(gl_WorkGroupID.z * push.groups) + group) * int(push.m) + m0, rows = live ? int(push.m) - m0 : 0;
    int columns = int(push.c) * volume, at = line * columns + c0 * volume + t, valid = int(push.c) - c0;
    /* Written out: a loop that drivers do not unroll would force `acc` into memory. */
    STORE(0)
    STORE(1)
    STORE(2)
    STORE(3)
    STORE(4)
    STORE(5)
    STORE(6)
    STORE(7)
}
