#version 450
// One matrix product per batch item, the items of a and b numbered by strides (0: the same matrix for all). A tile of
// MATMUL_TILE^2 results per invocation, columns innermost. Grid: kernel_grid_1d over count tiles.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "divide.glsl"
#include "load.glsl"
#include "push/matmul.h"

layout(push_constant, std430) uniform push_block { PUSH_MATMUL_BATCH } push;
TENSOR1(0, a)
TENSOR1(1, b)
#include "epilogue.glsl"

const int TILE = MATMUL_TILE;

void main()
{
    int id = int(flat_id()), m = int(push.m), n = int(push.n);
    bool live = id < int(push.count);
    id = live ? id : 0;
    int cols = (n + TILE - 1) / TILE, rows = (m + TILE - 1) / TILE;
    int row = divide(id, cols), item = divide(row, rows);
    int j0 = (id - row * cols) * TILE, i0 = (row - item * rows) * TILE;
    int whole = item + int(push.first);
    int q = divide(whole, int(push.dim[2])), p = divide(q, int(push.dim[1]));
    ivec3 at = ivec3(p, q - p * int(push.dim[1]), whole - q * int(push.dim[2]));
    int a0 = push.a_base, b0 = push.b_base;
    for (int i = 0; i < 3; i++) {
        a0 += at[i] * int(push.sa[i]);
        b0 += at[i] * int(push.sb[i]);
    }
    int ai[TILE], bj[TILE];
    vec4 acc[TILE];
    for (int i = 0; i < TILE; i++) {
        ai[i] = a0 + min(i0 + i, m - 1) * int(push.a_m);
        bj[i] = b0 + min(j0 + i, n - 1) * int(push.b_n);
        acc[i] = vec4(0.0);
    }
    for (int k = 0; k < int(push.k); k++) {
        int ka = k * int(push.a_k), kb = k * int(push.b_k);
        vec4 bv = vec4(LOAD1(b, bj[0] + kb), LOAD1(b, bj[1] + kb), LOAD1(b, bj[2] + kb), LOAD1(b, bj[3] + kb));
        for (int i = 0; i < TILE; i++) {
            acc[i] += LOAD1(a, ai[i] + ka) * bv;
        }
    }
    for (int i = 0; i < TILE; i++) {
        for (int j = 0; j < TILE; j++) {
            if (live && i0 + i < m && j0 + j < n) {
                epilogue_store(acc[i][j], uint(j0 + j), uint((item * m + i0 + i) * n + j0 + j));
            }
        }
    }
}
