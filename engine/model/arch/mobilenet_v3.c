/* MobileNet V3, small and large: Howard et al. 2019, as in torchvision. An inverted residual as in V2, with
 * squeeze-and-excitation in some blocks and hard swish in the later ones. */
#include "model/arch.h"

struct block_row {
    int32_t size, wide, out, stride;
    bool excite, swish;
};

static const struct block_row small[] = {
    {3, 16, 16, 2, true, false}, {3, 72, 24, 2, false, false}, {3, 88, 24, 1, false, false},
    {5, 96, 40, 2, true, true},  {5, 240, 40, 1, true, true},  {5, 240, 40, 1, true, true},
    {5, 120, 48, 1, true, true}, {5, 144, 48, 1, true, true},  {5, 288, 96, 2, true, true},
    {5, 576, 96, 1, true, true}, {5, 576, 96, 1, true, true}};
static const struct block_row large[] = {
    {3, 16, 16, 1, false, false}, {3, 64, 24, 2, false, false}, {3, 72, 24, 1, false, false},
    {5, 72, 40, 2, true, false},  {5, 120, 40, 1, true, false}, {5, 120, 40, 1, true, false},
    {3, 240, 80, 2, false, true}, {3, 200, 80, 1, false, true}, {3, 184, 80, 1, false, true},
    {3, 184, 80, 1, false, true}, {3, 480, 112, 1, true, true}, {3, 672, 112, 1, true, true},
    {5, 672, 160, 2, true, true}, {5, 960, 160, 1, true, true}, {5, 960, 160, 1, true, true}};

/* A multiple of 8 near v, never below nine tenths of it. */
static int32_t round8(int32_t v)
{
    int32_t r = v < 8 ? 8 : (v + 4) / 8 * 8;
    return 10 * r < 9 * v ? r + 8 : r;
}

static value_id block(struct net *n, const char *p, value_id x, const struct block_row *r)
{
    const struct net_fn *act = r->swish ? &fn_hard_swish : &fn_relu;
    int32_t in = build_shape(&n->b, x)->dim[1], i = 0;
    value_id y = x;
    if (r->wide != in) {
        y = net_conv_norm_act(n, net_name(n, "%s.block.%d", p, i++), y, (struct net_conv){.out = r->wide}, act);
    }
    struct net_conv depthwise = {.out = r->wide, .size = r->size, .stride = r->stride, .groups = r->wide};
    y = net_conv_norm_act(n, net_name(n, "%s.block.%d", p, i++), y, depthwise, act);
    if (r->excite) {
        const char *se = net_name(n, "%s.block.%d", p, i++);
        y = net_squeeze_excite(n, se, y, round8(r->wide / 4), &fn_relu, &fn_hard_sigmoid);
    }
    y = net_conv_norm_act(n, net_name(n, "%s.block.%d", p, i), y, (struct net_conv){.out = r->out}, NULL);
    net_module(n, net_name(n, "%s.block", p), y);
    return r->stride == 1 && in == r->out ? net_add(n, p, y, x) : net_module(n, p, y);
}

static value_id mobilenet_v3(struct net *n, value_id x, const struct block_row *rows, int32_t n_rows, int32_t last)
{
    n->bn_eps = 1e-3f;
    x = net_conv_norm_act(n, "features.0", x, (struct net_conv){.out = 16, .size = 3, .stride = 2}, &fn_hard_swish);
    for (int32_t i = 0; i < n_rows; i++) {
        x = block(n, net_name(n, "features.%d", i + 1), x, &rows[i]);
    }
    struct net_conv widen = {.out = 6 * rows[n_rows - 1].out};
    x = net_conv_norm_act(n, net_name(n, "features.%d", n_rows + 1), x, widen, &fn_hard_swish);
    net_module(n, "features", x);
    x = net_flatten(n, net_adaptive_pool(n, "avgpool", x, 1));
    x = net_act(n, "classifier.1", net_linear(n, "classifier.0", x, last), &fn_hard_swish);
    x = net_dropout(n, "classifier.2", x, 0.2f);
    return net_module(n, "classifier", net_linear(n, "classifier.3", x, n->classes));
}

value_id arch_mobilenet_v3_small(struct net *n, value_id x, int32_t variant)
{
    (void)variant;
    return mobilenet_v3(n, x, small, sizeof small / sizeof small[0], 1024);
}

value_id arch_mobilenet_v3_large(struct net *n, value_id x, int32_t variant)
{
    (void)variant;
    return mobilenet_v3(n, x, large, sizeof large / sizeof large[0], 1280);
}
