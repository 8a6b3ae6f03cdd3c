/* Heat maps over pictures. The formulas follow pytorch-grad-cam's show_cam_on_image and deprocess_image (restated in
 * image.h), including where they truncate instead of rounding. */
#include "image/image.h"

#include <math.h>

#include "base/mem.h"

static size_t plane_elems(const struct plane *p)
{
    return (size_t)p->width * (size_t)p->height;
}

static float unit(float t)
{
    return t > 0.0f ? (t < 1.0f ? t : 1.0f) : 0.0f;
}

void plane_scale_cam(struct plane *p)
{
    float lo = INFINITY, hi = 0.0f;
    size_t n = plane_elems(p);
    for (size_t i = 0; i < n; i++) {
        p->v[i] = p->v[i] > 0.0f ? p->v[i] : 0.0f;
        lo = fminf(lo, p->v[i]);
    }
    for (size_t i = 0; i < n; i++) {
        p->v[i] -= lo;
        hi = fmaxf(hi, p->v[i]);
    }
    for (size_t i = 0; i < n; i++) {
        p->v[i] /= 1e-7f + hi;
    }
}

void plane_scale_minmax(struct plane *p)
{
    float lo = INFINITY, hi = -INFINITY;
    size_t n = plane_elems(p);
    for (size_t i = 0; i < n; i++) {
        lo = fminf(lo, p->v[i]);
        hi = fmaxf(hi, p->v[i]);
    }
    for (size_t i = 0; i < n; i++) {
        p->v[i] = hi > lo ? (p->v[i] - lo) / (hi - lo) : 0.0f;
    }
}

void plane_scale_signed(struct plane *p)
{
    float most = 0.0f;
    size_t n = plane_elems(p);
    for (size_t i = 0; i < n; i++) {
        most = fmaxf(most, fabsf(p->v[i]));
    }
    for (size_t i = 0; i < n; i++) {
        p->v[i] = most > 0.0f ? p->v[i] / most : 0.0f;
    }
}

static limn_status check_same_size(const struct image *im, const struct plane *heat, limn_error *err)
{
    if (im->width != heat->width || im->height != heat->height) {
        return err_set(err, LIMN_ERR_SHAPE, "heat map of %d x %d over a picture of %d x %d (expected the same size)",
                       heat->width, heat->height, im->width, im->height);
    }
    return LIMN_OK;
}

/* An empty picture of the size that both have. */
static limn_status image_for(const struct image *im, const struct plane *heat, struct image *out, limn_error *err)
{
    limn_status st = check_same_size(im, heat, err);
    return st == LIMN_OK ? image_init(out, im->width, im->height, err) : st;
}

/* The colour of uint8(255 * heat): the map is a table of 256 colours, indexed by truncation. */
static void heat_colour(const struct colormap *map, float heat, uint8_t rgb[3])
{
    map->at((double)(uint8_t)(255.0f * unit(heat)) / 255.0, rgb);
}

limn_status overlay_cam(const struct image *im, const struct plane *heat, const struct colormap *map,
                        double image_weight, struct image *out, limn_error *err)
{
    struct image r = {0};
    float *sum = NULL, most = 0.0f, w = (float)image_weight;
    limn_status st = LIMN_OK;
    size_t n = plane_elems(heat);
    TRY(image_for(im, heat, &r, err));
    sum = mem_alloc(3 * n, sizeof(*sum));
    if (!sum) {
        st = err_nomem(err, 3 * n * sizeof(*sum), "an overlay");
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t colour[3];
        heat_colour(map, heat->v[i], colour);
        for (size_t c = 0; c < 3; c++) {
            float v = (1.0f - w) * ((float)colour[c] / 255.0f) + w * ((float)im->rgb[3 * i + c] / 255.0f);
            sum[3 * i + c] = v;
            most = fmaxf(most, v);
        }
    }
    for (size_t i = 0; i < 3 * n; i++) {
        r.rgb[i] = (uint8_t)(most > 0.0f ? 255.0f * (sum[i] / most) : 0.0f);
    }
    *out = r;
    r = (struct image){0};
out:
    mem_free(sum);
    image_finish(&r);
    return st;
}

limn_status overlay_blend(const struct image *im, const struct plane *heat, const struct colormap *map, double opacity,
                          struct image *out, limn_error *err)
{
    struct image r = {0};
    limn_status st = image_for(im, heat, &r, err);
    if (st != LIMN_OK) {
        return st;
    }
    for (size_t i = 0; i < plane_elems(heat); i++) {
        uint8_t colour[3];
        map->at((double)heat->v[i], colour);
        for (size_t c = 0; c < 3; c++) {
            r.rgb[3 * i + c] = (uint8_t)((1.0 - opacity) * im->rgb[3 * i + c] + opacity * colour[c] + 0.5);
        }
    }
    *out = r;
    return LIMN_OK;
}

limn_status overlay_classic(const struct image *im, const struct plane *heat, int32_t blur_px, struct image *out,
                            limn_error *err)
{
    const struct colormap *jet = colormap_find("jet");
    struct plane big = {0}, smooth = {0};
    struct image r = {0};
    limn_status st = LIMN_OK;
    TRY(plane_resize(heat, im->width, im->height, RESIZE_BILINEAR, false, &big, err));
    TRY(plane_box_blur(&big, blur_px > 0 ? blur_px : 1, &smooth, err));
    TRY(image_init(&r, im->width, im->height, err));
    for (size_t i = 0; i < plane_elems(&smooth); i++) {
        uint8_t colour[3];
        heat_colour(jet, smooth.v[i], colour);
        for (size_t c = 0; c < 3; c++) {
            double v = 0.5 * colour[c] + im->rgb[3 * i + c];
            r.rgb[3 * i + c] = (uint8_t)(v > 255.0 ? 255.0 : v);
        }
    }
    *out = r;
    r = (struct image){0};
out:
    plane_finish(&big);
    plane_finish(&smooth);
    image_finish(&r);
    return st;
}

limn_status overlay_multiply(const struct image *im, const struct plane *heat, struct image *out, limn_error *err)
{
    struct image r = {0};
    limn_status st = image_for(im, heat, &r, err);
    if (st != LIMN_OK) {
        return st;
    }
    for (size_t i = 0; i < 3 * plane_elems(heat); i++) {
        r.rgb[i] = (uint8_t)(unit(heat->v[i / 3]) * (float)im->rgb[i] + 0.5f);
    }
    *out = r;
    return LIMN_OK;
}

limn_status plane_render(const struct plane *heat, const struct colormap *map, bool is_signed, struct image *out,
                         limn_error *err)
{
    struct image r = {0};
    limn_status st = image_init(&r, heat->width, heat->height, err);
    if (st != LIMN_OK) {
        return st;
    }
    for (size_t i = 0; i < plane_elems(heat); i++) {
        double v = (double)heat->v[i];
        map->at(is_signed ? 0.5 + 0.5 * v : v, r.rgb + 3 * i);
    }
    *out = r;
    return LIMN_OK;
}

limn_status gradient_deprocess(const float *g, int32_t channels, int32_t height, int32_t width, struct image *out,
                               limn_error *err)
{
    struct image r = {0};
    if (channels != 1 && channels != 3) {
        return err_set(err, LIMN_ERR_SHAPE, "gradient with %d channels (expected 1 or 3)", channels);
    }
    limn_status st = image_init(&r, width, height, err);
    if (st != LIMN_OK) {
        return st;
    }
    size_t area = (size_t)width * (size_t)height, n = area * (size_t)channels;
    double mean = 0.0, var = 0.0;
    for (size_t i = 0; i < n; i++) {
        mean += (double)g[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        var += ((double)g[i] - mean) * ((double)g[i] - mean) / (double)n;
    }
    for (size_t i = 0; i < 3 * area; i++) {
        size_t c = channels == 1 ? 0 : i % 3;
        double v = ((double)g[c * area + i / 3] - mean) / (sqrt(var) + 1e-5) * 0.1 + 0.5;
        r.rgb[i] = (uint8_t)(255.0 * (v > 0.0 ? (v < 1.0 ? v : 1.0) : 0.0));
    }
    *out = r;
    return LIMN_OK;
}
