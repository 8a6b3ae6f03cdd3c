/* VGG 11, 13, 16 and 19, with and without BatchNorm: Simonyan and Zisserman 2014, as in torchvision. */
#include "model/arch.h"

static value_id vgg(struct net *n, value_id x, int32_t depth, bool bn)
{
    static const int32_t channels[] = {64, 128, 256, 512, 512};
    static const struct {
        int32_t depth, convs[5];
    } plan[] = {{11, {1, 1, 2, 2, 2}}, {13, {2, 2, 2, 2, 2}}, {16, {2, 2, 3, 3, 3}}, {19, {2, 2, 4, 4, 4}}};
    size_t p = 0;
    int32_t at = 0; /* index within `features` */
    while (plan[p].depth != depth) {
        p++;
    }
    for (int stage = 0; stage < 5; stage++) {
        for (int32_t i = 0; i < plan[p].convs[stage]; i++) {
            struct net_conv c = {.out = channels[stage], .size = 3, .pad = 1, .bias = true};
            x = net_conv(n, net_name(n, "features.%d", at++), x, c);
            x = bn ? net_bn(n, net_name(n, "features.%d", at++), x) : x;
            x = net_relu(n, net_name(n, "features.%d", at++), x);
        }
        x = net_max_pool(n, net_name(n, "features.%d", at++), x, 2, 2, 0, false);
    }
    net_module(n, "features", x);
    x = net_flatten(n, net_adaptive_pool(n, "avgpool", x, 7));
    x = net_relu(n, "classifier.1", net_linear(n, "classifier.0", x, 4096));
    x = net_dropout(n, "classifier.2", x, 0.5f);
    x = net_relu(n, "classifier.4", net_linear(n, "classifier.3", x, 4096));
    x = net_dropout(n, "classifier.5", x, 0.5f);
    x = net_linear(n, "classifier.6", x, n->classes);
    return net_module(n, "classifier", x);
}

value_id arch_vgg(struct net *n, value_id x, int32_t variant)
{
    return vgg(n, x, variant, false);
}

value_id arch_vgg_bn(struct net *n, value_id x, int32_t variant)
{
    return vgg(n, x, variant, true);
}
