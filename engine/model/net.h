/* Building blocks of the architectures: layers by torchvision's module paths, weights looked up by the same names.
 *
 * Names. A module's output value carries the module's path ("layer1.0.conv1"); a container or a module that does
 * nothing at inference (Dropout) is an alias of its last value. A module that torchvision calls several times, ResNet's
 * "relu", names its outputs "layer1.0.relu", "layer1.0.relu:2", ... in the order of the calls. Values of functions that
 * are no modules (the addition of a residual block, a flatten) have generated names.
 *
 * The first failure sticks in net.b; later calls do nothing and return VALUE_NONE. */
#ifndef LIMN_MODEL_NET_H
#define LIMN_MODEL_NET_H

#include "model/weights.h"
#include "ops/ops.h"

struct net_layer {
    const char *name;
    value_id value;
    const char *op;  /* NULL: that of the value; params follow from the names of the parameters */
    uint64_t params; /* with an op */
};

struct net {
    struct builder b;
    struct weights *weights;
    struct net_layer *layer; /* modules in the order of their outputs */
    size_t n_layer, cap_layer;
    int32_t classes;
    float bn_eps;         /* of every BatchNorm; 0: 1e-5 */
    bool transform_input; /* GoogLeNet, Inception: see net_transform_input */
    bool train;           /* dropout drops, by `seed` and the input that net_dropout makes */
    uint64_t seed;
    value_id step; /* that input, [2] as op_dropout wants it; VALUE_NONE while there is none */
};

/* A name in the graph's memory; "" once the net failed. */
const char *net_name(struct net *n, const char *fmt, ...) LIMN_PRINTF(2, 3);

struct net_conv { /* zero: 1 for size, stride, dilation and groups */
    int32_t out, size, stride, pad, groups, dilation;
    int32_t size_w, pad_w; /* of an oblong kernel: size and pad are the vertical ones; size_w 0: square */
    bool bias;
};
value_id net_conv(struct net *n, const char *name, value_id x, struct net_conv c);
/* PyTorch's ConvTranspose2d; weights [in, out, size, size]. The result is (H - 1) stride - 2 pad + size + output_pad
 * high. */
struct net_conv_transpose { /* zero: 1 for size and stride */
    int32_t out, size, stride, pad, output_pad;
    bool bias;
};
value_id net_conv_transpose(struct net *n, const char *name, value_id x, struct net_conv_transpose c);
/* To another height and width, by the nearest pixel; has no parameters. */
value_id net_upsample(struct net *n, const char *name, value_id x, int32_t height, int32_t width);
value_id net_bn(struct net *n, const char *name, value_id x);
/* LayerNorm over dimension `axis`, one weight and bias for each of its places. */
value_id net_layer_norm(struct net *n, const char *name, value_id x, int32_t axis, float eps);
value_id net_linear(struct net *n, const char *name, value_id x, int32_t out); /* on the last dimension */
/* x times the parameter `part` of module `name`, one number a channel. */
value_id net_channel_scale(struct net *n, const char *name, const char *part, value_id x);
/* An activation with PyTorch's parameters. name NULL: a function, not a module. */
struct net_fn {
    const struct op *op;
    const void *attrs;
};
extern const struct net_fn fn_relu, fn_relu6, fn_silu, fn_gelu, fn_sigmoid, fn_hard_swish, fn_hard_sigmoid;
value_id net_act(struct net *n, const char *name, value_id x, const struct net_fn *fn);
value_id net_relu(struct net *n, const char *name, value_id x);
value_id net_relu6(struct net *n, const char *name, value_id x);
value_id net_max_pool(struct net *n, const char *name, value_id x, int32_t size, int32_t stride, int32_t pad,
                      bool ceil);
value_id net_avg_pool(struct net *n, const char *name, value_id x, int32_t size, int32_t stride, int32_t pad);
/* Adaptive average to size x size; an alias of x when it has that size already. */
value_id net_adaptive_pool(struct net *n, const char *name, value_id x, int32_t size);
/* The 3-D forms: sizes are depth, height, width; stride 1, and pooling by size without overlap. */
value_id net_conv3d(struct net *n, const char *name, value_id x, int32_t out, const int32_t size[3],
                    const int32_t pad[3], bool bias);
value_id net_max_pool3d(struct net *n, const char *name, value_id x, int32_t size);
value_id net_global_pool(struct net *n, value_id x); /* mean over all positions, dimensions kept */
value_id net_flatten(struct net *n, value_id x);     /* [N, everything else] */
value_id net_add(struct net *n, const char *name, value_id x, value_id y);
value_id net_concat(struct net *n, const char *name, const value_id *x, int32_t count); /* channels */
value_id net_permute(struct net *n, const char *name, value_id x, const int32_t perm[4]);
/* Channel k * g + i of the result is channel i * (C / g) + k of x. */
value_id net_channel_shuffle(struct net *n, const char *name, value_id x, int32_t groups);
/* torchvision's Conv2dNormActivation: a convolution without bias, padded to keep the size at stride 1, BatchNorm, and
 * `act` (NULL: none), at name.0, name.1 and name.2. */
value_id net_conv_norm_act(struct net *n, const char *name, value_id x, struct net_conv c, const struct net_fn *act);
/* torchvision's SqueezeExcitation: x * scale(fc2(act(fc1(mean of each channel)))), `squeeze` channels between. */
value_id net_squeeze_excite(struct net *n, const char *name, value_id x, int32_t squeeze, const struct net_fn *act,
                            const struct net_fn *scale);
/* The input of networks that were trained with mean and deviation 0.5 from one normalised as for the others. An alias
 * unless n->transform_input and x has three channels. */
value_id net_transform_input(struct net *n, value_id x);
/* Parameters of the file whose names start so have no part in inference (auxiliary classifiers). */
void net_ignore(struct net *n, const char *prefix);
/* Dropout with probability p: while training an operator, else an alias of x. */
value_id net_dropout(struct net *n, const char *name, value_id x, float p);
/* Declares a container or identity module whose output is x; returns x. */
value_id net_module(struct net *n, const char *name, value_id x);

#endif
