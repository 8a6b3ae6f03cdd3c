/* ResNet 18, 34, 50, 101 and 152 (He et al. 2015), ResNeXt (Xie et al. 2016: the 3x3 in groups) and Wide ResNet
 * (Zagoruyko and Komodakis 2016: a wider 3x3), as in torchvision (the stride of a bottleneck is on its 3x3). */
#include "model/arch.h"

struct resnet {
    int32_t blocks[4];
    bool bottleneck;
    int32_t groups, width; /* the 3x3 of a bottleneck: groups, and channels of each in the first stage */
};

/* conv without bias and its BatchNorm, numbered as torchvision does: conv1 bn1, conv2 bn2, ... */
static value_id conv_bn(struct net *n, const char *p, int32_t i, value_id x, struct net_conv c)
{
    c.pad = c.size / 2;
    x = net_conv(n, net_name(n, "%s.conv%d", p, i), x, c);
    return net_bn(n, net_name(n, "%s.bn%d", p, i), x);
}

static value_id block(struct net *n, const char *p, value_id x, int32_t planes, int32_t stride, const struct resnet *r)
{
    int32_t out = r->bottleneck ? 4 * planes : planes, wide = planes / 64 * r->width * r->groups;
    const char *last = net_name(n, r->bottleneck ? "%s.relu:3" : "%s.relu:2", p);
    value_id y, skip = x;
    if (r->bottleneck) {
        y = net_relu(n, net_name(n, "%s.relu", p), conv_bn(n, p, 1, x, (struct net_conv){.out = wide, .size = 1}));
        struct net_conv middle = {.out = wide, .size = 3, .stride = stride, .groups = r->groups};
        y = conv_bn(n, p, 2, y, middle);
        y = net_relu(n, net_name(n, "%s.relu:2", p), y);
        y = conv_bn(n, p, 3, y, (struct net_conv){.out = out, .size = 1});
    } else {
        y = conv_bn(n, p, 1, x, (struct net_conv){.out = planes, .size = 3, .stride = stride});
        y = net_relu(n, net_name(n, "%s.relu", p), y);
        y = conv_bn(n, p, 2, y, (struct net_conv){.out = planes, .size = 3});
    }
    if (stride != 1 || build_shape(&n->b, x)->dim[1] != out) {
        skip = net_conv(n, net_name(n, "%s.downsample.0", p), x, (struct net_conv){.out = out, .stride = stride});
        skip = net_bn(n, net_name(n, "%s.downsample.1", p), skip);
        net_module(n, net_name(n, "%s.downsample", p), skip);
    }
    return net_module(n, p, net_relu(n, last, net_add(n, NULL, y, skip)));
}

static value_id resnet(struct net *n, value_id x, const struct resnet *r)
{
    x = net_conv(n, "conv1", x, (struct net_conv){.out = 64, .size = 7, .stride = 2, .pad = 3});
    x = net_relu(n, "relu", net_bn(n, "bn1", x));
    x = net_max_pool(n, "maxpool", x, 3, 2, 1, false);
    for (int32_t stage = 0; stage < 4; stage++) {
        for (int32_t i = 0; i < r->blocks[stage]; i++) {
            int32_t stride = i == 0 && stage > 0 ? 2 : 1;
            x = block(n, net_name(n, "layer%d.%d", stage + 1, i), x, 64 << stage, stride, r);
        }
        net_module(n, net_name(n, "layer%d", stage + 1), x);
    }
    x = net_flatten(n, net_adaptive_pool(n, "avgpool", x, 1));
    return net_linear(n, "fc", x, n->classes);
}

value_id arch_resnet(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        int32_t depth;
        struct resnet net;
    } plan[] = {{18, {{2, 2, 2, 2}, false, 1, 64}},
                {34, {{3, 4, 6, 3}, false, 1, 64}},
                {50, {{3, 4, 6, 3}, true, 1, 64}},
                {101, {{3, 4, 23, 3}, true, 1, 64}},
                {152, {{3, 8, 36, 3}, true, 1, 64}}};
    size_t p = 0;
    while (plan[p].depth != variant) {
        p++;
    }
    return resnet(n, x, &plan[p].net);
}

value_id arch_resnext(struct net *n, value_id x, int32_t variant)
{
    static const struct resnet plan[] = {
        {{3, 4, 6, 3}, true, 32, 4}, {{3, 4, 23, 3}, true, 32, 8}, {{3, 4, 23, 3}, true, 64, 4}};
    return resnet(n, x, &plan[variant]);
}

value_id arch_wide_resnet(struct net *n, value_id x, int32_t variant)
{
    static const struct resnet plan[] = {{{3, 4, 6, 3}, true, 1, 128}, {{3, 4, 23, 3}, true, 1, 128}};
    return resnet(n, x, &plan[variant]);
}
