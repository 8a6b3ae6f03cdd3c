/* A decoder for the features of any classifier. While the height of the picture divided by 2, 4, ... is a whole number
 * not below the features', a stage doubles the size; a first layer brings the features to where the doublings start:
 *   transposed convolution: ConvT(k = start - size + 1), then ConvT(k4 s2 p1) a stage, ReLU between, Conv(k3 p1) at
 * last resize and convolve:    nearest resize and Conv(k3 p1) for each of them Channels halve with each stage, down to
 * `width`. Modules are "decoder.0", "decoder.1", ... like a torch Sequential. */
#include "model/arch.h"

#define CHANNELS_MAX 256

static const char *next(struct net *n, int32_t *at)
{
    return net_name(n, "decoder.%d", (*at)++);
}

/* Doublings between `from` and `to` pixels. */
static int32_t doublings(int32_t from, int32_t to)
{
    int32_t k = 0;
    while (to % 2 == 0 && to / 2 >= from) {
        to /= 2;
        k++;
    }
    return k;
}

static value_id resize_stage(struct net *n, int32_t *at, value_id x, int32_t out, int32_t height, int32_t width)
{
    const struct shape *s = build_shape(&n->b, x);
    if (s->dim[2] != height || s->dim[3] != width) {
        x = net_upsample(n, next(n, at), x, height, width);
    }
    return net_conv(n, next(n, at), x, (struct net_conv){.out = out, .size = 3, .pad = 1, .bias = true});
}

static value_id first_stage(struct net *n, int32_t *at, value_id x, int32_t out, int32_t height, int32_t width,
                            bool resize)
{
    struct shape s = *build_shape(&n->b, x);
    bool square = height - s.dim[2] == width - s.dim[3];
    if (resize || !square || height == s.dim[2]) {
        return resize_stage(n, at, x, out, height, width);
    }
    struct net_conv_transpose c = {.out = out, .size = height - s.dim[2] + 1, .bias = true};
    return net_conv_transpose(n, next(n, at), x, c);
}

value_id arch_decoder(struct net *n, value_id z, const struct arch *a, const struct shape *picture)
{
    struct shape s = *build_shape(&n->b, z);
    int32_t at = 0, height = picture->dim[2], width = picture->dim[3];
    if (picture->rank != 4 || (s.rank != 4 && s.rank != 2)) {
        n->b.status = err_set(n->b.err, LIMN_ERR_UNSUPPORTED,
                              "a decoder from rank %d to rank %d (expected 4 or 2 to 4)", s.rank, picture->rank);
        return VALUE_NONE;
    }
    if (s.rank == 2) {
        s = SHAPE(s.dim[0], s.dim[1], 1, 1);
        z = build_reshape(&n->b, NULL, z, s);
    }
    int32_t k = doublings(s.dim[2], height), kw = doublings(s.dim[3], width);
    k = kw < k ? kw : k;
    if (height >> k < s.dim[2] || width >> k < s.dim[3]) {
        n->b.status = err_set(n->b.err, LIMN_ERR_SHAPE, "features of %dx%d are larger than the picture (%dx%d)",
                              s.dim[2], s.dim[3], height, width);
        return VALUE_NONE;
    }
    for (int32_t i = 0; i <= k; i++) {
        int64_t wide = (int64_t)a->width << (k - i);
        int32_t out = wide > CHANNELS_MAX && i < k ? CHANNELS_MAX : (int32_t)wide;
        if (i == 0) {
            z = first_stage(n, &at, z, out, height >> k, width >> k, a->resizes);
        } else if (a->resizes) {
            z = resize_stage(n, &at, z, out, height >> (k - i), width >> (k - i));
        } else {
            struct net_conv_transpose c = {.out = out, .size = 4, .stride = 2, .pad = 1, .bias = true};
            z = net_conv_transpose(n, next(n, &at), z, c);
        }
        z = net_relu(n, next(n, &at), z);
    }
    struct net_conv last = {.out = picture->dim[1], .size = 3, .pad = 1, .bias = true};
    return net_module(n, "decoder", net_conv(n, next(n, &at), z, last));
}
