/* Heat of volumes, and slices of it. The scale of the colours is the whole volume's, so that slices can be compared: a
 * class activation map is scaled at its own low resolution (METHODS 2.1) and then enlarged trilinearly; a gradient is
 * the sum of magnitudes over the channels, clipped at the 99th percentile. */
#include <math.h>
#include <string.h>

#include "api/scene.h"

enum { ZOOM_TO = 160, ZOOM_MAX = 16, STRETCH_MAX = 8 };

void heat_volume_destroy(struct heat_volume **h)
{
    if (h != NULL && *h != NULL) {
        mem_free((*h)->heat);
        mem_free((*h)->sign);
        mem_free(*h);
        *h = NULL;
    }
}

/* v by a rule of image/overlay.c, which does not look at the shape. */
static void scale(float *v, size_t n, void (*rule)(struct plane *p))
{
    struct plane p = {.width = (int32_t)n, .height = 1, .v = v};
    rule(&p);
}

static limn_status enlarge(const float *v, const int32_t *from, const int32_t *to, float *dst, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct volume low = {0}, full = {0};
    TRY(volume_init(&low, 1, from, err));
    memcpy(low.v, v, volume_plane(&low) * sizeof(*v));
    TRY(volume_resize(&low, to, &full, err));
    memcpy(dst, full.v, volume_plane(&full) * sizeof(*v));
out:
    volume_finish(&low);
    volume_finish(&full);
    return st;
}

static limn_status fill_cam(struct heat_volume *h, const struct tensor *map, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t n = shape_elems(&map->shape);
    float *low = mem_alloc(n, sizeof(*low));
    if (low == NULL) {
        return err_nomem(err, n * sizeof(*low), "a heat map");
    }
    memcpy(low, map->data, n * sizeof(*low));
    TRY(enlarge(low, map->shape.dim, h->size, h->sign, err));
    for (size_t i = 0; i < n; i++) {
        const double x = fmax((double)low[i], 0.0);
        h->low = i == 0 || x < h->low ? x : h->low;
        h->high = fmax(h->high, x);
    }
    scale(low, n, plane_scale_cam);
    TRY(enlarge(low, map->shape.dim, h->size, h->heat, err));
out:
    mem_free(low);
    return st;
}

static limn_status fill_gradient(struct heat_volume *h, const struct tensor *map, size_t n, limn_error *err)
{
    for (size_t i = 0; i < shape_elems(&map->shape); i++) {
        h->heat[i % n] += fabsf(map->data[i]);
        h->sign[i % n] += map->data[i];
    }
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)h->sign[i];
        squares += (double)h->sign[i] * (double)h->sign[i];
    }
    h->mean = sum / (double)n;
    h->std = sqrt(fmax(0.0, squares / (double)n - h->mean * h->mean));
    limn_status st = floats_clip(h->heat, n, err);
    for (size_t i = 0; i < n; i++) {
        h->low = i == 0 ? (double)h->heat[i] : fmin(h->low, (double)h->heat[i]);
        h->high = fmax(h->high, (double)h->heat[i]);
    }
    if (st == LIMN_OK) {
        scale(h->heat, n, plane_scale_minmax);
    }
    return st;
}

limn_status heat_volume_get(const struct scene *s, const struct heat_volume **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct heat_volume **kept = &((limn_explanation *)s->e)->heat; /* every explanation is made by limn_explain */
    if (*kept != NULL && (*kept)->map == s->map) {
        *out = *kept;
        return LIMN_OK;
    }
    heat_volume_destroy(kept);
    size_t n = volume_plane(&s->item->volume);
    struct heat_volume *h = mem_zalloc(1, sizeof(*h));
    if (h == NULL || (h->heat = mem_zalloc(n, sizeof(float))) == NULL ||
        (h->sign = mem_zalloc(n, sizeof(float))) == NULL) {
        st = err_nomem(err, n * sizeof(float), "a heat map");
        goto out;
    }
    h->map = s->map;
    memcpy(h->size, s->item->volume.size, sizeof(h->size));
    TRY(s->method->kind == MAP_CAM ? fill_cam(h, s->map, err) : fill_gradient(h, s->map, n, err));
    for (size_t i = 0; i < n; i++) {
        h->peak = fmax(h->peak, fabs((double)h->sign[i]));
    }
    scale(h->sign, n, plane_scale_signed);
    *out = *kept = h;
    return LIMN_OK;
out:
    heat_volume_destroy(&h);
    return st;
}

/* ---- slices ---- */

void slice_size(const int32_t size[3], int32_t axis, int32_t *height, int32_t *width)
{
    *height = size[axis == 0 ? 1 : 0];
    *width = size[axis == 2 ? 1 : 2];
}

void slice_pixels(const struct volume *v, int32_t axis, int32_t *height, int32_t *width)
{
    float pitch[3], least = fminf(v->spacing[0], fminf(v->spacing[1], v->spacing[2])), longest = 0.0f;
    for (int i = 0; i < 3; i++) {
        pitch[i] = fminf(v->spacing[i] / least, STRETCH_MAX);
        longest = fmaxf(longest, pitch[i] * (float)v->size[i]);
    }
    float zoom = fminf(fmaxf(ceilf((float)ZOOM_TO / longest), 1.0f), ZOOM_MAX);
    int32_t down = axis == 0 ? 1 : 0, across = axis == 2 ? 1 : 2;
    *height = (int32_t)lroundf((float)v->size[down] * pitch[down] * zoom);
    *width = (int32_t)lroundf((float)v->size[across] * pitch[across] * zoom);
}

void slice_cut(const float *v, const int32_t size[3], struct limn_slice slice, float *dst)
{
    size_t stride[3] = {(size_t)size[1] * (size_t)size[2], (size_t)size[2], 1};
    size_t row = stride[slice.axis == 0 ? 1 : 0], column = stride[slice.axis == 2 ? 1 : 2];
    int32_t h, w;
    slice_size(size, slice.axis, &h, &w);
    v += (size_t)slice.index * stride[slice.axis];
    for (size_t i = 0; i < (size_t)h * (size_t)w; i++) {
        dst[i] = v[i / (size_t)w * row + i % (size_t)w * column];
    }
}

limn_status slice_heat(const struct scene *s, bool is_signed, struct plane *out, double *peak, limn_error *err)
{
    const struct heat_volume *h = NULL;
    int32_t height, width;
    limn_status st = heat_volume_get(s, &h, err);
    if (st != LIMN_OK) {
        return st;
    }
    slice_size(h->size, s->slice.axis, &height, &width);
    st = plane_init(out, width, height, err);
    if (st == LIMN_OK) {
        slice_cut(is_signed ? h->sign : h->heat, h->size, s->slice, out->v);
        if (peak != NULL) {
            *peak = h->peak;
        }
        if (s->scale != NULL && !is_signed) {
            s->scale->low = h->low;
            s->scale->high = h->high;
            s->scale->unit = s->method->unit;
        }
    }
    return st;
}

/* v - mean; / (std + 1e-5); * 0.1 + 0.5: grey is none. */
limn_status slice_gradient(const struct scene *s, struct image *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    const struct heat_volume *h = NULL;
    struct plane p = {0}, big = {0};
    TRY(heat_volume_get(s, &h, err));
    TRY(slice_heat(s, true, &p, NULL, err));
    if (s->scale != NULL) {
        const double reach = 5.0 * (h->std + 1e-5);
        *s->scale = (struct limn_scale){h->mean - reach, h->mean + reach, true, "gray", s->method->unit};
    }
    for (size_t i = 0; i < (size_t)p.width * (size_t)p.height; i++) {
        double v = ((double)p.v[i] * h->peak - h->mean) / (h->std + 1e-5) * 0.1 + 0.5;
        p.v[i] = (float)fmin(fmax(v, 0.0), 1.0);
    }
    TRY(plane_resize(&p, s->picture->width, s->picture->height, RESIZE_NEAREST, false, &big, err));
    TRY(plane_render(&big, colormap_find("gray"), false, out, err));
out:
    plane_finish(&p);
    plane_finish(&big);
    return st;
}

limn_status slice_picture(const struct explained *x, struct limn_slice slice, struct image *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct plane p = {0}, big = {0};
    int32_t h, w, height, width;
    slice_size(x->volume.size, slice.axis, &h, &w);
    slice_pixels(&x->volume, slice.axis, &height, &width);
    TRY(plane_init(&p, w, h, err));
    slice_cut(x->volume.v, x->volume.size, slice, p.v); /* the first channel */
    float span = x->high > x->low ? x->high - x->low : 1.0f;
    for (size_t i = 0; i < (size_t)w * (size_t)h; i++) {
        p.v[i] = fminf(fmaxf((p.v[i] - x->low) / span, 0.0f), 1.0f);
    }
    TRY(plane_resize(&p, width, height, RESIZE_NEAREST, false, &big, err));
    TRY(plane_render(&big, colormap_find("gray"), false, out, err));
out:
    plane_finish(&p);
    plane_finish(&big);
    return st;
}

limn_status slice_strongest(const struct scene *s, int32_t axis, struct limn_slice *out, limn_error *err)
{
    const struct heat_volume *h = NULL;
    limn_status st = heat_volume_get(s, &h, err);
    if (st != LIMN_OK) {
        return st;
    }
    size_t inner[3] = {(size_t)h->size[1] * (size_t)h->size[2], (size_t)h->size[2], 1};
    size_t n = (size_t)h->size[0] * inner[0];
    double best = -1.0;
    for (int32_t a = axis < 0 ? 0 : axis; a <= (axis < 0 ? 2 : axis); a++) {
        double *sum = mem_zalloc((size_t)h->size[a], sizeof(*sum));
        if (sum == NULL) {
            return err_nomem(err, (size_t)h->size[a] * sizeof(*sum), "the strongest slice");
        }
        for (size_t i = 0; i < n; i++) {
            sum[i / inner[a] % (size_t)h->size[a]] += fabs((double)h->sign[i]);
        }
        for (int32_t i = 0; i < h->size[a]; i++) {
            double mean = sum[i] * (double)h->size[a] / (double)n;
            if (mean > best) {
                best = mean;
                *out = (struct limn_slice){a, i};
            }
        }
        mem_free(sum);
    }
    return LIMN_OK;
}
