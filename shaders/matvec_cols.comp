#version 450
// part[split][j][i] = sum over k of a[i][k] * b[k][j] for up to four i: as matvec_rows.comp for a matrix stored by columns.
// Four columns per invocation (one in the SCALAR build); grid x columns, y splits of k. conv_reduce.comp finishes.
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

void main()
{
    int columns = int(push.n) / WIDTH, column = int(gl_GlobalInvocationID.x);
    int k0 = int(gl_WorkGroupID.y * push.chunk), k1 = min(k0 + int(push.chunk), int(push.k));
    ELEMENT acc[4];
    for (int i = 0; i < BATCH; i++) {
        acc[i] = ELEMENT(0.0);
    }
    int at = k0 * columns + min(column, columns - 1);
    for (int k = k0; k < k1; k++) {
        ELEMENT bv = LOAD(b, at);
        for (int i = 0; i < BATCH; i++) {
            acc[i] += LOAD1(a, int(push.a_base) + i * int(push.a_i) + k * int(push.a_k)) * bv;
        }
        at += columns;
    }
    if (column >= columns) {
        return;
    }
    for (int i = 0; i < BATCH; i++) {
        for (int j = 0; j < WIDTH; j++) {
            uint row = (push.split0 + gl_WorkGroupID.y) * push.n + uint(column * WIDTH + j);
#ifdef SCALAR
            part[row * push.batch + uint(i)] = acc[i];
#else
            part[row * push.batch + uint(i)] = acc[i][j];
#endif
        }
    }
}
