/* The convolution kernels. All of them compute "sub-convolutions": for output channel m of group g and output point q
 *     acc = sum over c, t of w[g][m][c][t] * x[n][g][c][start + q * stride + t * dil]
 * and store it at y_base + n * y_n + m * y_c + q . (y_d, y_h, y_w) after the epilogue. A plain convolution is one of
 * them, a strided transposed convolution is one per residue of the output position. */
#ifndef LIMN_PUSH_CONV_H
#define LIMN_PUSH_CONV_H

#include "push/epilogue.h"
#include "push/push.h"

/* Output side: points in all (batch included), points per axis, output channels per group, element strides. */
#define PUSH_CONV_OUT \
    PUSH_U32(points) PUSH_U32_ARRAY(q, 3) PUSH_U32(m) PUSH_U32(y_n) PUSH_U32(y_c) PUSH_U32_ARRAY(y_q, 3) \
    PUSH_U32(y_base)

/* Input side where x is read as it is: channels per group, extent, first point, three axes of 10 bits each for stride,
 * dilation and taps, element strides (rows and slices follow from x_w). */
#define PUSH_CONV_IN \
    PUSH_U32(c) PUSH_U32_ARRAY(x_dim, 3) PUSH_I32_ARRAY(start, 3) PUSH_U32(stride) PUSH_U32(dil) PUSH_U32(taps) \
    PUSH_U32(x_n) PUSH_U32(x_c) PUSH_U32(x_w)

/* conv_block.comp: x packed to [n][group][c/4][d][h][w][4] with its padding; strides in vec4. */
#define PUSH_CONV_BLOCK \
    PUSH_CONV_OUT PUSH_EPILOGUE PUSH_U32(c4) PUSH_U32_ARRAY(taps, 3) PUSH_U32(x_n) PUSH_U32(x_g) PUSH_U32(x_c) \
    PUSH_U32(x_base) PUSH_U32_ARRAY(x_q, 3) PUSH_U32_ARRAY(x_t, 3)

/* conv_gemm.comp: weights packed to [group][c * taps + t][m_pad]; `chunk` of K per split. */
#define PUSH_CONV_GEMM PUSH_CONV_OUT PUSH_EPILOGUE PUSH_CONV_IN PUSH_U32(m_pad) PUSH_U32(chunk) PUSH_U32(splits)
/* conv_direct.comp: weights packed to [group][m][c][t]. */
#define PUSH_CONV_DIRECT PUSH_CONV_OUT PUSH_EPILOGUE PUSH_CONV_IN PUSH_U32(groups)
/* conv_reduce.comp: sums the splits [split][group * m][points]. */
#define PUSH_CONV_REDUCE PUSH_CONV_OUT PUSH_EPILOGUE PUSH_U32(channels) PUSH_U32(splits)

/* conv_pack_x.comp: [n][group][c/4][dim][4] from every `step`-th point of x; dim starts at `lo` of x, zeros
 * outside. */
#define PUSH_CONV_PACK_X \
    PUSH_U32(count) PUSH_U32(c) PUSH_U32(c4) PUSH_U32(groups) PUSH_U32_ARRAY(dim, 3) PUSH_I32_ARRAY(lo, 3) \
    PUSH_I32_ARRAY(step, 3) \
    PUSH_U32_ARRAY(x_dim, 3) PUSH_U32(x_n) PUSH_U32(x_c) PUSH_U32(x_w)

/* conv_pack_flat.comp: the same for whole planes of 4 * plane4 points. */
#define PUSH_CONV_PACK_FLAT PUSH_U32(count) PUSH_U32(c) PUSH_U32(c4) PUSH_U32(plane4)

/* conv_pack_w*.comp: element (g, m, c, t) is at base + g * w_g + m * w_m + c * w_c + t . w_t of w. */
#define PUSH_CONV_PACK_W \
    PUSH_U32(count) PUSH_U32(m) PUSH_U32(m_pad) PUSH_U32(c) PUSH_U32_ARRAY(taps, 3) PUSH_U32(base) PUSH_U32(w_g) \
    PUSH_U32(w_m) PUSH_U32(w_c) PUSH_I32_ARRAY(w_t, 3)

/* conv_weight_grad.comp: columns are (c, t); the sum over `points` goes in chunks of `chunk`, one per split. */
#define PUSH_CONV_WEIGHT_GRAD \
    PUSH_U32(points) PUSH_U32_ARRAY(q, 3) PUSH_U32(m) PUSH_U32(cols) PUSH_CONV_IN PUSH_U32(g_n) PUSH_U32(g_c) \
    PUSH_U32(chunk) PUSH_U32(groups) PUSH_U32(split0)

/* conv_weight_grad_block.comp: strides in vec4; q[2] and the steps count four points each. */
#define PUSH_CONV_WEIGHT_GRAD_BLOCK \
    PUSH_U32(m) PUSH_U32(c) PUSH_U32(groups) PUSH_U32_ARRAY(taps, 3) PUSH_U32_ARRAY(q, 3) PUSH_U32(steps) \
    PUSH_U32(chunk) PUSH_U32(x_n) PUSH_U32(x_g) PUSH_U32(x_c) PUSH_U32_ARRAY(x_q, 3) PUSH_U32_ARRAY(x_t, 3) \
    PUSH_U32(g_n) PUSH_U32(g_g) PUSH_U32(g_m)

/* matvec_rows.comp: y[i][first + j] = sum over k of a[i][k] * b[j][k]; k and the strides in vec4 unless SCALAR. */
#define PUSH_MATVEC_ROWS \
    PUSH_EPILOGUE PUSH_U32(k) PUSH_U32(rows) PUSH_U32(first) PUSH_U32(n) PUSH_U32(a_base) PUSH_U32(a_i) PUSH_U32(a_k) \
    PUSH_U32(batch0)
/* matvec_cols.comp: part[split][j][i] = sum over the k of the split of a[i][k] * b[k][j]. */
#define PUSH_MATVEC_COLS \
    PUSH_U32(k) PUSH_U32(chunk) PUSH_U32(n) PUSH_U32(batch) PUSH_U32(a_base) PUSH_U32(a_i) PUSH_U32(a_k) \
    PUSH_U32(split0)

#endif
