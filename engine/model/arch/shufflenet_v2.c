/* ShuffleNet V2: Ma et al. 2018, as in torchvision. A block of stride 1 transforms half of the channels and passes the
 * other half on; the shuffle behind it mixes the halves. The variant is ten times the width. */
#include "model/arch.h"

static value_id conv_bn(struct net *n, const char *p, int32_t at, value_id x, struct net_conv c)
{
    c.pad = c.size / 2;
    x = net_conv(n, net_name(n, "%s.%d", p, at), x, c);
    return net_bn(n, net_name(n, "%s.%d", p, at + 1), x);
}

static value_id conv_bn_relu(struct net *n, const char *p, int32_t at, value_id x, struct net_conv c)
{
    return net_relu(n, net_name(n, "%s.%d", p, at + 2), conv_bn(n, p, at, x, c));
}

static value_id half(struct net *n, value_id x, int32_t which)
{
    struct slice_attrs a = {.step = {1, 1, 1, 1, 1}};
    struct shape s = *build_shape(&n->b, x);
    for (int32_t i = 0; i < s.rank; i++) {
        a.size[i] = i == 1 ? s.dim[1] / 2 : s.dim[i];
    }
    a.begin[1] = which * s.dim[1] / 2;
    return build(&n->b, &op_slice, NULL, &a, x);
}

static value_id block(struct net *n, const char *p, value_id x, int32_t out, int32_t stride)
{
    int32_t in = build_shape(&n->b, x)->dim[1], width = out / 2;
    const char *b1 = net_name(n, "%s.branch1", p), *b2 = net_name(n, "%s.branch2", p);
    value_id a = x, b = x;
    if (stride > 1) {
        a = conv_bn(n, b1, 0, x, (struct net_conv){.out = in, .size = 3, .stride = stride, .groups = in});
        a = net_module(n, b1, conv_bn_relu(n, b1, 2, a, (struct net_conv){.out = width, .size = 1}));
    } else {
        a = half(n, x, 0);
        b = half(n, x, 1);
    }
    b = conv_bn_relu(n, b2, 0, b, (struct net_conv){.out = width, .size = 1});
    b = conv_bn(n, b2, 3, b, (struct net_conv){.out = width, .size = 3, .stride = stride, .groups = width});
    b = net_module(n, b2, conv_bn_relu(n, b2, 5, b, (struct net_conv){.out = width, .size = 1}));
    return net_channel_shuffle(n, p, net_concat(n, NULL, (value_id[]){a, b}, 2), 2);
}

value_id arch_shufflenet_v2(struct net *n, value_id x, int32_t variant)
{
    static const int32_t blocks[3] = {4, 8, 4};
    static const struct {
        int32_t variant, out[3], last;
    } plan[] = {{5, {48, 96, 192}, 1024},
                {10, {116, 232, 464}, 1024},
                {15, {176, 352, 704}, 1024},
                {20, {244, 488, 976}, 2048}};
    size_t p = 0;
    while (plan[p].variant != variant) {
        p++;
    }
    x = conv_bn_relu(n, "conv1", 0, x, (struct net_conv){.out = 24, .size = 3, .stride = 2});
    x = net_max_pool(n, "maxpool", net_module(n, "conv1", x), 3, 2, 1, false);
    for (int32_t stage = 0; stage < 3; stage++) {
        const char *name = net_name(n, "stage%d", stage + 2);
        for (int32_t i = 0; i < blocks[stage]; i++) {
            x = block(n, net_name(n, "%s.%d", name, i), x, plan[p].out[stage], i == 0 ? 2 : 1);
        }
        net_module(n, name, x);
    }
    x = net_module(n, "conv5", conv_bn_relu(n, "conv5", 0, x, (struct net_conv){.out = plan[p].last, .size = 1}));
    return net_linear(n, "fc", net_flatten(n, net_adaptive_pool(n, NULL, x, 1)), n->classes);
}
