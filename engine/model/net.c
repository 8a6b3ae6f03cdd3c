/* Layers over the graph builder: each appends a node named by its module path and its parameters named below it. */
#include "model/net.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/rng.h"

const char *net_name(struct net *n, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    char *copy = n->b.status == LIMN_OK ? arena_strdup(&n->b.g->arena, text) : NULL;
    if (copy == NULL) {
        n->b.status = n->b.status != LIMN_OK ? n->b.status : err_nomem(n->b.err, sizeof text, "a layer's name");
        return "";
    }
    return copy;
}

/* Notes that module `name` has output x. */
static value_id net_record(struct net *n, const char *name, value_id x)
{
    if (n->b.status != LIMN_OK || name == NULL) {
        return x;
    }
    n->b.status = mem_grow(&n->layer, &n->cap_layer, n->n_layer + 1, sizeof *n->layer, n->b.err);
    const char *copy = net_name(n, "%s", name);
    if (n->b.status != LIMN_OK) {
        return VALUE_NONE;
    }
    n->layer[n->n_layer++] = (struct net_layer){.name = copy, .value = x};
    return x;
}

static value_id net_param(struct net *n, const char *layer, const char *part, enum weight_role role, struct shape shape)
{
    const struct const_source *source = NULL;
    value_id v = VALUE_NONE;
    const char *name = net_name(n, "%s.%s", layer, part);
    if (n->b.status == LIMN_OK) {
        n->b.status = shape_check(&shape, n->b.err);
    }
    if (n->b.status == LIMN_OK) {
        n->b.status = weights_get(n->weights, &n->b.g->arena, name, role, &shape, &source, n->b.err);
    }
    if (n->b.status == LIMN_OK) {
        n->b.status = graph_const(n->b.g, name, shape, source, &v, n->b.err);
    }
    if (n->b.status == LIMN_OK && role != WEIGHT_NORM_MEAN && role != WEIGHT_NORM_VAR) {
        n->b.g->value[v].flags |= VALUE_PARAM;
    }
    return v;
}

value_id net_conv(struct net *n, const char *name, value_id x, struct net_conv c)
{
    int32_t size = c.size > 0 ? c.size : 1, stride = c.stride > 0 ? c.stride : 1, groups = c.groups > 0 ? c.groups : 1;
    int32_t wide = c.size_w > 0 ? c.size_w : size, in = build_shape(&n->b, x)->dim[1];
    value_id w = net_param(n, name, "weight", WEIGHT_KERNEL, SHAPE(c.out, in / groups, size, wide));
    value_id bias = c.bias ? net_param(n, name, "bias", WEIGHT_BIAS, SHAPE(c.out)) : VALUE_NONE;
    struct conv_attrs a = conv_attrs_2d(stride, c.pad, c.dilation > 0 ? c.dilation : 1, groups);
    if (c.size_w > 0) {
        a.pad_begin[2] = a.pad_end[2] = c.pad_w;
    }
    return net_record(n, name, build(&n->b, &op_conv, name, &a, x, w, bias));
}

value_id net_conv_transpose(struct net *n, const char *name, value_id x, struct net_conv_transpose c)
{
    int32_t size = c.size > 0 ? c.size : 1, stride = c.stride > 0 ? c.stride : 1;
    if (n->b.status != LIMN_OK) {
        return VALUE_NONE;
    }
    struct shape s = *build_shape(&n->b, x);
    value_id w = net_param(n, name, "weight", WEIGHT_KERNEL, SHAPE(s.dim[1], c.out, size, size));
    value_id bias = c.bias ? net_param(n, name, "bias", WEIGHT_BIAS, SHAPE(c.out)) : VALUE_NONE;
    struct conv_attrs a = conv_attrs_2d(stride, c.pad, 1, 1);
    for (int i = 1; i < 3; i++) {
        a.size[i] = (s.dim[1 + i] - 1) * stride - 2 * c.pad + size + c.output_pad;
    }
    a.size[0] = 1;
    return net_record(n, name, build(&n->b, &op_conv_transpose, name, &a, x, w, bias));
}

value_id net_upsample(struct net *n, const char *name, value_id x, int32_t height, int32_t width)
{
    struct resize_attrs a = {.mode = RESIZE_MODE_NEAREST, .coord = RESIZE_TORCH, .size = {1, height, width}};
    return net_record(n, name, build(&n->b, &op_resize, name, &a, x));
}

value_id net_conv3d(struct net *n, const char *name, value_id x, int32_t out, const int32_t size[3],
                    const int32_t pad[3], bool bias)
{
    int32_t in = build_shape(&n->b, x)->dim[1];
    value_id w = net_param(n, name, "weight", WEIGHT_KERNEL, SHAPE(out, in, size[0], size[1], size[2]));
    value_id add = bias ? net_param(n, name, "bias", WEIGHT_BIAS, SHAPE(out)) : VALUE_NONE;
    struct conv_attrs a = conv_attrs_2d(1, 0, 1, 1);
    for (int i = 0; i < 3; i++) {
        a.pad_begin[i] = a.pad_end[i] = pad[i];
    }
    return net_record(n, name, build(&n->b, &op_conv, name, &a, x, w, add));
}

value_id net_bn(struct net *n, const char *name, value_id x)
{
    struct shape s = SHAPE(build_shape(&n->b, x)->dim[1]);
    value_id gamma = net_param(n, name, "weight", WEIGHT_NORM_SCALE, s);
    value_id beta = net_param(n, name, "bias", WEIGHT_NORM_SHIFT, s);
    value_id mean = net_param(n, name, "running_mean", WEIGHT_NORM_MEAN, s);
    value_id var = net_param(n, name, "running_var", WEIGHT_NORM_VAR, s);
    struct batch_norm_attrs a = {.eps = n->bn_eps > 0 ? n->bn_eps : 1e-5f};
    return net_record(n, name, build(&n->b, &op_batch_norm, name, &a, x, gamma, beta, mean, var));
}

/* The shape that spreads a vector over dimension `axis` of x. */
static struct shape net_spread(const struct net *n, value_id x, int32_t axis)
{
    struct shape s = {.rank = build_shape(&n->b, x)->rank - axis};
    for (int32_t i = 0; i < s.rank; i++) {
        s.dim[i] = i == 0 ? build_shape(&n->b, x)->dim[axis] : 1;
    }
    return s;
}

value_id net_layer_norm(struct net *n, const char *name, value_id x, int32_t axis, float eps)
{
    struct shape one = SHAPE(build_shape(&n->b, x)->dim[axis]), spread = net_spread(n, x, axis);
    value_id gamma = net_param(n, name, "weight", WEIGHT_KERNEL, one);
    value_id beta = net_param(n, name, "bias", WEIGHT_BIAS, one);
    if (spread.rank > 1) {
        gamma = build_reshape(&n->b, NULL, gamma, spread);
        beta = build_reshape(&n->b, NULL, beta, spread);
    }
    return net_record(n, name, build_layer_norm(&n->b, name, x, gamma, beta, 1 << axis, eps));
}

value_id net_linear(struct net *n, const char *name, value_id x, int32_t out)
{
    if (n->b.status != LIMN_OK) {
        return VALUE_NONE;
    }
    struct shape s = *build_shape(&n->b, x);
    int32_t in = s.dim[s.rank - 1];
    value_id w = net_param(n, name, "weight", WEIGHT_KERNEL, SHAPE(out, in));
    value_id bias = net_param(n, name, "bias", WEIGHT_BIAS, SHAPE(out));
    struct matmul_attrs a = {.trans_b = 1};
    if (s.rank == 2) {
        return net_record(n, name, build(&n->b, &op_matmul, name, &a, x, w, bias));
    }
    x = build_reshape(&n->b, NULL, x, SHAPE((int32_t)(shape_elems(&s) / (size_t)in), in));
    x = build(&n->b, &op_matmul, NULL, &a, x, w, bias);
    s.dim[s.rank - 1] = out;
    return net_record(n, name, build_reshape(&n->b, name, x, s));
}

value_id net_channel_scale(struct net *n, const char *name, const char *part, value_id x)
{
    return build_mul(&n->b, x, net_param(n, name, part, WEIGHT_BIAS, net_spread(n, x, 1)));
}

static const struct gelu_attrs exact_gelu = {.tanh = 0};
static const struct hard_sigmoid_attrs sixth = {1.0f / 6, 0.5f};
const struct net_fn fn_relu = {&op_relu, NULL}, fn_relu6 = {&op_relu6, NULL}, fn_silu = {&op_silu, NULL},
                    fn_gelu = {&op_gelu, &exact_gelu}, fn_sigmoid = {&op_sigmoid, NULL},
                    fn_hard_swish = {&op_hard_swish, NULL}, fn_hard_sigmoid = {&op_hard_sigmoid, &sixth};

value_id net_act(struct net *n, const char *name, value_id x, const struct net_fn *fn)
{
    return net_record(n, name, build(&n->b, fn->op, name, fn->attrs, x));
}

value_id net_relu(struct net *n, const char *name, value_id x)
{
    return net_act(n, name, x, &fn_relu);
}

value_id net_relu6(struct net *n, const char *name, value_id x)
{
    return net_act(n, name, x, &fn_relu6);
}

static struct pool_attrs pool_attrs_2d(int32_t size, int32_t stride, int32_t pad, bool ceil)
{
    return (struct pool_attrs){.size = {1, size, size},
                               .stride = {1, stride, stride},
                               .pad_begin = {0, pad, pad},
                               .pad_end = {0, pad, pad},
                               .dilation = {1, 1, 1},
                               .ceil_mode = ceil,
                               .count_include_pad = 1};
}

value_id net_max_pool(struct net *n, const char *name, value_id x, int32_t size, int32_t stride, int32_t pad, bool ceil)
{
    struct pool_attrs a = pool_attrs_2d(size, stride, pad, ceil);
    return net_record(n, name, build(&n->b, &op_max_pool, name, &a, x));
}

value_id net_max_pool3d(struct net *n, const char *name, value_id x, int32_t size)
{
    struct pool_attrs a = pool_attrs_2d(size, size, 0, false);
    a.size[0] = a.stride[0] = size;
    return net_record(n, name, build(&n->b, &op_max_pool, name, &a, x));
}

value_id net_global_pool(struct net *n, value_id x)
{
    int32_t axes = 0;
    for (int32_t i = 2; i < build_shape(&n->b, x)->rank; i++) {
        axes |= 1 << i;
    }
    return build_reduce(&n->b, &op_reduce_mean, x, axes, true);
}

value_id net_avg_pool(struct net *n, const char *name, value_id x, int32_t size, int32_t stride, int32_t pad)
{
    struct pool_attrs a = pool_attrs_2d(size, stride, pad, false);
    return net_record(n, name, build(&n->b, &op_avg_pool, name, &a, x));
}

value_id net_adaptive_pool(struct net *n, const char *name, value_id x, int32_t size)
{
    const struct shape *s = build_shape(&n->b, x);
    if (s->dim[2] == size && s->dim[3] == size) {
        return name != NULL ? net_module(n, name, x) : x;
    }
    struct adaptive_attrs a = {.size = {1, size, size}};
    return net_record(n, name, build(&n->b, &op_adaptive_avg_pool, name, &a, x));
}

value_id net_flatten(struct net *n, value_id x)
{
    if (n->b.status != LIMN_OK) {
        return VALUE_NONE;
    }
    struct shape s = *build_shape(&n->b, x);
    int32_t batch = s.dim[0];
    return build_reshape(&n->b, NULL, x, SHAPE(batch, (int32_t)(shape_elems(&s) / (size_t)batch)));
}

value_id net_add(struct net *n, const char *name, value_id x, value_id y)
{
    return net_record(n, name, build(&n->b, &op_add, name, NULL, x, y));
}

value_id net_concat(struct net *n, const char *name, const value_id *x, int32_t count)
{
    struct concat_attrs a = {.axis = 1};
    return net_record(n, name, build_node(&n->b, &op_concat, name, &a, count, x));
}

value_id net_permute(struct net *n, const char *name, value_id x, const int32_t perm[4])
{
    struct transpose_attrs a = {.perm = {perm[0], perm[1], perm[2], perm[3]}};
    return net_record(n, name, build(&n->b, &op_transpose, name, &a, x));
}

value_id net_channel_shuffle(struct net *n, const char *name, value_id x, int32_t groups)
{
    static const struct transpose_attrs swap = {.perm = {0, 2, 1, 3, 4}};
    if (n->b.status != LIMN_OK) {
        return VALUE_NONE;
    }
    struct shape s = *build_shape(&n->b, x);
    x = build_reshape(&n->b, NULL, x, SHAPE(s.dim[0], groups, s.dim[1] / groups, s.dim[2], s.dim[3]));
    x = build(&n->b, &op_transpose, NULL, &swap, x);
    return net_record(n, name, build_reshape(&n->b, name, x, s));
}

value_id net_conv_norm_act(struct net *n, const char *name, value_id x, struct net_conv c, const struct net_fn *act)
{
    c.pad = (c.size > 0 ? c.size - 1 : 0) / 2 * (c.dilation > 0 ? c.dilation : 1);
    x = net_conv(n, net_name(n, "%s.0", name), x, c);
    x = net_bn(n, net_name(n, "%s.1", name), x);
    x = act != NULL ? net_act(n, net_name(n, "%s.2", name), x, act) : x;
    return net_module(n, name, x);
}

value_id net_squeeze_excite(struct net *n, const char *name, value_id x, int32_t squeeze, const struct net_fn *act,
                            const struct net_fn *scale)
{
    int32_t channels = build_shape(&n->b, x)->dim[1];
    value_id s = net_adaptive_pool(n, net_name(n, "%s.avgpool", name), x, 1);
    s = net_conv(n, net_name(n, "%s.fc1", name), s, (struct net_conv){.out = squeeze, .bias = true});
    s = net_act(n, net_name(n, "%s.activation", name), s, act);
    s = net_conv(n, net_name(n, "%s.fc2", name), s, (struct net_conv){.out = channels, .bias = true});
    s = net_act(n, net_name(n, "%s.scale_activation", name), s, scale);
    return net_record(n, name, build(&n->b, &op_mul, name, NULL, x, s));
}

value_id net_transform_input(struct net *n, value_id x)
{
    /* x * std + mean is the picture in [0,1]; then (x - 0.5) / 0.5 */
    static const float scale[3] = {0.229f / 0.5f, 0.224f / 0.5f, 0.225f / 0.5f};
    static const float shift[3] = {(0.485f - 0.5f) / 0.5f, (0.456f - 0.5f) / 0.5f, (0.406f - 0.5f) / 0.5f};
    value_id a = VALUE_NONE, b = VALUE_NONE;
    if (n->b.status != LIMN_OK || !n->transform_input || build_shape(&n->b, x)->dim[1] != 3) {
        return x;
    }
    n->b.status = graph_const_data(n->b.g, NULL, SHAPE(3, 1, 1), scale, &a, n->b.err);
    if (n->b.status == LIMN_OK) {
        n->b.status = graph_const_data(n->b.g, NULL, SHAPE(3, 1, 1), shift, &b, n->b.err);
    }
    return build_add(&n->b, build_mul(&n->b, x, a), b);
}

void net_ignore(struct net *n, const char *prefix)
{
    weights_ignore(n->weights, prefix);
}

value_id net_module(struct net *n, const char *name, value_id x)
{
    if (n->b.status == LIMN_OK) {
        n->b.status = graph_alias(n->b.g, name, x, n->b.err);
    }
    return net_record(n, name, x);
}

value_id net_dropout(struct net *n, const char *name, value_id x, float p)
{
    if (!n->train || p <= 0) {
        return net_module(n, name, x);
    }
    if (n->step == VALUE_NONE && n->b.status == LIMN_OK) {
        n->b.status = graph_input(n->b.g, "dropout.step", SHAPE(2), &n->step, n->b.err);
    }
    struct dropout_attrs a = {.p = p, .seed = (int32_t)(rng_mix(rng_hash_text(name) ^ n->seed) >> 33)};
    return net_record(n, name, build(&n->b, &op_dropout, name, &a, x, n->step));
}
