/* Each sequence is a function of (photo a, photo b, t in [0,1]); t runs forth along a smooth ramp. */
#include "gif_sequences.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PI 3.14159265358979323846

/* Bilinear sample of one channel, edges clamped. */
static double sample(const struct image *im, double x, double y, int c)
{
    x = x < 0 ? 0 : x > im->width - 1 ? im->width - 1 : x;
    y = y < 0 ? 0 : y > im->height - 1 ? im->height - 1 : y;
    int32_t x0 = (int32_t)x, y0 = (int32_t)y;
    int32_t x1 = x0 + 1 < im->width ? x0 + 1 : x0, y1 = y0 + 1 < im->height ? y0 + 1 : y0;
    double fx = x - x0, fy = y - y0;
    const uint8_t *p = im->rgb + c;
    size_t w = (size_t)im->width;
    double top = (1 - fx) * p[3 * ((size_t)y0 * w + (size_t)x0)] + fx * p[3 * ((size_t)y0 * w + (size_t)x1)];
    double low = (1 - fx) * p[3 * ((size_t)y1 * w + (size_t)x0)] + fx * p[3 * ((size_t)y1 * w + (size_t)x1)];
    return (1 - fy) * top + fy * low;
}

static uint8_t to_byte(double v)
{
    return (uint8_t)lrint(v < 0 ? 0 : v > 255 ? 255 : v);
}

static double bump(double x, double y, double cx, double cy, double r)
{
    return exp(-((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (2 * r * r));
}

static double grey_at(const struct image *im, double x, double y)
{
    return 0.299 * sample(im, x, y, 0) + 0.587 * sample(im, x, y, 1) + 0.114 * sample(im, x, y, 2);
}

/* u, v in [0,1] over the picture; out: colours in 0..255. */
typedef void (*pixel_fn)(const struct sequence *s, double u, double v, double t, double out[3]);

/* A grey picture, a local deformation, a red overlay where it happens. */
static void local_grey(const struct sequence *s, double u, double v, double t, double out[3])
{
    double g = bump(u, v, 0.55, 0.45, 0.12), w = s->a.width, h = s->a.height;
    double x = u * w + 9 * t * g * sin(12 * v), y = v * h + 9 * t * g * cos(9 * u);
    double grey = grey_at(&s->a, x, y), red = 0.5 * t * g;
    out[0] = (1 - red) * grey + red * 255;
    out[1] = out[2] = (1 - red) * grey;
}

static void over_jet(double heat, double opacity, double out[3])
{
    uint8_t c[3];
    colormap_find("jet")->at(heat, c);
    for (int k = 0; k < 3; k++) {
        out[k] = (1 - opacity) * out[k] + opacity * c[k];
    }
}

/* A still photo under a jet heat map, the change local. */
static void local_jet(const struct sequence *s, double u, double v, double t, double out[3])
{
    double heat = bump(u, v, 0.4, 0.5, 0.16) * 0.8 + t * bump(u, v, 0.7, 0.35, 0.08);
    for (int k = 0; k < 3; k++) {
        out[k] = sample(&s->a, u * s->a.width, v * s->a.height, k);
    }
    over_jet(heat, 0.45, out);
}

static void warp(const struct sequence *s, double *u, double *v, double t)
{
    (void)s;
    double x = *u, y = *v;
    *u = x + 0.02 * t * sin(2 * PI * y * 1.5 + 1);
    *v = y + 0.02 * t * cos(2 * PI * x * 1.2);
}

static void global_grey(const struct sequence *s, double u, double v, double t, double out[3])
{
    warp(s, &u, &v, t);
    out[0] = out[1] = out[2] = rint(grey_at(&s->a, u * s->a.width, v * s->a.height));
}

static void global_jet(const struct sequence *s, double u, double v, double t, double out[3])
{
    double heat = bump(u, v, 0.35 + 0.3 * t, 0.5, 0.2);
    warp(s, &u, &v, t);
    for (int k = 0; k < 3; k++) {
        out[k] = sample(&s->a, u * s->a.width, v * s->a.height, k);
    }
    over_jet(heat, 0.4, out);
}

static void zoom(const struct sequence *s, double u, double v, double t, double out[3])
{
    double z = 1 / (1 + 0.5 * t);
    for (int k = 0; k < 3; k++) {
        out[k] = sample(&s->a, (0.5 + (u - 0.5) * z) * s->a.width, (0.5 + (v - 0.5) * z) * s->a.height, k);
    }
}

/* One photo turns into another, as a counterfactual that leaves the picture behind. */
static void crossfade(const struct sequence *s, double u, double v, double t, double out[3])
{
    for (int k = 0; k < 3; k++) {
        out[k] = (1 - t) * sample(&s->a, u * s->a.width, v * s->a.height, k) +
                 t * sample(&s->b, u * s->a.width, v * s->a.height, k);
    }
}

/* Colour and brightness of one region move a little. */
static void local_colour(const struct sequence *s, double u, double v, double t, double out[3])
{
    double g = t * bump(u, v, 0.5, 0.55, 0.15);
    for (int k = 0; k < 3; k++) {
        out[k] = sample(&s->a, u * s->a.width, v * s->a.height, k);
    }
    out[0] += 50 * g;
    out[1] += 10 * g * sin(30 * u);
    out[2] -= 35 * g;
}

/* What a decoder does when its latent code moves: smooth, small changes everywhere. */
static void latent(const struct sequence *s, double u, double v, double t, double out[3])
{
    for (int k = 0; k < 3; k++) {
        double f = sin(9 * u + 4 * v + 2 * k) * cos(7 * v - 3 * u + k) + 0.5 * sin(23 * u - k) * sin(19 * v);
        out[k] = sample(&s->a, u * s->a.width, v * s->a.height, k) + 16 * t * f;
    }
}

/* A heat map alone, in viridis. */
static void heat_map(const struct sequence *s, double u, double v, double t, double out[3])
{
    (void)s;
    uint8_t c[3];
    double heat = 0.9 * bump(u, v, 0.4 + 0.1 * t, 0.45, 0.15) + 0.5 * t * bump(u, v, 0.75, 0.7, 0.1) +
                  0.05 * sin(20 * u) * sin(17 * v);
    colormap_find("viridis")->at(heat, c);
    for (int k = 0; k < 3; k++) {
        out[k] = c[k];
    }
}

/* A 28x28 picture enlarged eightfold turning into another one, in grey. */
static void small_grey(const struct sequence *s, double u, double v, double t, double out[3])
{
    double x = floor(u * 28) * 8 + 4, y = floor(v * 28) * 8 + 4;
    out[0] = out[1] = out[2] = rint((1 - t) * sample(&s->a, x, y, 0) + t * sample(&s->b, x, y, 0));
}

static const struct kind {
    const char *name, *a, *b;
    int32_t side;
    pixel_fn paint;
    bool panel; /* beside the photo, with a caption that counts */
} kinds[] = {
    {"local-grey", "cat", "cat", 384, local_grey, false},
    {"local-jet", "macaw", "macaw", 448, local_jet, false},
    {"warp-grey", "samoyed", "samoyed", 320, global_grey, false},
    {"warp-jet", "hotdog", "hotdog", 320, global_jet, false},
    {"zoom", "coffee", "coffee", 224, zoom, false},
    {"crossfade", "samoyed", "cat", 256, crossfade, false},
    {"local-colour", "chelsea", "chelsea", 320, local_colour, false},
    {"latent", "bird", "bird", 224, latent, false},
    {"heat-map", "bird", "bird", 224, heat_map, false},
    {"panel", "chelsea", "macaw", 224, local_colour, true},
    {"small-grey", "fashion", "digit7", 224, small_grey, false},
};

size_t sequence_count(void)
{
    return sizeof(kinds) / sizeof(kinds[0]);
}

const char *sequence_name(size_t i)
{
    return kinds[i].name;
}

static limn_status load(const char *photos, const char *name, int32_t side, struct image *out, limn_error *err)
{
    char path[4096];
    struct image im = {0};
    snprintf(path, sizeof(path), "%s/%s.png", photos, name);
    limn_status st = image_load(path, NULL, &im, err);
    if (st == LIMN_OK) {
        st = image_resize(&im, side, side, im.width < 64 ? RESIZE_NEAREST : RESIZE_BICUBIC, false, out, err);
    }
    image_finish(&im);
    return st;
}

limn_status sequence_open(size_t i, const char *photos, struct sequence *out, limn_error *err)
{
    out->kind = i;
    limn_status st = load(photos, kinds[i].a, kinds[i].side, &out->a, err);
    return st == LIMN_OK ? load(photos, kinds[i].b, kinds[i].side, &out->b, err) : st;
}

void sequence_close(struct sequence *s)
{
    image_finish(&s->a);
    image_finish(&s->b);
}

static void put_at(struct image *im, int32_t left, int32_t top, const struct image *part)
{
    for (int32_t y = 0; y < part->height; y++) {
        memcpy(im->rgb + 3 * ((size_t)(top + y) * (size_t)im->width + (size_t)left),
               part->rgb + 3 * (size_t)y * (size_t)part->width, 3 * (size_t)part->width);
    }
}

/* Photo and frame side by side on white, the number under them. */
static limn_status make_panel(const struct sequence *s, const struct image *frame, double t, struct image *out,
                              limn_error *err)
{
    char text[64];
    int32_t side = frame->width;
    limn_status st = image_init(out, 2 * side + 24, side + 48, err);
    if (st != LIMN_OK) {
        return st;
    }
    memset(out->rgb, 255, 3 * (size_t)out->width * (size_t)out->height);
    put_at(out, 8, 8, &s->a);
    put_at(out, 16 + side, 8, frame);
    snprintf(text, sizeof(text), "tabby %.3f", 1 / (1 + exp(8 * t - 4)));
    text_draw(out, 16 + side, side + 20, 2, (struct rgb){20, 20, 20}, text);
    text_draw(out, 8, side + 20, 2, (struct rgb){20, 20, 20}, "original");
    return LIMN_OK;
}

limn_status sequence_frame(const struct sequence *s, size_t frame, struct image *out, limn_error *err)
{
    const struct kind *k = &kinds[s->kind];
    double t = 0.5 - 0.5 * cos(PI * (double)frame / (SEQUENCE_FRAMES - 1));
    struct image im = {0};
    limn_status st = image_init(&im, k->side, k->side, err);
    for (int32_t y = 0; y < k->side && st == LIMN_OK; y++) {
        for (int32_t x = 0; x < k->side; x++) {
            double c[3];
            k->paint(s, (double)x / k->side, (double)y / k->side, t, c);
            for (size_t i = 0; i < 3; i++) {
                im.rgb[3 * ((size_t)y * (size_t)k->side + (size_t)x) + i] = to_byte(c[i]);
            }
        }
    }
    if (st == LIMN_OK && k->panel) {
        st = make_panel(s, &im, t, out, err);
        image_finish(&im);
    } else if (st == LIMN_OK) {
        *out = im;
    }
    return st;
}
