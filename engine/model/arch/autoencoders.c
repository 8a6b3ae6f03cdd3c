/* Autoencoders with ResNet encoders and mirrored decoders.
 *
 * xrv_autoencoder: torchxrayvision's ResNetAE (Cohen et al. 2021, "Gifsplanation"). Its bottleneck has a ReLU before
 * the addition, its last stage stride 6. Input and output in [-1024,1024], no activation at the end.
 * resnet50_autoencoder: torchvision's ResNet-50 without the classifier, and a decoder of the same blocks that ends at a
 *   quarter of the input's size.
 * conv_autoencoder: four convolutions, an eighth of the size, 32 channels there, and the decoder of decoder.c;
 *   for 32 x 32 pictures 512 numbers.
 *
 * Variant bit 0: where a block upsamples, the nearest pixel and a convolution instead of the transposed convolutions,
 * whose kernel of size 1 leaves all but one of stride^2 pixels zero. */
#include "model/arch.h"

struct block {
    int32_t mid, expansion, stride;
    bool changes; /* the shortcut has parameters */
    bool relu_before_add;
    bool resize;
};

static value_id conv_bn(struct net *n, const char *p, int32_t i, value_id x, struct net_conv c)
{
    x = net_conv(n, net_name(n, "%s.conv%d", p, i), x, c);
    return net_bn(n, net_name(n, "%s.bn%d", p, i), x);
}

static value_id encoder_block(struct net *n, const char *p, value_id x, struct block k)
{
    const char *relu = net_name(n, "%s.relu", p);
    value_id skip = x;
    value_id y = net_relu(n, relu, conv_bn(n, p, 1, x, (struct net_conv){.out = k.mid}));
    y = conv_bn(n, p, 2, y, (struct net_conv){.out = k.mid, .size = 3, .stride = k.stride, .pad = 1});
    y = net_relu(n, net_name(n, "%s.relu:2", p), y);
    y = conv_bn(n, p, 3, y, (struct net_conv){.out = k.mid * k.expansion});
    if (k.relu_before_add) {
        y = net_relu(n, net_name(n, "%s.relu:3", p), y);
    }
    if (k.changes) {
        skip = net_conv(n, net_name(n, "%s.downsample.0", p), x,
                        (struct net_conv){.out = k.mid * k.expansion, .stride = k.stride});
        skip = net_module(n, net_name(n, "%s.downsample", p), net_bn(n, net_name(n, "%s.downsample.1", p), skip));
    }
    y = net_relu(n, net_name(n, "%s.relu:%d", p, k.relu_before_add ? 4 : 3), net_add(n, NULL, y, skip));
    return net_module(n, p, y);
}

/* A convolution (kernel size 1 or 3) that multiplies the size by the block's stride. */
static value_id grow(struct net *n, const char *name, value_id x, int32_t out, int32_t size, const struct block *k)
{
    int32_t pad = size / 2;
    if (k->resize) {
        struct shape s = *build_shape(&n->b, x);
        if (k->stride > 1) { /* the size that the transposed one gives: 3 -> 14 with stride 6 */
            x = net_upsample(n, NULL, x, (s.dim[2] - 1) * k->stride + 2, (s.dim[3] - 1) * k->stride + 2);
        }
        return net_conv(n, name, x, (struct net_conv){.out = out, .size = size, .pad = pad});
    }
    return net_conv_transpose(
        n, name, x,
        (struct net_conv_transpose){
            .out = out, .size = size, .stride = k->stride, .pad = pad, .output_pad = k->stride > 1 ? 1 : 0});
}

static value_id decoder_block(struct net *n, const char *p, value_id x, struct block k)
{
    int32_t out = k.mid * k.expansion;
    value_id skip = x;
    value_id y = net_relu(n, net_name(n, "%s.relu", p), conv_bn(n, p, 1, x, (struct net_conv){.out = k.mid}));
    const char *conv2 = net_name(n, "%s.conv2", p);
    y = k.stride == 1 ? net_conv(n, conv2, y, (struct net_conv){.out = k.mid, .size = 3, .pad = 1})
                      : grow(n, conv2, y, k.mid, 3, &k);
    y = net_relu(n, net_name(n, "%s.relu:2", p), net_bn(n, net_name(n, "%s.bn2", p), y));
    y = net_relu(n, net_name(n, "%s.relu:3", p), conv_bn(n, p, 3, y, (struct net_conv){.out = out}));
    if (k.changes) {
        skip = grow(n, net_name(n, "%s.upsample.0", p), x, out, 1, &k);
        skip = net_module(n, net_name(n, "%s.upsample", p), net_bn(n, net_name(n, "%s.upsample.1", p), skip));
    }
    return net_module(n, p, net_relu(n, net_name(n, "%s.relu:4", p), net_add(n, NULL, y, skip)));
}

static value_id stem(struct net *n, value_id x)
{
    x = net_conv(n, "conv1", x, (struct net_conv){.out = 64, .size = 7, .stride = 2, .pad = 3});
    return net_max_pool(n, "maxpool", net_relu(n, "relu", net_bn(n, "bn1", x)), 3, 2, 1, false);
}

struct stage {
    int32_t blocks, mid, stride;
};

static value_id encoder_stage(struct net *n, int32_t number, value_id x, struct stage s, bool relu_before_add)
{
    for (int32_t i = 0; i < s.blocks; i++) {
        struct block k = {.mid = s.mid,
                          .expansion = 4,
                          .stride = i == 0 ? s.stride : 1,
                          .changes = i == 0,
                          .relu_before_add = relu_before_add};
        x = encoder_block(n, net_name(n, "layer%d.%d", number, i), x, k);
    }
    return net_module(n, net_name(n, "layer%d", number), x);
}

/* All blocks but the last keep shape. */
static value_id decoder_stage(struct net *n, int32_t number, value_id x, struct stage s, bool resize)
{
    for (int32_t i = 0; i < s.blocks; i++) {
        bool last = i == s.blocks - 1;
        struct block k = {
            .mid = s.mid, .expansion = last ? 2 : 4, .stride = last ? s.stride : 1, .changes = last, .resize = resize};
        x = decoder_block(n, net_name(n, "uplayer%d.%d", number, i), x, k);
    }
    return net_module(n, net_name(n, "uplayer%d", number), x);
}

value_id arch_xrv_autoencoder(struct net *n, value_id x, int32_t variant)
{
    bool resize = (variant & 1) != 0;
    int32_t channels = build_shape(&n->b, x)->dim[1];
    int32_t deep = (variant & 2) != 0 ? 6 : 23, last = (variant & 2) != 0 ? 3 : 2;
    const struct stage down[] = {{3, 64, 1}, {4, 128, 2}, {deep, 256, 2}, {last, 128, 6}};
    const struct stage up[] = {{last, 128, 6}, {deep, 64, 2}, {4, 32, 2}, {3, 16, 2}};
    x = stem(n, x);
    for (int32_t i = 0; i < 4; i++) {
        x = encoder_stage(n, i + 1, x, down[i], true);
    }
    for (int32_t i = 0; i < 4; i++) {
        x = decoder_stage(n, i + 1, x, up[i], resize);
    }
    x = decoder_block(n, "uplayer_top", x,
                      (struct block){.mid = 64, .expansion = 1, .stride = 2, .changes = true, .resize = resize});
    return net_conv_transpose(n, "conv1_1", x, (struct net_conv_transpose){.out = channels});
}

value_id arch_resnet50_autoencoder(struct net *n, value_id x, int32_t variant)
{
    static const struct stage down[] = {{3, 64, 1}, {4, 128, 2}, {6, 256, 2}, {3, 512, 2}};
    static const struct stage up[] = {{3, 512, 1}, {6, 256, 2}, {4, 128, 2}, {3, 64, 2}};
    int32_t channels = build_shape(&n->b, x)->dim[1];
    x = stem(n, x);
    for (int32_t i = 0; i < 4; i++) {
        x = encoder_stage(n, i + 1, x, down[i], false);
    }
    for (int32_t i = 0; i < 4; i++) {
        x = decoder_stage(n, i + 1, x, up[i], (variant & 1) != 0);
    }
    return net_conv_transpose(n, "conv1_1", x, (struct net_conv_transpose){.out = channels});
}

value_id arch_conv_autoencoder(struct net *n, value_id x, int32_t variant)
{
    static const int32_t wide[] = {24, 48, 96, 96};
    static const struct arch decoder = {.width = 16};
    struct shape picture = *build_shape(&n->b, x);
    (void)variant;
    for (int32_t i = 0; i < 4; i++) {
        struct net_conv c = {.out = wide[i], .size = 3, .pad = 1, .stride = i < 3 ? 2 : 1, .bias = true};
        x = net_conv(n, net_name(n, "conv%d", i + 1), x, c);
        x = net_relu(n, net_name(n, "relu%d", i + 1), x);
    }
    x = net_conv(n, "latent", x, (struct net_conv){.out = 32, .bias = true});
    return arch_decoder(n, x, &decoder, &picture);
}
