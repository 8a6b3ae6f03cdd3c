/* Planning of the convolution family: which kernels, how tensors are packed, how much at a time.
 *
 * Every operator here is one `conv_problem`; conv_plan.c cuts it into sub-convolutions (push/conv.h) and hands them to
 * a kernel family: `block` (software drivers), `gemm` (GPUs), `direct` (depthwise and oddities). */
#ifndef LIMN_OPS_CONV_PLAN_H
#define LIMN_OPS_CONV_PLAN_H

#include "ops/conv_geom.h"

struct conv_problem {
    int32_t n, groups;
    int32_t c, m; /* channels per group that are summed over, and produced */
    int32_t x_dim[3], y_dim[3], k[3], stride[3], pad[3], dilation[3];
    bool transposed;
    /* Element strides. The rows and slices of x and y follow from x_w and y_w. */
    uint32_t x_n, x_c, x_w, y_n, y_c, y_w;
    uint32_t w_g, w_m, w_c; /* of the weights; taps are contiguous */
    const struct epilogue *epi;
};

/* Along one axis: point q of q reads x at start + q * stride + t * dil with weight tap first + t * step (t < taps), and
 * is output position off + q * out_step. */
struct conv_sub_axis {
    int32_t q, taps, stride, dil, start;
    int32_t off, out_step, first, step;
};
struct conv_sub {
    struct conv_sub_axis a[3];
};

/* Sub-convolution number i of problem p along an axis; there are conv_sub_count. It may have no points (q == 0). */
int32_t conv_sub_count(const struct conv_problem *p, int axis);
struct conv_sub_axis conv_sub_axis(const struct conv_problem *p, int axis, int32_t i);

struct conv_problem conv_problem_forward(const struct conv_geom *g);
struct conv_problem conv_problem_transposed(const struct conv_geom *g);

/* Inputs of the call: x, w, bias, add, mask. */
limn_status conv_plan_problem(const struct op_call *c, const struct conv_problem *p, const struct device_caps *caps,
                              struct kernel_list *out, limn_error *err);
/* A conv or, transposed, a conv_transpose node. */
limn_status conv_plan_node(const struct op_call *c, bool transposed, const struct device_caps *caps,
                           struct kernel_list *out, limn_error *err);
limn_status conv_plan_weight_grad(const struct op_call *c, const struct conv_geom *g, const struct device_caps *caps,
                                  struct kernel_list *out, limn_error *err);
/* A matmul, given as the 1x1 convolution of matmul.c; few rows and large matrices take the matrix-vector kernels. */
limn_status matmul_plan_problem(const struct op_call *c, const struct conv_problem *p, const struct device_caps *caps,
                                struct kernel_list *out, limn_error *err);

#endif
