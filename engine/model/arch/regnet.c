/* RegNet X and Y: Radosavovic et al. 2020, as in torchvision. Stages of bottlenecks with grouped 3x3 convolutions; Y
 * adds squeeze-and-excitation. The tables are what the paper's width rule gives, w_j = w_0 w_m^round(log_wm(1 + w_a j /
 * w_0)) in multiples of 8, made divisible by the group width. */
#include "model/arch.h"

struct regnet {
    int32_t width[4], depth[4], group; /* group: channels of a group, at most the width */
};

/* in the order of archs.def's variants: 400mf 800mf 1.6gf 3.2gf 8gf 16gf 32gf 128gf */
static const struct regnet x_plan[] = {
    {{32, 64, 160, 400}, {1, 2, 7, 12}, 16},     {{64, 128, 288, 672}, {1, 3, 7, 5}, 16},
    {{72, 168, 408, 912}, {2, 4, 10, 2}, 24},    {{96, 192, 432, 1008}, {2, 6, 15, 2}, 48},
    {{80, 240, 720, 1920}, {2, 5, 15, 1}, 120},  {{256, 512, 896, 2048}, {2, 6, 13, 1}, 128},
    {{336, 672, 1344, 2520}, {2, 7, 13, 1}, 168}};
static const struct regnet y_plan[] = {
    {{48, 104, 208, 440}, {1, 3, 6, 6}, 8},       {{64, 144, 320, 784}, {1, 3, 8, 2}, 16},
    {{48, 120, 336, 888}, {2, 6, 17, 2}, 24},     {{72, 216, 576, 1512}, {2, 5, 13, 1}, 24},
    {{224, 448, 896, 2016}, {2, 4, 10, 1}, 56},   {{224, 448, 1232, 3024}, {2, 4, 11, 1}, 112},
    {{232, 696, 1392, 3712}, {2, 5, 12, 1}, 232}, {{528, 1056, 2904, 7392}, {2, 7, 17, 1}, 264}};

static value_id block(struct net *n, const char *p, value_id x, struct net_conv grouped, bool excite)
{
    int32_t in = build_shape(&n->b, x)->dim[1], out = grouped.out;
    value_id skip = x;
    if (in != out || grouped.stride != 1) {
        struct net_conv c = {.out = out, .stride = grouped.stride};
        skip = net_conv_norm_act(n, net_name(n, "%s.proj", p), x, c, NULL);
    }
    value_id y = net_conv_norm_act(n, net_name(n, "%s.f.a", p), x, (struct net_conv){.out = out}, &fn_relu);
    y = net_conv_norm_act(n, net_name(n, "%s.f.b", p), y, grouped, &fn_relu);
    if (excite) {
        y = net_squeeze_excite(n, net_name(n, "%s.f.se", p), y, in / 4, &fn_relu, &fn_sigmoid);
    }
    y = net_conv_norm_act(n, net_name(n, "%s.f.c", p), y, (struct net_conv){.out = out}, NULL);
    net_module(n, net_name(n, "%s.f", p), y);
    return net_module(n, p, net_relu(n, net_name(n, "%s.activation", p), net_add(n, NULL, skip, y)));
}

static value_id regnet(struct net *n, value_id x, const struct regnet *r, bool excite)
{
    x = net_conv_norm_act(n, "stem", x, (struct net_conv){.out = 32, .size = 3, .stride = 2}, &fn_relu);
    for (int32_t s = 0; s < 4; s++) {
        const char *name = net_name(n, "trunk_output.block%d", s + 1);
        int32_t width = r->width[s], group = r->group < width ? r->group : width;
        for (int32_t i = 0; i < r->depth[s]; i++) {
            struct net_conv c = {.out = width, .size = 3, .stride = i == 0 ? 2 : 1, .groups = width / group};
            x = block(n, net_name(n, "%s.block%d-%d", name, s + 1, i), x, c, excite);
        }
        net_module(n, name, x);
    }
    net_module(n, "trunk_output", x);
    return net_linear(n, "fc", net_flatten(n, net_adaptive_pool(n, "avgpool", x, 1)), n->classes);
}

value_id arch_regnet_x(struct net *n, value_id x, int32_t variant)
{
    return regnet(n, x, &x_plan[variant], false);
}

value_id arch_regnet_y(struct net *n, value_id x, int32_t variant)
{
    return regnet(n, x, &y_plan[variant], true);
}
