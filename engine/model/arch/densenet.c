/* DenseNet 121, 161, 169 and 201: Huang et al. 2016, as in torchvision. Every layer of a dense block sees the
 * concatenation of all before it; here that concatenation grows by one layer's `growth` channels at a time. */
#include "model/arch.h"

static value_id dense_layer(struct net *n, const char *p, value_id x, int32_t growth)
{
    x = net_relu(n, net_name(n, "%s.relu1", p), net_bn(n, net_name(n, "%s.norm1", p), x));
    x = net_conv(n, net_name(n, "%s.conv1", p), x, (struct net_conv){.out = 4 * growth});
    x = net_relu(n, net_name(n, "%s.relu2", p), net_bn(n, net_name(n, "%s.norm2", p), x));
    x = net_conv(n, net_name(n, "%s.conv2", p), x, (struct net_conv){.out = growth, .size = 3, .pad = 1});
    return net_module(n, p, x);
}

static value_id transition(struct net *n, const char *p, value_id x)
{
    int32_t half = build_shape(&n->b, x)->dim[1] / 2;
    x = net_relu(n, net_name(n, "%s.relu", p), net_bn(n, net_name(n, "%s.norm", p), x));
    x = net_conv(n, net_name(n, "%s.conv", p), x, (struct net_conv){.out = half});
    x = net_avg_pool(n, net_name(n, "%s.pool", p), x, 2, 2, 0);
    return net_module(n, p, x);
}

value_id arch_densenet(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        int32_t depth, growth, layers[4];
    } plan[] = {
        {121, 32, {6, 12, 24, 16}}, {161, 48, {6, 12, 36, 24}}, {169, 32, {6, 12, 32, 32}}, {201, 32, {6, 12, 48, 32}}};
    size_t p = 0;
    while (plan[p].depth != variant) {
        p++;
    }
    int32_t growth = plan[p].growth;
    x = net_conv(n, "features.conv0", x, (struct net_conv){.out = 2 * growth, .size = 7, .stride = 2, .pad = 3});
    x = net_relu(n, "features.relu0", net_bn(n, "features.norm0", x));
    x = net_max_pool(n, "features.pool0", x, 3, 2, 1, false);
    for (int32_t b = 0; b < 4; b++) {
        const char *block = net_name(n, "features.denseblock%d", b + 1);
        for (int32_t i = 0; i < plan[p].layers[b]; i++) {
            value_id y = dense_layer(n, net_name(n, "%s.denselayer%d", block, i + 1), x, growth);
            x = net_concat(n, i + 1 == plan[p].layers[b] ? block : NULL, (value_id[]){x, y}, 2);
        }
        x = b < 3 ? transition(n, net_name(n, "features.transition%d", b + 1), x) : x;
    }
    x = net_module(n, "features", net_bn(n, "features.norm5", x));
    x = net_flatten(n, net_adaptive_pool(n, NULL, net_relu(n, NULL, x), 1));
    return net_linear(n, "classifier", x, n->classes);
}
