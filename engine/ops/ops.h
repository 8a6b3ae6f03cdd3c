/* The operators: their attribute structs and the table. Adding one: a file in engine/ops, a row in ops.def, its shaders
 * in shaders/, a case file in tests/ops. Input order is part of the contract. Spatial arrays are D,H,W; a 2-D operator
 * on rank-4 tensors uses indices 1 and 2 and leaves index 0 at its neutral value (size/stride/dilation 1, pad 0), a 1-D
 * one on rank 3 uses index 2. */
#ifndef LIMN_OPS_OPS_H
#define LIMN_OPS_OPS_H

#include "ir/graph.h"

#define OP(name) extern const struct op op_##name;
#include "ops/ops.def"
#undef OP

size_t op_count(void);
const struct op *op_at(size_t i);
const struct op *op_find(const char *name); /* NULL when unknown */

/* --- fused tail of the convolutions and matmul: y = mask(act(acc + bias + add)) --- */
enum act { ACT_NONE, ACT_RELU, ACT_RELU6 };
/* Gate of a backward pass through a piecewise-linear activation, given the activation's output (or input) m:
 *   VANILLA g*[lo<m<hi]   GUIDED g*[lo<m<hi]*[g>0]   DECONV g*[g>0] (m ignored) */
enum gate { GATE_NONE, GATE_VANILLA, GATE_GUIDED, GATE_DECONV };
struct epilogue {
    int32_t act;            /* enum act */
    int32_t gate;           /* enum gate; VANILLA and GUIDED need the mask input */
    float gate_lo, gate_hi; /* ReLU: 0, INFINITY; ReLU6: 0, 6 */
};

/* --- convolution family; w is [Cout, Cin/groups, (kD,) kH, kW] --- */
struct conv_attrs {
    int32_t stride[3], pad_begin[3], pad_end[3], dilation[3];
    int32_t groups;
    int32_t size[3]; /* conv_transpose: spatial output size; conv_weight_grad: kernel size; conv: unused, 0 */
    struct epilogue epi;
};
enum { CONV_X, CONV_W, CONV_BIAS, CONV_ADD, CONV_MASK, CONV_N_IN };
/* conv(x, w, bias?, add?, mask?)  and
 * conv_transpose(x, w, bias?, add?, mask?): the adjoint of conv in x. x has w.dim[0] channels, the result
 *   groups * w.dim[1] channels and spatial size attrs.size. PyTorch ConvTranspose weights fit as they are.
 * conv_weight_grad(x, g): the adjoint of conv in w. */
struct conv_attrs conv_attrs_2d(int32_t stride, int32_t pad, int32_t dilation, int32_t groups);

/* --- matmul(a, b, bias?, add?, mask?): a [..,M,K] (or [..,K,M] when trans_a), b [..,K,N] (or [..,N,K] when trans_b: a
 * Linear's weight), bias [N]; batch dimensions broadcast as in NumPy, ranks 2..5 --- */
struct matmul_attrs {
    int32_t trans_a, trans_b;
    struct epilogue epi;
};

/* --- batch_norm(x, gamma, beta, mean, var): inference form --- */
struct batch_norm_attrs {
    float eps;
};

/* --- activations, one input: relu relu6 leaky_relu(slope) sigmoid tanh silu hard_swish gelu(tanh) softplus softsign
 * hard_sigmoid(alpha, beta) elu(alpha) mish clip(lo, hi) thresholded_relu(alpha); prelu(x, slope): slope broadcasts to
 * x --- */
struct leaky_relu_attrs {
    float slope;
};
struct gelu_attrs {
    int32_t tanh; /* the tanh formula; else the exact one with erf */
};
struct hard_sigmoid_attrs { /* PyTorch's: 1/6, 1/2 */
    float alpha, beta;
};
struct elu_attrs {
    float alpha;
};
struct clip_attrs { /* -INFINITY, INFINITY: no limit; where lo > hi, hi */
    float lo, hi;
};
struct thresholded_relu_attrs {
    float alpha;
};
/* act_gate(g, m?): backward of piecewise-linear activations: g where lo<m<hi, slope*g elsewhere, then the rule's g>0.
 */
struct act_gate_attrs {
    int32_t gate; /* enum gate, never NONE */
    float lo, hi, slope;
};
/* --- elementwise, of x: affine = scale*x + shift; exp log sqrt abs sign floor ceil round (half to even) reciprocal
 * rsqrt erf; sin cos tan asin acos atan sinh cosh asinh acosh atanh
 * Of (a, b), NumPy broadcasting: add sub mul div pow min max; mod (sign of b), fmod (sign of a); equal less
 * less_or_equal greater greater_or_equal and logical_and logical_or logical_xor give 0 or 1
 * where(c, a, b): a where c is not 0, else b. is_nan, is_inf, logical_not (x) give 0 or 1. --- */
struct affine_attrs {
    float scale, shift;
};
struct is_inf_attrs {
    int32_t negative, positive; /* whether that infinity counts */
};

/* --- pooling --- */
struct pool_attrs {
    int32_t size[3], stride[3], pad_begin[3], pad_end[3], dilation[3];
    int32_t ceil_mode;
    int32_t count_include_pad; /* avg_pool */
    int32_t in_size[3];        /* the *_grad operators: spatial size of the pooled input */
};
/* Ranks 3 to 5. max_pool(x) -> y, index: position of the first maximum within its D*H*W plane, as a float (planes below
 * 2^24). max_pool_grad(g, index): scatters g to those positions (sums where windows overlap), spatial size in_size;
 * with an index of max_pool it is PyTorch's and ONNX's MaxUnpool. max_pool_gather(x, index): x at those positions: the
 * adjoint of max_pool_grad. avg_pool(x); avg_pool_grad(g): its adjoint. adaptive_avg_pool(x);
 * adaptive_avg_pool_grad(g): torch's window rule; global pooling is size 1. adaptive_max_pool(x) -> y, index. */
struct adaptive_attrs {
    int32_t size[3];    /* output spatial size */
    int32_t in_size[3]; /* adaptive_avg_pool_grad */
};
/* --- resize(x), resize_grad(g): the last one to three axes of rank 3..5 to another size, by the formulas of
 * resize_map.c --- */
enum resize_mode { RESIZE_MODE_NEAREST, RESIZE_MODE_LINEAR, RESIZE_MODE_CUBIC };
enum resize_coord {               /* which position of x an output samples */
                    RESIZE_TORCH, /* PyTorch's: ASYMMETRIC for nearest, else HALF_PIXEL */
                    RESIZE_ALIGN_CORNERS,
                    RESIZE_HALF_PIXEL,
                    RESIZE_PYTORCH_HALF_PIXEL,
                    RESIZE_ASYMMETRIC,
                    RESIZE_TF_HALF_PIXEL, /* tf_half_pixel_for_nn */
                    RESIZE_HALF_PIXEL_SYMMETRIC,
                    RESIZE_N_COORD
};
enum resize_round { RESIZE_FLOOR, RESIZE_CEIL, RESIZE_PREFER_FLOOR, RESIZE_PREFER_CEIL, RESIZE_N_ROUND };
struct resize_attrs {
    int32_t mode, coord;
    int32_t round;           /* nearest */
    int32_t antialias;       /* linear, cubic: the filter widens when the size shrinks */
    int32_t exclude_outside; /* leave out what lies outside (PyTorch's antialias) instead of repeating the edge */
    float cubic_a;           /* -0.75 in PyTorch, -0.5 with its antialias */
    float scale[3];          /* as the model gives it, where positions follow from it; 0: out / in */
    int32_t size[3], in_size[3];
};

/* --- shape --- */
struct concat_attrs {
    int32_t axis;
};
struct slice_attrs { /* out[i] = x[begin + i * step] */
    int32_t begin[5], size[5], step[5];
};
/* pad: begin/end may be negative (crop); interior: so many times `value` between elements, the adjoint of slice. The
 * other modes take what stands outside from x and no interior; pad_grad(g) is their adjoint. */
enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP };
struct pad_attrs {
    int32_t begin[5], end[5], interior[5];
    float value;
    int32_t mode;
};
struct reshape_attrs { /* OP_VIEW; all dims given */
    int32_t rank, dim[5];
};
struct transpose_attrs { /* out.dim[i] = x.dim[perm[i]] */
    int32_t perm[5];
};
struct broadcast_attrs { /* broadcast_to(x): NumPy rules */
    int32_t rank, dim[5];
};

/* gather(x, index): x at the positions of `index` along an axis, whose place the dimensions of index take;
 * gather_grad(g, index): its adjoint. gather_elements(x, index): index has the shape of the result, each element its
 * own position; scatter_elements(g, index): its adjoint, adds where positions repeat. Whole numbers 0..n-1. */
struct gather_attrs {
    int32_t axis;
    int32_t size; /* gather_grad, scatter_elements: elements of the result along the axis */
};

/* --- softmax(x), log_softmax(x) over axis; reduce_sum reduce_mean reduce_max (x) over the axes of a bit mask --- */
struct axis_attrs {
    int32_t axis;
};
/* cumsum(x): y[i] = sum of x[j] over j <= i, j < i when exclusive, j >= i (j > i) when reverse. */
struct cumsum_attrs {
    int32_t axis, exclusive, reverse;
};
/* arg_max(x), arg_min(x): position of the first extreme along an axis, or of the last, as a float. top_k(x) -> values,
 * index: the k first along an axis when sorted by value, equal ones by position. NaN comes first in all of them. */
struct arg_attrs {
    int32_t axis, keepdims, last;
};
struct top_k_attrs {
    int32_t axis, k, smallest;
};
/* --- lrn(x): x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels)^beta --- */
struct lrn_attrs {
    int32_t size;
    float alpha, beta, bias;
};
struct reduce_attrs {
    int32_t axes; /* bit i: axis i */
    int32_t keepdims;
};

/* --- training. Those that update (OP_UPDATE) overwrite their first inputs when these are states ---
 * batch_norm_train(x, gamma, beta) -> y, mean, var: normalised by the mean and the (biased) variance of x itself;
 *   attributes batch_norm_attrs.
 * batch_norm_train_grad(g, x, gamma, mean, var) -> gx, ggamma, gbeta.
 * dropout(x, step): zero with probability p, else x / (1 - p), by a hash of (seed, step, element). step is [2]: the
 *   number of the step as low + 2^20 high.
 * sgd_update(w, s, g, h) -> w', s' and adam_update(w, s, g, h) -> w', s': one step of an optimiser with gradient g (of
 *   w's shape). s is [1,n]: the momentum; or [2,n] (m, v), [3,n] with amsgrad (the largest v). h is [4], set for each
 *   step: learning rate; learning rate / (1 - beta1^t); 1 / sqrt(1 - beta2^t); unused.
 * combine(s, x, k) -> s': k[0] s + k[1] x, x alone (times k[1]) when k[0] is 0, whatever s is. */
struct dropout_attrs {
    float p;
    int32_t seed;
};
struct sgd_attrs {
    float momentum, weight_decay;
    int32_t nesterov;
};
struct adam_attrs {
    float beta1, beta2, eps, weight_decay;
    int32_t amsgrad, decoupled; /* decoupled: AdamW's weight decay */
};

/* --- builders shared by vjps, architectures and methods (ops/build.c) --- */
value_id build_add(struct builder *b, value_id x, value_id y);
value_id build_sub(struct builder *b, value_id x, value_id y);
value_id build_mul(struct builder *b, value_id x, value_id y);
value_id build_div(struct builder *b, value_id x, value_id y);
value_id build_unary(struct builder *b, const struct op *op, value_id x); /* an operator without attributes */
value_id build_affine(struct builder *b, value_id x, float scale, float shift);
value_id build_reduce(struct builder *b, const struct op *op, value_id x, int32_t axes, bool keepdims);
value_id build_reshape(struct builder *b, const char *name, value_id x, struct shape shape);
/* Sums x over broadcast dimensions until it has `shape`: the adjoint of broadcasting. */
value_id build_sum_to(struct builder *b, value_id x, struct shape shape);
value_id build_broadcast(struct builder *b, value_id x, struct shape shape);
/* The vjp of an operator that is linear in input 0: op(cotangent of output 0, the other inputs). */
void vjp_adjoint(struct vjp *v, const struct op *op, const void *attrs);
/* (x - mean) / sqrt(var + eps) over the axes of a bit mask; mean and 1 / sqrt(var + eps), axes kept, unless NULL. */
value_id build_normalise(struct builder *b, value_id x, int32_t axes, float eps, value_id *mean, value_id *inv_std);
/* x scale + shift with one number per channel (dimension 1); shift may be VALUE_NONE. */
value_id build_scale_channels(struct builder *b, value_id x, value_id scale, value_id shift);
/* Likewise with constants: n numbers each, one per channel. */
value_id build_affine_channels(struct builder *b, value_id x, int32_t n, const float *scale, const float *shift);
/* (x - mean) / sqrt(variance + eps) * gamma + beta, moments over the axes of a bit mask; gamma and beta broadcast to x
 * and may be VALUE_NONE. */
value_id build_layer_norm(struct builder *b, const char *name, value_id x, value_id gamma, value_id beta, int32_t axes,
                          float eps);

#endif
