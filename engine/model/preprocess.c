/* From a picture to the network's input, x = (v * range - mean) / std with v in [0,1], planes R, G, B (or B, G, R, or
 * grey).
 *
 * The shorter side is scaled to card.resize and the centre cut out, by PIL's antialiased filters and torchvision's
 * rounding. A picture that has the input's size already is taken as it is. Grey is PIL's "L": (19595 R + 38470 G + 7471
 * B + 32768) >> 16. */
#include <string.h>

#include "model/model_priv.h"

#define SIDE_MAX 16384 /* a longer side would make gigabytes of a thin picture */

/* Size to scale to before the crop: the shorter side becomes `resize`, but at least cover the input. */
static limn_status scaled_size(const struct model_card *c, const struct image *in, int32_t *width, int32_t *height,
                               limn_error *err)
{
    bool wide = in->width >= in->height;
    int64_t shorter = wide ? in->height : in->width, longer = wide ? in->width : in->height;
    int64_t side = (int64_t)c->resize * longer / shorter; /* torchvision: int(size * long / short) */
    double w = wide ? (double)side : c->resize, h = wide ? c->resize : (double)side, grow = 1;
    if (c->width != c->height) { /* an oblong input: scale until the picture covers it */
        grow = c->width / w > grow ? c->width / w : grow;
        grow = c->height / h > grow ? c->height / h : grow;
    }
    w = w * grow + (grow > 1 ? 0.5 : 0);
    h = h * grow + (grow > 1 ? 0.5 : 0);
    if (w > SIDE_MAX || h > SIDE_MAX) {
        return err_set(err, LIMN_ERR_UNSUPPORTED,
                       "picture of %dx%d pixels is too oblong (scaled to %.0fx%.0f, at most %d)", in->width, in->height,
                       w, h, SIDE_MAX);
    }
    *width = (int32_t)w;
    *height = (int32_t)h;
    return LIMN_OK;
}

static limn_status fit(const struct model_card *c, const struct image *in, struct image *out, limn_error *err)
{
    struct image scaled = {0};
    int32_t w = 0, h = 0;
    limn_status st = LIMN_OK;
    if (in->width == c->width && in->height == c->height) {
        TRY(image_init(out, in->width, in->height, err));
        memcpy(out->rgb, in->rgb, (size_t)in->width * (size_t)in->height * 3);
        return LIMN_OK;
    }
    if (c->rule == RULE_EXACT) {
        return image_resize(in, c->width, c->height, c->filter, true, out, err);
    }
    if (c->rule == RULE_NONE) {
        return image_center_crop(in, c->width, c->height, out, err);
    }
    TRY(scaled_size(c, in, &w, &h, err));
    TRY(image_resize(in, w, h, c->filter, true, &scaled, err));
    TRY(image_center_crop(&scaled, c->width, c->height, out, err));
out:
    image_finish(&scaled);
    return st;
}

static void to_planes(const struct model_card *c, const struct image *im, float *chw)
{
    size_t n = (size_t)im->width * (size_t)im->height;
    for (int32_t k = 0; k < c->channels; k++) {
        int32_t from = c->bgr ? 2 - k : k;
        float *plane = chw + (size_t)k * n;
        for (size_t i = 0; i < n; i++) {
            const uint8_t *p = im->rgb + 3 * i;
            unsigned v = c->channels == 1 ? (19595u * p[0] + 38470u * p[1] + 7471u * p[2] + 32768u) >> 16 : p[from];
            plane[i] = ((float)v / 255.0f * c->range - c->mean[k]) / c->std[k];
        }
    }
}

limn_status model_preprocess(const struct model *m, const struct image *in, float *chw, struct image *view,
                             limn_error *err)
{
    struct image im = {0};
    if (m->card.channels != 1 && m->card.channels != 3) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "the network takes %d channels (a picture gives 1 or 3)",
                       m->card.channels);
    }
    limn_status st = fit(&m->card, in, &im, err);
    if (st != LIMN_OK) {
        return st;
    }
    to_planes(&m->card, &im, chw);
    if (view != NULL) {
        *view = im;
    } else {
        image_finish(&im);
    }
    return LIMN_OK;
}

static limn_status fit_volume(const struct model_card *c, const struct volume *in, struct volume *out, limn_error *err)
{
    const int32_t size[3] = {c->depth, c->height, c->width};
    bool same = memcmp(size, in->size, sizeof size) == 0;
    if (c->depth == 0) {
        return err_set(err, LIMN_ERR_ARG, "the network takes pictures (found a volume)");
    }
    if (in->channels != 1 && in->channels != c->channels) {
        return err_set(err, LIMN_ERR_SHAPE, "volume of %d channels (expected %d, or 1 for all)", in->channels,
                       c->channels);
    }
    if (c->rule == RULE_NONE && !same) {
        return err_set(err, LIMN_ERR_SHAPE, "volume of %dx%dx%d (expected %dx%dx%d when nothing is resampled)",
                       in->size[0], in->size[1], in->size[2], size[0], size[1], size[2]);
    }
    return volume_resize(in, size, out, err);
}

limn_status model_preprocess_volume(const struct model *m, const struct volume *in, float *cdhw, struct volume *view,
                                    limn_error *err)
{
    const struct model_card *c = &m->card;
    struct volume fit = {0};
    limn_status st = fit_volume(c, in, &fit, err);
    if (st != LIMN_OK) {
        return st;
    }
    size_t n = volume_plane(&fit);
    for (int32_t k = 0; k < c->channels; k++) {
        const float *from = fit.v + (fit.channels > 1 ? (size_t)k * n : 0);
        for (size_t i = 0; i < n; i++) {
            cdhw[(size_t)k * n + i] = (from[i] * c->range - c->mean[k]) / c->std[k];
        }
    }
    if (view != NULL) {
        *view = fit;
    } else {
        volume_finish(&fit);
    }
    return LIMN_OK;
}
