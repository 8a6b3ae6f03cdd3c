/* ResNet for CIFAR, depth 6k+2: He et al. 2015 section 4.2. Where the width grows, the shortcut has no parameters
 * (option A): every second pixel, and zero channels on both sides. Parameter names as in
 * akamaster/pytorch_resnet_cifar10. */
#include "model/arch.h"

static value_id shortcut(struct net *n, const char *name, value_id x, int32_t out)
{
    struct shape s = *build_shape(&n->b, x);
    int32_t extra = out - s.dim[1];
    struct slice_attrs half = {.size = {s.dim[0], s.dim[1], (s.dim[2] + 1) / 2, (s.dim[3] + 1) / 2},
                               .step = {1, 1, 2, 2}};
    struct pad_attrs widen = {.begin = {0, extra / 2}, .end = {0, extra / 2}};
    x = build(&n->b, &op_slice, NULL, &half, x);
    return net_module(n, name, build(&n->b, &op_pad, NULL, &widen, x));
}

static value_id block(struct net *n, const char *p, value_id x, int32_t out)
{
    bool grows = build_shape(&n->b, x)->dim[1] != out;
    struct net_conv c = {.out = out, .size = 3, .stride = grows ? 2 : 1, .pad = 1};
    value_id y = net_bn(n, net_name(n, "%s.bn1", p), net_conv(n, net_name(n, "%s.conv1", p), x, c));
    y = net_relu(n, net_name(n, "%s.relu1", p), y);
    c.stride = 1;
    y = net_bn(n, net_name(n, "%s.bn2", p), net_conv(n, net_name(n, "%s.conv2", p), y, c));
    value_id skip = grows ? shortcut(n, net_name(n, "%s.shortcut", p), x, out) : x;
    return net_module(n, p, net_relu(n, net_name(n, "%s.relu2", p), net_add(n, NULL, y, skip)));
}

value_id arch_cifar_resnet(struct net *n, value_id x, int32_t variant)
{
    x = net_conv(n, "conv1", x, (struct net_conv){.out = 16, .size = 3, .pad = 1});
    x = net_relu(n, "relu", net_bn(n, "bn1", x));
    for (int32_t stage = 0; stage < 3; stage++) {
        for (int32_t i = 0; i < (variant - 2) / 6; i++) {
            x = block(n, net_name(n, "layer%d.%d", stage + 1, i), x, 16 << stage);
        }
        net_module(n, net_name(n, "layer%d", stage + 1), x);
    }
    x = net_flatten(n, net_adaptive_pool(n, NULL, x, 1));
    return net_linear(n, "linear", x, n->classes);
}
