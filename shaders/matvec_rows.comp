#version 450
// y[i][j] = sum over k of a[i][k] * b[j][k] for up to four i: a few vectors against a large matrix stored by rows,
// bound by reading b once. The workgroup takes ROWS rows together and adds its partial sums in shared memory. The
// optional SCALAR build takes rows whose length is no multiple of four, and any strides of a.
// VARIANT texel -DTEXEL
// VARIANT scalar -DSCALAR
// VARIANT scalar_texel -DSCALAR -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/conv.h"

layout(constant_id = 4) const int BATCH = 1;
layout(push_constant, std430) uniform push_block { PUSH_MATVEC_ROWS } push;
#ifdef SCALAR
#define ELEMENT float
#define LOAD LOAD1
#define SUM(v) (v)
TENSOR1(0, a)
TENSOR1(1, b)
#else
#define ELEMENT vec4
#define LOAD LOAD4
#define SUM(v) ((v.x + v.y) + (v.z + v.w))
TENSOR4(0, a)
TENSOR4(1, b)
#endif
#include "epilogue.glsl"

const int ROWS = 4;
shared float part[4 * ROWS * gl_WorkGroupSize.x];

void main()
{
    int t = int(gl_LocalInvocationIndex), threads = int(gl_WorkGroupSize.x);
    int row0 = int(flat_group()) * ROWS;
    ELEMENT acc[4][ROWS];
    for (int i = 0; i < BATCH; i++) {
        for (int r = 0; r < ROWS; r++) {
            acc[i][r] = ELEMENT(0.0);
        }
    }
    int at[ROWS];
    for (int r = 0; r < ROWS; r++) {
        at[r] = min(row0 + r, int(push.rows) - 1) * int(push.k);
    }
    for (int k = t; k < int(push.k); k += threads) {
        ELEMENT av[4];
        for (int i = 0; i < BATCH; i++) {
            av[i] = LOAD(a, int(push.a_base) + i * int(push.a_i) + k * int(push.a_k));
        }
        for (int r = 0; r < ROWS; r++) {
            ELEMENT bv = LOAD(b, at[r] + k);
            for (int i = 0; i < BATCH; i++) {
                acc[i][r] += av[i] * bv;
            }
        }
    }
    for (int i = 0; i < BATCH; i++) {
        for (int r = 0; r < ROWS; r++) {
            part[(i * ROWS + r) * threads + t] = SUM(acc[i][r]);
        }
    }
    barrier();
    for (int e = t; e < BATCH * ROWS; e += threads) {
        int i = e / ROWS, row = row0 + e % ROWS;
        float sum = 0.0;
        for (int s = 0; s < threads; s++) {
            sum += part[e * threads + s];
        }
        if (row < int(push.rows)) {
            uint column = push.first + uint(row);
            epilogue_store(sum, column, (push.batch0 + uint(i)) * push.n + column);
        }
    }
}
