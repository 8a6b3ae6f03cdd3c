/* matmul_batch.comp: y[b][i][j] = sum over k of a[a_base + b.sa + i a_m + k a_k] * b[b_base + b.sb + k b_k + j b_n] for
 * the `count` tiles of batch items first.., numbered over dim; then the epilogue. */
#ifndef LIMN_PUSH_MATMUL_H
#define LIMN_PUSH_MATMUL_H

#include "push/epilogue.h"
#include "push/push.h"

#define MATMUL_TILE 4 /* rows and columns of y per invocation */

#define PUSH_MATMUL_BATCH                                                                                              \
    PUSH_EPILOGUE PUSH_U32(count) PUSH_U32(m) PUSH_U32(n) PUSH_U32(k) PUSH_U32(first)                                  \
    PUSH_U32_ARRAY(dim, 3) PUSH_U32_ARRAY(sa, 3) PUSH_U32_ARRAY(sb, 3) PUSH_U32(a_m) PUSH_U32(a_k)                     \
    PUSH_U32(b_k) PUSH_U32(b_n) PUSH_I32(a_base) PUSH_I32(b_base)

#endif
