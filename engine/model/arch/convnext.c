/* ConvNeXt tiny, small, base, large: Liu et al. 2022, as in torchvision. A block filters each channel by itself, then
 * works on the channels of each pixel (channels last, as modules block.1 to block.5 see them), and is scaled by a
 * trained number a channel before it joins the residual. */
#include "model/arch.h"

#define EPS 1e-6f

static value_id block(struct net *n, const char *p, value_id x, int32_t width)
{
    static const int32_t last[4] = {0, 2, 3, 1}, first[4] = {0, 3, 1, 2};
    struct net_conv depthwise = {.out = width, .size = 7, .pad = 3, .groups = width, .bias = true};
    value_id y = net_conv(n, net_name(n, "%s.block.0", p), x, depthwise);
    y = net_permute(n, net_name(n, "%s.block.1", p), y, last);
    y = net_layer_norm(n, net_name(n, "%s.block.2", p), y, 3, EPS);
    y = net_linear(n, net_name(n, "%s.block.3", p), y, 4 * width);
    y = net_act(n, net_name(n, "%s.block.4", p), y, &fn_gelu);
    y = net_linear(n, net_name(n, "%s.block.5", p), y, width);
    y = net_permute(n, net_name(n, "%s.block.6", p), y, first);
    net_module(n, net_name(n, "%s.block", p), y);
    y = net_channel_scale(n, p, "layer_scale", y);
    net_module(n, net_name(n, "%s.stochastic_depth", p), y);
    return net_add(n, p, y, x);
}

value_id arch_convnext(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        int32_t width, blocks[4];
    } plan[] = {{96, {3, 3, 9, 3}}, {96, {3, 3, 27, 3}}, {128, {3, 3, 27, 3}}, {192, {3, 3, 27, 3}}};
    int32_t width = plan[variant].width;
    x = net_conv(n, "features.0.0", x, (struct net_conv){.out = width, .size = 4, .stride = 4, .bias = true});
    x = net_module(n, "features.0", net_layer_norm(n, "features.0.1", x, 1, EPS));
    for (int32_t s = 0; s < 4; s++) {
        const char *stage = net_name(n, "features.%d", 2 * s + 1), *down = net_name(n, "features.%d", 2 * s + 2);
        for (int32_t i = 0; i < plan[variant].blocks[s]; i++) {
            x = block(n, net_name(n, "%s.%d", stage, i), x, width << s);
        }
        net_module(n, stage, x);
        if (s < 3) {
            x = net_layer_norm(n, net_name(n, "%s.0", down), x, 1, EPS);
            struct net_conv halve = {.out = width << (s + 1), .size = 2, .stride = 2, .bias = true};
            x = net_module(n, down, net_conv(n, net_name(n, "%s.1", down), x, halve));
        }
    }
    net_module(n, "features", x);
    x = net_adaptive_pool(n, "avgpool", x, 1);
    x = net_flatten(n, net_layer_norm(n, "classifier.0", x, 1, EPS));
    net_module(n, "classifier.1", x); /* flatten */
    return net_module(n, "classifier", net_linear(n, "classifier.2", x, n->classes));
}
