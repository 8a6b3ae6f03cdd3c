/* Separable resampling with half-pixel centres, centre crop and box blur.
 *
 * A pass is a table of taps per output position. With antialiasing the filter widens by the scale and is cut and
 * normalised at the edges (the rule of PIL's resize; for 8-bit images its fixed-point arithmetic too, so results are
 * equal to it); without it, taps outside are clamped to the edge (the rule of OpenCV and torch). */
#include "image/image.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

#define FIXED_BITS 22 /* 32 - 8 - 2, as PIL */

struct taps {
    int32_t n;      /* output positions */
    int32_t width;  /* most taps per position */
    int32_t *first; /* first input index */
    int32_t *count;
    double *w; /* n * width */
};

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double cubic(double x, double a)
{
    x = fabs(x);
    if (x < 1.0) {
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    }
    return x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * a : 0.0;
}

static double filter_at(enum resize_filter f, bool antialias, double x)
{
    return f == RESIZE_BICUBIC ? cubic(x, antialias ? -0.5 : -0.75) : triangle(x);
}

static void taps_finish(struct taps *t)
{
    mem_free(t->first);
    mem_free(t->count);
    mem_free(t->w);
    *t = (struct taps){0};
}

static int32_t clamp_index(int32_t i, int32_t n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* PIL's window: taps inside [centre - support, centre + support], normalised. */
static void fill_antialias(struct taps *t, int32_t o, enum resize_filter f, double scale, double support, int32_t n_in)
{
    double stretch = scale < 1.0 ? 1.0 : scale, centre = (o + 0.5) * scale, sum = 0.0;
    int32_t lo = (int32_t)(centre - support + 0.5), hi = (int32_t)(centre + support + 0.5);
    lo = lo < 0 ? 0 : lo;
    hi = hi > n_in ? n_in : hi;
    double *w = t->w + (size_t)o * (size_t)t->width;
    for (int32_t i = lo; i < hi; i++) {
        w[i - lo] = filter_at(f, true, (i - centre + 0.5) / stretch);
        sum += w[i - lo];
    }
    for (int32_t i = 0; sum != 0.0 && i < hi - lo; i++) {
        w[i] /= sum;
    }
    t->first[o] = lo;
    t->count[o] = hi - lo;
}

/* Point sampling of the filter; taps outside fold onto the edge pixel. */
static void fill_plain(struct taps *t, int32_t o, enum resize_filter f, double scale, int32_t n_in)
{
    double *w = t->w + (size_t)o * (size_t)t->width;
    if (f == RESIZE_NEAREST) {
        t->first[o] = clamp_index((int32_t)floor((o + 0.5) * scale), n_in);
        t->count[o] = 1;
        w[0] = 1.0;
        return;
    }
    double at = (o + 0.5) * scale - 0.5;
    int32_t radius = f == RESIZE_BICUBIC ? 2 : 1, base = (int32_t)floor(at);
    int32_t lo = clamp_index(base - radius + 1, n_in), hi = clamp_index(base + radius, n_in);
    for (int32_t i = base - radius + 1; i <= base + radius; i++) {
        w[clamp_index(i, n_in) - lo] += filter_at(f, false, i - at);
    }
    t->first[o] = lo;
    t->count[o] = hi - lo + 1;
}

static limn_status taps_init(struct taps *t, int32_t n_in, int32_t n_out, enum resize_filter f, bool antialias,
                             limn_error *err)
{
    double scale = (double)n_in / n_out, radius = f == RESIZE_BICUBIC ? 2.0 : 1.0;
    double support = radius * (scale < 1.0 ? 1.0 : scale);
    antialias = antialias && f != RESIZE_NEAREST;
    t->n = n_out;
    t->width = antialias ? (int32_t)ceil(support) * 2 + 1 : 4;
    t->first = mem_zalloc((size_t)n_out, sizeof(*t->first));
    t->count = mem_zalloc((size_t)n_out, sizeof(*t->count));
    t->w = mem_zalloc((size_t)n_out * (size_t)t->width, sizeof(*t->w));
    if (!t->first || !t->count || !t->w) {
        taps_finish(t);
        return err_nomem(err, (size_t)n_out * (size_t)t->width * sizeof(*t->w), "resampling weights");
    }
    for (int32_t o = 0; o < n_out; o++) {
        if (antialias) {
            fill_antialias(t, o, f, scale, support, n_in);
        } else {
            fill_plain(t, o, f, scale, n_in);
        }
    }
    return LIMN_OK;
}

static uint8_t apply_u8(const struct taps *t, int32_t o, const uint8_t *in, size_t stride)
{
    const double *w = t->w + (size_t)o * (size_t)t->width;
    int64_t sum = (int64_t)1 << (FIXED_BITS - 1);
    for (int32_t i = 0; i < t->count[o]; i++) {
        double scaled = w[i] * (1 << FIXED_BITS);
        sum += in[stride * (size_t)(t->first[o] + i)] * (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    sum >>= FIXED_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

limn_status image_resize(const struct image *in, int32_t width, int32_t height, enum resize_filter f, bool antialias,
                         struct image *out, limn_error *err)
{
    struct taps h = {0}, v = {0};
    struct image mid = {0}, r = {0};
    limn_status st = LIMN_OK;
    TRY(image_init(&mid, width, in->height, err));
    TRY(image_init(&r, width, height, err));
    TRY(taps_init(&h, in->width, width, f, antialias, err));
    TRY(taps_init(&v, in->height, height, f, antialias, err));
    size_t in_row = 3 * (size_t)in->width, row = 3 * (size_t)width;
    for (size_t y = 0; y < (size_t)in->height; y++) {
        for (size_t x = 0; x < row; x++) {
            mid.rgb[y * row + x] = apply_u8(&h, (int32_t)(x / 3), in->rgb + y * in_row + x % 3, 3);
        }
    }
    for (size_t y = 0; y < (size_t)height; y++) {
        for (size_t x = 0; x < row; x++) {
            r.rgb[y * row + x] = apply_u8(&v, (int32_t)y, mid.rgb + x, row);
        }
    }
    *out = r;
    r = (struct image){0};
out:
    image_finish(&mid);
    image_finish(&r);
    taps_finish(&h);
    taps_finish(&v);
    return st;
}

static float apply_f32(const struct taps *t, int32_t o, const float *in, size_t stride)
{
    const double *w = t->w + (size_t)o * (size_t)t->width;
    double sum = 0.0;
    for (int32_t i = 0; i < t->count[o]; i++) {
        sum += w[i] * (double)in[stride * (size_t)(t->first[o] + i)];
    }
    return (float)sum;
}

limn_status plane_resize(const struct plane *in, int32_t width, int32_t height, enum resize_filter f, bool antialias,
                         struct plane *out, limn_error *err)
{
    struct taps h = {0}, v = {0};
    struct plane mid = {0}, r = {0};
    limn_status st = LIMN_OK;
    TRY(plane_init(&mid, width, in->height, err));
    TRY(plane_init(&r, width, height, err));
    TRY(taps_init(&h, in->width, width, f, antialias, err));
    TRY(taps_init(&v, in->height, height, f, antialias, err));
    for (int32_t y = 0; y < in->height; y++) {
        for (int32_t x = 0; x < width; x++) {
            mid.v[(size_t)y * (size_t)width + (size_t)x] = apply_f32(&h, x, in->v + (size_t)y * (size_t)in->width, 1);
        }
    }
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            r.v[(size_t)y * (size_t)width + (size_t)x] = apply_f32(&v, y, mid.v + x, (size_t)width);
        }
    }
    *out = r;
    r = (struct plane){0};
out:
    plane_finish(&mid);
    plane_finish(&r);
    taps_finish(&h);
    taps_finish(&v);
    return st;
}

/* torchvision's window: round((in - out) / 2) with halves to even; a smaller picture is padded by (out - in) / 2,
 * rounded down, before its first pixel. */
static int32_t crop_start(int32_t in, int32_t out)
{
    int32_t slack = in - out, half = slack / 2;
    return slack > 0 && slack % 2 ? half + half % 2 : half;
}

limn_status image_center_crop(const struct image *in, int32_t width, int32_t height, struct image *out, limn_error *err)
{
    struct image r = {0};
    limn_status st = image_init(&r, width, height, err);
    if (st != LIMN_OK) {
        return st;
    }
    int32_t left = crop_start(in->width, width), top = crop_start(in->height, height);
    int32_t from = left < 0 ? -left : 0, to = in->width - left < width ? in->width - left : width;
    for (int32_t y = 0; y < height && to > from; y++) {
        if (y + top >= 0 && y + top < in->height) {
            size_t src = 3 * ((size_t)(y + top) * (size_t)in->width + (size_t)(from + left));
            memcpy(r.rgb + 3 * ((size_t)y * (size_t)width + (size_t)from), in->rgb + src, 3 * (size_t)(to - from));
        }
    }
    *out = r;
    return LIMN_OK;
}

/* Border without repeating the edge pixel: -1 -> 1. */
static int32_t reflect(int32_t i, int32_t n)
{
    int32_t period = 2 * (n - 1);
    if (period == 0) {
        return 0;
    }
    i = (i < 0 ? -i : i) % period;
    return i < n ? i : period - i;
}

limn_status plane_box_blur(const struct plane *in, int32_t width, struct plane *out, limn_error *err)
{
    struct plane mid = {0}, r = {0};
    limn_status st = LIMN_OK;
    if (width < 1 || width > 32768) {
        return err_set(err, LIMN_ERR_ARG, "blur width %d (expected 1 to 32768)", width);
    }
    TRY(plane_init(&mid, in->width, in->height, err));
    TRY(plane_init(&r, in->width, in->height, err));
    size_t stride = (size_t)in->width;
    for (int32_t y = 0; y < in->height; y++) {
        for (int32_t x = 0; x < in->width; x++) {
            double sum = 0.0;
            for (int32_t i = 0; i < width; i++) {
                sum += (double)in->v[(size_t)y * stride + (size_t)reflect(x - width / 2 + i, in->width)];
            }
            mid.v[(size_t)y * stride + (size_t)x] = (float)(sum / width);
        }
    }
    for (int32_t y = 0; y < in->height; y++) {
        for (int32_t x = 0; x < in->width; x++) {
            double sum = 0.0;
            for (int32_t i = 0; i < width; i++) {
                sum += (double)mid.v[(size_t)reflect(y - width / 2 + i, in->height) * stride + (size_t)x];
            }
            r.v[(size_t)y * stride + (size_t)x] = (float)(sum / width);
        }
    }
    *out = r;
    r = (struct plane){0};
out:
    plane_finish(&mid);
    plane_finish(&r);
    return st;
}
