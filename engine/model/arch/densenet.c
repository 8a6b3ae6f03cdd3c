/* DenseNet-121: Huang et al. 2016, as in torchvision. Every layer of a dense block sees the concatenation of all before
 * it; here that concatenation grows by one layer's 32 channels at a time. */
#include "model/arch.h"

enum { GROWTH = 32 };

static value_id dense_layer(struct net *n, const char *p, value_id x)
{
    x = net_relu(n, net_name(n, "%s.relu1", p), net_bn(n, net_name(n, "%s.norm1", p), x));
    x = net_conv(n, net_name(n, "%s.conv1", p), x, (struct net_conv){.out = 4 * GROWTH});
    x = net_relu(n, net_name(n, "%s.relu2", p), net_bn(n, net_name(n, "%s.norm2", p), x));
    x = net_conv(n, net_name(n, "%s.conv2", p), x, (struct net_conv){.out = GROWTH, .size = 3, .pad = 1});
    return net_module(n, p, x);
}

static value_id transition(struct net *n, const char *p, value_id x)
{
    int32_t half = build_shape(&n->b, x)->dim[1] / 2;
    x = net_relu(n, net_name(n, "%s.relu", p), net_bn(n, net_name(n, "%s.norm", p), x));
    x = net_conv(n, net_name(n, "%s.conv", p), x, (struct net_conv){.out = half});
    x = net_avg_pool(n, net_name(n, "%s.pool", p), x, 2, 2);
    return net_module(n, p, x);
}

value_id arch_densenet(struct net *n, value_id x, int32_t variant)
{
    static const int32_t layers[] = {6, 12, 24, 16};
    (void)variant;
    x = net_conv(n, "features.conv0", x, (struct net_conv){.out = 64, .size = 7, .stride = 2, .pad = 3});
    x = net_relu(n, "features.relu0", net_bn(n, "features.norm0", x));
    x = net_max_pool(n, "features.pool0", x, 3, 2, 1, false);
    for (int32_t b = 0; b < 4; b++) {
        const char *block = net_name(n, "features.denseblock%d", b + 1);
        for (int32_t i = 0; i < layers[b]; i++) {
            value_id y = dense_layer(n, net_name(n, "%s.denselayer%d", block, i + 1), x);
            x = net_concat(n, i + 1 == layers[b] ? block : NULL, x, y);
        }
        x = b < 3 ? transition(n, net_name(n, "features.transition%d", b + 1), x) : x;
    }
    x = net_module(n, "features", net_bn(n, "features.norm5", x));
    x = net_flatten(n, net_adaptive_pool(n, NULL, net_relu(n, NULL, x), 1));
    return net_linear(n, "classifier", x, n->classes);
}
