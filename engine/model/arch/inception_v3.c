/* Inception v3: Szegedy et al. 2015, as in torchvision. Its five kinds of block are tables: every branch is a chain of
 * convolutions, and a step that reads what an earlier one read starts or splits a branch. The auxiliary classifier
 * serves training only; a file may hold it. */
#include "model/arch.h"

struct step {
    const char *name;
    int32_t out, size, size_w, stride, pad, pad_w;
    int32_t from; /* 0: the step before; 1: the block's input; 2: what the step before read; 3: the pooled input */
    bool end;     /* its result is a part of the block's */
};
#define SQUARE(name, out, size, pad, from, end)                                                                        \
    {                                                                                                                  \
        name, out, size, 0, 1, pad, 0, from, end                                                                       \
    }
#define HALVE(name, out, from)                                                                                         \
    {                                                                                                                  \
        name, out, 3, 0, 2, 0, 0, from, true                                                                           \
    }
#define ROW(name, out, size, from, end)                                                                                \
    {                                                                                                                  \
        name, out, 1, size, 1, 0, (size) / 2, from, end                                                                \
    }
#define COLUMN(name, out, size, from, end)                                                                             \
    {                                                                                                                  \
        name, out, size, 1, 1, (size) / 2, 0, from, end                                                                \
    }
#define WIDTH (-1) /* stands for the block's own number of channels */

static const struct step block_a[] = {
    SQUARE("branch1x1", 64, 1, 0, 1, true),       SQUARE("branch5x5_1", 48, 1, 0, 1, false),
    SQUARE("branch5x5_2", 64, 5, 2, 0, true),     SQUARE("branch3x3dbl_1", 64, 1, 0, 1, false),
    SQUARE("branch3x3dbl_2", 96, 3, 1, 0, false), SQUARE("branch3x3dbl_3", 96, 3, 1, 0, true),
    SQUARE("branch_pool", WIDTH, 1, 0, 3, true),  {0}};
static const struct step block_b[] = {HALVE("branch3x3", 384, 1),
                                      SQUARE("branch3x3dbl_1", 64, 1, 0, 1, false),
                                      SQUARE("branch3x3dbl_2", 96, 3, 1, 0, false),
                                      HALVE("branch3x3dbl_3", 96, 0),
                                      {0}};
static const struct step block_c[] = {SQUARE("branch1x1", 192, 1, 0, 1, true),
                                      SQUARE("branch7x7_1", WIDTH, 1, 0, 1, false),
                                      ROW("branch7x7_2", WIDTH, 7, 0, false),
                                      COLUMN("branch7x7_3", 192, 7, 0, true),
                                      SQUARE("branch7x7dbl_1", WIDTH, 1, 0, 1, false),
                                      COLUMN("branch7x7dbl_2", WIDTH, 7, 0, false),
                                      ROW("branch7x7dbl_3", WIDTH, 7, 0, false),
                                      COLUMN("branch7x7dbl_4", WIDTH, 7, 0, false),
                                      ROW("branch7x7dbl_5", 192, 7, 0, true),
                                      SQUARE("branch_pool", 192, 1, 0, 3, true),
                                      {0}};
static const struct step block_d[] = {SQUARE("branch3x3_1", 192, 1, 0, 1, false),
                                      HALVE("branch3x3_2", 320, 0),
                                      SQUARE("branch7x7x3_1", 192, 1, 0, 1, false),
                                      ROW("branch7x7x3_2", 192, 7, 0, false),
                                      COLUMN("branch7x7x3_3", 192, 7, 0, false),
                                      HALVE("branch7x7x3_4", 192, 0),
                                      {0}};
static const struct step block_e[] = {
    SQUARE("branch1x1", 320, 1, 0, 1, true),       SQUARE("branch3x3_1", 384, 1, 0, 1, false),
    ROW("branch3x3_2a", 384, 3, 0, true),          COLUMN("branch3x3_2b", 384, 3, 2, true),
    SQUARE("branch3x3dbl_1", 448, 1, 0, 1, false), SQUARE("branch3x3dbl_2", 384, 3, 1, 0, false),
    ROW("branch3x3dbl_3a", 384, 3, 0, true),       COLUMN("branch3x3dbl_3b", 384, 3, 2, true),
    SQUARE("branch_pool", 192, 1, 0, 3, true),     {0}};

static value_id conv_bn_relu(struct net *n, const char *p, value_id x, struct net_conv c)
{
    x = net_conv(n, net_name(n, "%s.conv", p), x, c);
    x = net_bn(n, net_name(n, "%s.bn", p), x);
    return net_module(n, p, net_relu(n, NULL, x));
}

/* `halves`: the block ends with a max pool of its input instead of a convolution of the averaged one. */
static value_id block(struct net *n, const char *p, value_id x, const struct step *s, int32_t width, bool halves)
{
    value_id part[8], last = x, read = x;
    int32_t parts = 0;
    for (; s->name != NULL; s++) {
        read = s->from == 0 ? last : s->from == 1 ? x : s->from == 2 ? read : net_avg_pool(n, NULL, x, 3, 1, 1);
        struct net_conv c = {.out = s->out == WIDTH ? width : s->out,
                             .size = s->size,
                             .size_w = s->size_w,
                             .stride = s->stride,
                             .pad = s->pad,
                             .pad_w = s->pad_w};
        last = conv_bn_relu(n, net_name(n, "%s.%s", p, s->name), read, c);
        if (s->end) {
            part[parts++] = last;
        }
    }
    if (halves) {
        part[parts++] = net_max_pool(n, NULL, x, 3, 2, 0, false);
    }
    return net_concat(n, p, part, parts);
}

static value_id stem(struct net *n, value_id x)
{
    x = conv_bn_relu(n, "Conv2d_1a_3x3", x, (struct net_conv){.out = 32, .size = 3, .stride = 2});
    x = conv_bn_relu(n, "Conv2d_2a_3x3", x, (struct net_conv){.out = 32, .size = 3});
    x = conv_bn_relu(n, "Conv2d_2b_3x3", x, (struct net_conv){.out = 64, .size = 3, .pad = 1});
    x = net_max_pool(n, "maxpool1", x, 3, 2, 0, false);
    x = conv_bn_relu(n, "Conv2d_3b_1x1", x, (struct net_conv){.out = 80});
    x = conv_bn_relu(n, "Conv2d_4a_3x3", x, (struct net_conv){.out = 192, .size = 3});
    return net_max_pool(n, "maxpool2", x, 3, 2, 0, false);
}

value_id arch_inception_v3(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        const char *name;
        const struct step *steps;
        int32_t width;
        bool halves;
    } plan[] = {{"Mixed_5b", block_a, 32, false},  {"Mixed_5c", block_a, 64, false},  {"Mixed_5d", block_a, 64, false},
                {"Mixed_6a", block_b, 0, true},    {"Mixed_6b", block_c, 128, false}, {"Mixed_6c", block_c, 160, false},
                {"Mixed_6d", block_c, 160, false}, {"Mixed_6e", block_c, 192, false}, {"Mixed_7a", block_d, 0, true},
                {"Mixed_7b", block_e, 0, false},   {"Mixed_7c", block_e, 0, false}};
    (void)variant;
    n->bn_eps = 1e-3f;
    net_ignore(n, "AuxLogits.");
    x = stem(n, net_transform_input(n, x));
    for (size_t i = 0; i < sizeof plan / sizeof plan[0]; i++) {
        x = block(n, plan[i].name, x, plan[i].steps, plan[i].width, plan[i].halves);
    }
    x = net_adaptive_pool(n, "avgpool", x, 1);
    x = net_dropout(n, "dropout", x, 0.5f);
    return net_linear(n, "fc", net_flatten(n, x), n->classes);
}
