/* EfficientNet B0 to B7 (Tan and Le 2019) and V2 S, M, L (2021), as in torchvision. MBConv expands, filters each
 * channel by itself, excites and projects; FusedMBConv does the first two in one convolution and has no excitation. */
#include "model/arch.h"

enum { FUSED = 1 };
struct stage {
    int32_t expand, size, stride, out, blocks, fused;
};

static value_id join(struct net *n, const char *p, value_id x, value_id y, int32_t stride)
{
    net_module(n, net_name(n, "%s.block", p), y);
    if (stride != 1 || build_shape(&n->b, x)->dim[1] != build_shape(&n->b, y)->dim[1]) {
        return net_module(n, p, y);
    }
    net_module(n, net_name(n, "%s.stochastic_depth", p), y);
    return net_add(n, p, y, x);
}

static value_id mbconv(struct net *n, const char *p, value_id x, const struct stage *s, int32_t stride)
{
    int32_t in = build_shape(&n->b, x)->dim[1], wide = in * s->expand, i = 0;
    value_id y = x;
    if (s->expand != 1) {
        y = net_conv_norm_act(n, net_name(n, "%s.block.%d", p, i++), y, (struct net_conv){.out = wide}, &fn_silu);
    }
    struct net_conv depthwise = {.out = wide, .size = s->size, .stride = stride, .groups = wide};
    y = net_conv_norm_act(n, net_name(n, "%s.block.%d", p, i++), y, depthwise, &fn_silu);
    y = net_squeeze_excite(n, net_name(n, "%s.block.%d", p, i++), y, in / 4, &fn_silu, &fn_sigmoid);
    y = net_conv_norm_act(n, net_name(n, "%s.block.%d", p, i), y, (struct net_conv){.out = s->out}, NULL);
    return join(n, p, x, y, stride);
}

static value_id fused_mbconv(struct net *n, const char *p, value_id x, const struct stage *s, int32_t stride)
{
    int32_t in = build_shape(&n->b, x)->dim[1], wide = s->expand != 1 ? in * s->expand : s->out;
    struct net_conv c = {.out = wide, .size = s->size, .stride = stride};
    value_id y = net_conv_norm_act(n, net_name(n, "%s.block.0", p), x, c, &fn_silu);
    if (s->expand != 1) {
        y = net_conv_norm_act(n, net_name(n, "%s.block.1", p), y, (struct net_conv){.out = s->out}, NULL);
    }
    return join(n, p, x, y, stride);
}

static value_id efficientnet(struct net *n, value_id x, int32_t stem, const struct stage *s, int32_t stages,
                             int32_t last, float dropout)
{
    x = net_conv_norm_act(n, "features.0", x, (struct net_conv){.out = stem, .size = 3, .stride = 2}, &fn_silu);
    for (int32_t k = 0; k < stages; k++) {
        const char *name = net_name(n, "features.%d", k + 1);
        for (int32_t i = 0; i < s[k].blocks; i++) {
            const char *p = net_name(n, "%s.%d", name, i);
            int32_t stride = i == 0 ? s[k].stride : 1;
            x = s[k].fused ? fused_mbconv(n, p, x, &s[k], stride) : mbconv(n, p, x, &s[k], stride);
        }
        net_module(n, name, x);
    }
    x = net_conv_norm_act(n, net_name(n, "features.%d", stages + 1), x, (struct net_conv){.out = last}, &fn_silu);
    net_module(n, "features", x);
    x = net_flatten(n, net_adaptive_pool(n, "avgpool", x, 1));
    x = net_dropout(n, "classifier.0", x, dropout);
    return net_module(n, "classifier", net_linear(n, "classifier.1", x, n->classes));
}

/* B`variant`: widths of B0 times a width factor, rounded to multiples of 8 but never down by more than a tenth; blocks
 * of B0 times a depth factor, rounded up. Both factors are in tenths. */
value_id arch_efficientnet(struct net *n, value_id x, int32_t variant)
{
    static const struct stage b0[7] = {{1, 3, 1, 16, 1, 0}, {6, 3, 2, 24, 2, 0},  {6, 5, 2, 40, 2, 0},
                                       {6, 3, 2, 80, 3, 0}, {6, 5, 1, 112, 3, 0}, {6, 5, 2, 192, 4, 0},
                                       {6, 3, 1, 320, 1, 0}};
    static const int32_t width[8] = {10, 10, 11, 12, 14, 16, 18, 20}, depth[8] = {10, 11, 12, 14, 18, 22, 26, 31};
    struct stage s[7];
    int32_t channels[8] = {32};
    for (int32_t k = 0; k < 7; k++) {
        s[k] = b0[k];
        s[k].blocks = (b0[k].blocks * depth[variant] + 9) / 10;
        channels[k + 1] = b0[k].out;
    }
    for (int32_t k = 0; k < 8; k++) {
        int32_t v = channels[k] * width[variant], r = (v + 40) / 80 * 8;
        channels[k] = 100 * r < 9 * v ? r + 8 : r;
    }
    for (int32_t k = 0; k < 7; k++) {
        s[k].out = channels[k + 1];
    }
    n->bn_eps = variant >= 5 ? 1e-3f : 1e-5f;
    return efficientnet(n, x, channels[0], s, 7, 4 * s[6].out, 0.2f + 0.1f * (float)(variant / 2));
}

value_id arch_efficientnet_v2(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        int32_t stem, stages;
        struct stage stage[7];
    } plan[] = {
        {24,
         6,
         {{1, 3, 1, 24, 2, FUSED},
          {4, 3, 2, 48, 4, FUSED},
          {4, 3, 2, 64, 4, FUSED},
          {4, 3, 2, 128, 6, 0},
          {6, 3, 1, 160, 9, 0},
          {6, 3, 2, 256, 15, 0}}},
        {24,
         7,
         {{1, 3, 1, 24, 3, FUSED},
          {4, 3, 2, 48, 5, FUSED},
          {4, 3, 2, 80, 5, FUSED},
          {4, 3, 2, 160, 7, 0},
          {6, 3, 1, 176, 14, 0},
          {6, 3, 2, 304, 18, 0},
          {6, 3, 1, 512, 5, 0}}},
        {32,
         7,
         {{1, 3, 1, 32, 4, FUSED},
          {4, 3, 2, 64, 7, FUSED},
          {4, 3, 2, 96, 7, FUSED},
          {4, 3, 2, 192, 10, 0},
          {6, 3, 1, 224, 19, 0},
          {6, 3, 2, 384, 25, 0},
          {6, 3, 1, 640, 7, 0}}},
    };
    n->bn_eps = 1e-3f;
    return efficientnet(n, x, plan[variant].stem, plan[variant].stage, plan[variant].stages, 1280,
                        0.2f + 0.1f * (float)variant);
}
