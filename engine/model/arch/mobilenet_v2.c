/* MobileNet V2, width 1: Sandler et al. 2018, as in torchvision. An inverted residual expands, filters each channel by
 * itself, and projects without an activation. */
#include "model/arch.h"

static value_id conv_bn_relu6(struct net *n, const char *p, value_id x, struct net_conv c)
{
    c.pad = c.size / 2;
    x = net_conv(n, net_name(n, "%s.0", p), x, c);
    x = net_bn(n, net_name(n, "%s.1", p), x);
    return net_module(n, p, net_relu6(n, net_name(n, "%s.2", p), x));
}

static value_id inverted_residual(struct net *n, const char *p, value_id x, int32_t expand, int32_t out, int32_t stride)
{
    int32_t in = build_shape(&n->b, x)->dim[1], wide = in * expand, i = 0;
    value_id y = x;
    if (expand != 1) {
        y = conv_bn_relu6(n, net_name(n, "%s.conv.%d", p, i++), y, (struct net_conv){.out = wide, .size = 1});
    }
    struct net_conv depthwise = {.out = wide, .size = 3, .stride = stride, .groups = wide};
    y = conv_bn_relu6(n, net_name(n, "%s.conv.%d", p, i++), y, depthwise);
    y = net_conv(n, net_name(n, "%s.conv.%d", p, i++), y, (struct net_conv){.out = out});
    y = net_bn(n, net_name(n, "%s.conv.%d", p, i++), y);
    net_module(n, net_name(n, "%s.conv", p), y);
    return stride == 1 && in == out ? net_add(n, p, x, y) : net_module(n, p, y);
}

value_id arch_mobilenet_v2(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        int32_t expand, out, blocks, stride;
    } plan[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    int32_t at = 1;
    (void)variant;
    x = conv_bn_relu6(n, "features.0", x, (struct net_conv){.out = 32, .size = 3, .stride = 2});
    for (size_t s = 0; s < sizeof plan / sizeof plan[0]; s++) {
        for (int32_t i = 0; i < plan[s].blocks; i++) {
            x = inverted_residual(n, net_name(n, "features.%d", at++), x, plan[s].expand, plan[s].out,
                                  i == 0 ? plan[s].stride : 1);
        }
    }
    x = conv_bn_relu6(n, "features.18", x, (struct net_conv){.out = 1280, .size = 1});
    net_module(n, "features", x);
    x = net_flatten(n, net_adaptive_pool(n, NULL, x, 1));
    x = net_dropout(n, "classifier.0", x, 0.2f);
    x = net_linear(n, "classifier.1", x, n->classes);
    return net_module(n, "classifier", x);
}
