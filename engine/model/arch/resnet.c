/* ResNet 18, 34, 50, 101 and 152: He et al. 2015, as in torchvision (the stride of a bottleneck is on its 3x3). */
#include "model/arch.h"

/* conv without bias and its BatchNorm, numbered as torchvision does: conv1 bn1, conv2 bn2, ... */
static value_id conv_bn(struct net *n, const char *p, int32_t i, value_id x, struct net_conv c)
{
    c.pad = c.size / 2;
    x = net_conv(n, net_name(n, "%s.conv%d", p, i), x, c);
    return net_bn(n, net_name(n, "%s.bn%d", p, i), x);
}

static value_id block(struct net *n, const char *p, value_id x, int32_t planes, int32_t stride, bool bottleneck)
{
    int32_t out = bottleneck ? 4 * planes : planes;
    const char *last = net_name(n, bottleneck ? "%s.relu:3" : "%s.relu:2", p);
    value_id y, skip = x;
    if (bottleneck) {
        y = net_relu(n, net_name(n, "%s.relu", p), conv_bn(n, p, 1, x, (struct net_conv){.out = planes, .size = 1}));
        y = conv_bn(n, p, 2, y, (struct net_conv){.out = planes, .size = 3, .stride = stride});
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

value_id arch_resnet(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        int32_t depth, blocks[4];
        bool bottleneck;
    } plan[] = {{18, {2, 2, 2, 2}, false},
                {34, {3, 4, 6, 3}, false},
                {50, {3, 4, 6, 3}, true},
                {101, {3, 4, 23, 3}, true},
                {152, {3, 8, 36, 3}, true}};
    size_t p = 0;
    while (plan[p].depth != variant) {
        p++;
    }
    x = net_conv(n, "conv1", x, (struct net_conv){.out = 64, .size = 7, .stride = 2, .pad = 3});
    x = net_relu(n, "relu", net_bn(n, "bn1", x));
    x = net_max_pool(n, "maxpool", x, 3, 2, 1, false);
    for (int32_t stage = 0; stage < 4; stage++) {
        for (int32_t i = 0; i < plan[p].blocks[stage]; i++) {
            int32_t stride = i == 0 && stage > 0 ? 2 : 1;
            x = block(n, net_name(n, "layer%d.%d", stage + 1, i), x, 64 << stage, stride, plan[p].bottleneck);
        }
        net_module(n, net_name(n, "layer%d", stage + 1), x);
    }
    x = net_flatten(n, net_adaptive_pool(n, "avgpool", x, 1));
    return net_linear(n, "fc", x, n->classes);
}
