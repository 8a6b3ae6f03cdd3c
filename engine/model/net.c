/* Layers over the graph builder: each appends a node named by its module path and its parameters named below it. */
#include "model/net.h"

#include <stdarg.h>
#include <stdio.h>

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
    n->layer[n->n_layer++] = (struct net_layer){copy, x};
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
    int32_t in = build_shape(&n->b, x)->dim[1];
    value_id w = net_param(n, name, "weight", WEIGHT_KERNEL, SHAPE(c.out, in / groups, size, size));
    value_id bias = c.bias ? net_param(n, name, "bias", WEIGHT_BIAS, SHAPE(c.out)) : VALUE_NONE;
    struct conv_attrs a = conv_attrs_2d(stride, c.pad, 1, groups);
    return net_record(n, name, build(&n->b, &op_conv, name, &a, x, w, bias));
}

value_id net_bn(struct net *n, const char *name, value_id x)
{
    struct shape s = SHAPE(build_shape(&n->b, x)->dim[1]);
    value_id gamma = net_param(n, name, "weight", WEIGHT_NORM_SCALE, s);
    value_id beta = net_param(n, name, "bias", WEIGHT_NORM_SHIFT, s);
    value_id mean = net_param(n, name, "running_mean", WEIGHT_NORM_MEAN, s);
    value_id var = net_param(n, name, "running_var", WEIGHT_NORM_VAR, s);
    struct batch_norm_attrs a = {.eps = 1e-5f};
    return net_record(n, name, build(&n->b, &op_batch_norm, name, &a, x, gamma, beta, mean, var));
}

value_id net_linear(struct net *n, const char *name, value_id x, int32_t out)
{
    value_id w = net_param(n, name, "weight", WEIGHT_KERNEL, SHAPE(out, build_shape(&n->b, x)->dim[1]));
    value_id bias = net_param(n, name, "bias", WEIGHT_BIAS, SHAPE(out));
    struct matmul_attrs a = {.trans_b = 1};
    return net_record(n, name, build(&n->b, &op_matmul, name, &a, x, w, bias));
}

value_id net_relu(struct net *n, const char *name, value_id x)
{
    return net_record(n, name, build(&n->b, &op_relu, name, NULL, x));
}

value_id net_relu6(struct net *n, const char *name, value_id x)
{
    return net_record(n, name, build(&n->b, &op_relu6, name, NULL, x));
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

value_id net_avg_pool(struct net *n, const char *name, value_id x, int32_t size, int32_t stride)
{
    struct pool_attrs a = pool_attrs_2d(size, stride, 0, false);
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

value_id net_concat(struct net *n, const char *name, value_id x, value_id y)
{
    struct concat_attrs a = {.axis = 1};
    return net_record(n, name, build(&n->b, &op_concat, name, &a, x, y));
}

value_id net_module(struct net *n, const char *name, value_id x)
{
    if (n->b.status == LIMN_OK) {
        n->b.status = graph_alias(n->b.g, name, x, n->b.err);
    }
    return net_record(n, name, x);
}
