/* SqueezeNet 1.0 and 1.1: Iandola et al. 2016, as in torchvision. A Fire module squeezes to few channels, expands with
 * 1x1 and 3x3 convolutions side by side, and concatenates them. */
#include "model/arch.h"

static value_id conv_relu(struct net *n, const char *name, value_id x, int32_t out, int32_t size)
{
    x = net_conv(n, name, x, (struct net_conv){.out = out, .size = size, .pad = size / 2, .bias = true});
    return net_relu(n, net_name(n, "%s_activation", name), x);
}

static value_id fire(struct net *n, int32_t i, value_id x, int32_t squeeze, int32_t expand)
{
    const char *p = net_name(n, "features.%d", i);
    x = conv_relu(n, net_name(n, "%s.squeeze", p), x, squeeze, 1);
    value_id a = conv_relu(n, net_name(n, "%s.expand1x1", p), x, expand, 1);
    value_id b = conv_relu(n, net_name(n, "%s.expand3x3", p), x, expand, 3);
    return net_concat(n, p, (value_id[]){a, b}, 2);
}

value_id arch_squeezenet(struct net *n, value_id x, int32_t variant)
{
    /* squeeze and expand widths from features.3 on; 0 is a max pool */
    static const int32_t v10[] = {16, 16, 32, 0, 32, 48, 48, 64, 0, 64};
    static const int32_t v11[] = {16, 16, 0, 32, 32, 0, 48, 48, 64, 64};
    const int32_t *widths = variant == 10 ? v10 : v11;
    x = variant == 10
            ? net_conv(n, "features.0", x, (struct net_conv){.out = 96, .size = 7, .stride = 2, .bias = true})
            : net_conv(n, "features.0", x, (struct net_conv){.out = 64, .size = 3, .stride = 2, .bias = true});
    x = net_relu(n, "features.1", x);
    x = net_max_pool(n, "features.2", x, 3, 2, 0, true);
    for (int32_t i = 0; i < 10; i++) {
        x = widths[i] > 0 ? fire(n, i + 3, x, widths[i], 4 * widths[i])
                          : net_max_pool(n, net_name(n, "features.%d", i + 3), x, 3, 2, 0, true);
    }
    net_module(n, "features", x);
    x = net_dropout(n, "classifier.0", x, 0.5f);
    x = net_conv(n, "classifier.1", x, (struct net_conv){.out = n->classes, .bias = true});
    x = net_relu(n, "classifier.2", x);
    x = net_adaptive_pool(n, "classifier.3", x, 1);
    net_module(n, "classifier", x);
    return net_flatten(n, x);
}
