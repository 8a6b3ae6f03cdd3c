/* MnasNet B1: Tan et al. 2018, as in torchvision. The variant is a hundred times the width; `depths` are 32, 16, 24,
 * 40, 80, 96, 192, 320 times the width, rounded to multiples of 8 but never down by more than a tenth. */
#include "model/arch.h"

/* conv, BatchNorm and (relu) an activation at p.at, p.at+1 and p.at+2 */
static value_id conv_bn(struct net *n, const char *p, int32_t at, value_id x, struct net_conv c, bool relu)
{
    c.pad = c.size / 2;
    x = net_conv(n, net_name(n, "%s.%d", p, at), x, c);
    x = net_bn(n, net_name(n, "%s.%d", p, at + 1), x);
    return relu ? net_relu(n, net_name(n, "%s.%d", p, at + 2), x) : x;
}

static value_id block(struct net *n, const char *p, value_id x, int32_t out, struct net_conv depthwise, int32_t expand)
{
    int32_t in = build_shape(&n->b, x)->dim[1], wide = in * expand;
    const char *layers = net_name(n, "%s.layers", p);
    depthwise.out = depthwise.groups = wide;
    value_id y = conv_bn(n, layers, 0, x, (struct net_conv){.out = wide, .size = 1}, true);
    y = conv_bn(n, layers, 3, y, depthwise, true);
    y = net_module(n, layers, conv_bn(n, layers, 6, y, (struct net_conv){.out = out, .size = 1}, false));
    return in == out && depthwise.stride == 1 ? net_add(n, p, y, x) : net_module(n, p, y);
}

value_id arch_mnasnet(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        int32_t variant, depths[8];
    } widths[] = {{50, {16, 8, 16, 24, 40, 48, 96, 160}},
                  {75, {24, 16, 24, 32, 64, 72, 144, 240}},
                  {100, {32, 16, 24, 40, 80, 96, 192, 320}},
                  {130, {40, 24, 32, 56, 104, 128, 248, 416}}};
    static const struct {
        int32_t size, stride, expand, blocks;
    } stacks[6] = {{3, 2, 3, 3}, {5, 2, 3, 3}, {5, 2, 6, 3}, {3, 1, 6, 2}, {5, 2, 6, 4}, {3, 1, 6, 1}};
    size_t p = 0;
    while (widths[p].variant != variant) {
        p++;
    }
    const int32_t *d = widths[p].depths;
    x = conv_bn(n, "layers", 0, x, (struct net_conv){.out = d[0], .size = 3, .stride = 2}, true);
    x = conv_bn(n, "layers", 3, x, (struct net_conv){.out = d[0], .size = 3, .groups = d[0]}, true);
    x = conv_bn(n, "layers", 6, x, (struct net_conv){.out = d[1], .size = 1}, false);
    for (int32_t s = 0; s < 6; s++) {
        const char *name = net_name(n, "layers.%d", s + 8);
        for (int32_t i = 0; i < stacks[s].blocks; i++) {
            struct net_conv c = {.size = stacks[s].size, .stride = i == 0 ? stacks[s].stride : 1};
            x = block(n, net_name(n, "%s.%d", name, i), x, d[s + 2], c, stacks[s].expand);
        }
        net_module(n, name, x);
    }
    x = net_module(n, "layers", conv_bn(n, "layers", 14, x, (struct net_conv){.out = 1280, .size = 1}, true));
    x = net_flatten(n, net_adaptive_pool(n, NULL, x, 1));
    x = net_dropout(n, "classifier.0", x, 0.2f);
    return net_module(n, "classifier", net_linear(n, "classifier.1", x, n->classes));
}
