#version 450
// part[split][j][i] = sum over k of a[i][k] * b[k][j] for up to four i: as matvec_rows.comp for a matrix stored by
// columns. COLS vec4 of columns per invocation (floats in the SCALAR build), a workgroup apart: a row is read in one
// long piece. Grid: x columns, y splits of k. conv_reduce.comp finishes.
// VARIANT texel -DTEXEL
// VARIANT scalar -DSCALAR
// VARIANT scalar_texel -DSCALAR -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(constant_id = 3) const int BATCH = 1;
layout(push_constant, std430) uniform push_block { PUSH_MATVEC_COLS } push;
TENSOR1(0, a)
#ifdef SCALAR
#define ELEMENT float
#define LOAD LOAD1
#define WIDTH 1
TENSOR1(1, b)
#else
#define ELEMENT vec4
#define LOAD LOAD4
#define WIDTH 4
TENSOR4(1, b)
#endif
layout(set = 0, binding = 2, std430) writeonly buffer buf_part { float part[]; };

const int COLS = 8;

void main()
{
    int local = int(gl_WorkGroupSize.x), columns = int(push.n) / WIDTH;
    int column = int(gl_WorkGroupID.x) * local * COLS + int(gl_LocalInvocationID.x);
    int k0 = int(gl_WorkGroupID.y * push.chunk), k1 = min(k0 + int(push.chunk), int(push.k));
    ELEMENT acc[4][COLS];
    int at[COLS];
    for (int j = 0; j < COLS; j++) {
        at[j] = k0 * columns + min(column + j * local, columns - 1);
        for (int i = 0; i < BATCH; i++) {
            acc[i][j] = ELEMENT(0.0);
        }
    }
    int from = int(push.a_base) + k0 * int(push.a_k);
    for (int k = k0; k < k1; k++) {
        float av[4];
        for (int i = 0; i < BATCH; i++) {
            av[i] = LOAD1(a, from + i * int(push.a_i));
        }
        for (int j = 0; j < COLS; j++) {
            ELEMENT bv = LOAD(b, at[j]);
            for (int i = 0; i < BATCH; i++) {
                acc[i][j] += av[i] * bv;
            }
            at[j] += columns;
        }
        from += int(push.a_k);
    }
    for (int j = 0; j < COLS; j++) {
        if (column + j * local >= columns) {
            continue;
        }
        uint row = (push.split0 + gl_WorkGroupID.y) * push.n + uint((column + j * local) * WIDTH);
        for (int i = 0; i < BATCH; i++) {
#ifdef SCALAR
            part[row * push.batch + uint(i)] = acc[i][j];
#else
            for (int e = 0; e < 4; e++) {
                part[(row + e) * push.batch + uint(i)] = acc[i][j][e];
            }
#endif
        }
    }
}
