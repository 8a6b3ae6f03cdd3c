/* GoogLeNet: Szegedy et al. 2014, as in torchvision: with BatchNorm, and 3x3 where the paper has 5x5. A block looks at
 * its input in four ways side by side. The two auxiliary classifiers serve training only; a file may hold them. */
#include "model/arch.h"

static value_id conv_bn_relu(struct net *n, const char *p, value_id x, struct net_conv c)
{
    c.pad = c.size / 2;
    x = net_conv(n, net_name(n, "%s.conv", p), x, c);
    x = net_bn(n, net_name(n, "%s.bn", p), x);
    return net_module(n, p, net_relu(n, NULL, x));
}

/* 1x1 to `reduce` channels, then 3x3 to `out`. */
static value_id branch(struct net *n, const char *p, value_id x, int32_t reduce, int32_t out)
{
    x = conv_bn_relu(n, net_name(n, "%s.0", p), x, (struct net_conv){.out = reduce});
    x = conv_bn_relu(n, net_name(n, "%s.1", p), x, (struct net_conv){.out = out, .size = 3});
    return net_module(n, p, x);
}

/* widths: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, behind the pool */
static value_id inception(struct net *n, const char *p, value_id x, const int32_t widths[6])
{
    value_id y[4] = {
        conv_bn_relu(n, net_name(n, "%s.branch1", p), x, (struct net_conv){.out = widths[0]}),
        branch(n, net_name(n, "%s.branch2", p), x, widths[1], widths[2]),
        branch(n, net_name(n, "%s.branch3", p), x, widths[3], widths[4]),
    };
    y[3] = net_max_pool(n, net_name(n, "%s.branch4.0", p), x, 3, 1, 1, true);
    y[3] = conv_bn_relu(n, net_name(n, "%s.branch4.1", p), y[3], (struct net_conv){.out = widths[5]});
    net_module(n, net_name(n, "%s.branch4", p), y[3]);
    return net_concat(n, p, y, 4);
}

value_id arch_googlenet(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        const char *name;
        int32_t widths[6], pool; /* size of the max pool behind it; 0: none */
    } plan[] = {{"3a", {64, 96, 128, 16, 32, 32}, 0},     {"3b", {128, 128, 192, 32, 96, 64}, 3},
                {"4a", {192, 96, 208, 16, 48, 64}, 0},    {"4b", {160, 112, 224, 24, 64, 64}, 0},
                {"4c", {128, 128, 256, 24, 64, 64}, 0},   {"4d", {112, 144, 288, 32, 64, 64}, 0},
                {"4e", {256, 160, 320, 32, 128, 128}, 2}, {"5a", {256, 160, 320, 32, 128, 128}, 0},
                {"5b", {384, 192, 384, 48, 128, 128}, 0}};
    int32_t pool = 3;
    (void)variant;
    n->bn_eps = 1e-3f;
    net_ignore(n, "aux1.");
    net_ignore(n, "aux2.");
    x = net_transform_input(n, x);
    x = conv_bn_relu(n, "conv1", x, (struct net_conv){.out = 64, .size = 7, .stride = 2});
    x = net_max_pool(n, "maxpool1", x, 3, 2, 0, true);
    x = conv_bn_relu(n, "conv2", x, (struct net_conv){.out = 64});
    x = conv_bn_relu(n, "conv3", x, (struct net_conv){.out = 192, .size = 3});
    x = net_max_pool(n, "maxpool2", x, 3, 2, 0, true);
    for (size_t i = 0; i < sizeof plan / sizeof plan[0]; i++) {
        x = inception(n, net_name(n, "inception%s", plan[i].name), x, plan[i].widths);
        if (plan[i].pool > 0) {
            x = net_max_pool(n, net_name(n, "maxpool%d", pool++), x, plan[i].pool, 2, 0, true);
        }
    }
    x = net_flatten(n, net_adaptive_pool(n, "avgpool", x, 1));
    x = net_dropout(n, "dropout", x, 0.2f);
    return net_linear(n, "fc", x, n->classes);
}
