/* Augmentation on the host. One inverse map from output to input pixels: shift of the crop, then rotation, scale and
 * translation about the centre, then the mirror. Without rotation, scale and translation pixels are copied, else they
 * are interpolated linearly; beyond the border is black. */
#include <math.h>

#include "base/rng.h"
#include "train/loader.h"

struct map {
    bool mirror, exact;
    int32_t dx, dy;      /* of the crop */
    double a, b, tx, ty; /* x' = cx + a (x - cx) + b (y - cy) - tx, y' = cy - b (x - cx) + a (y - cy) - ty */
    double gain, contrast;
};

limn_status augment_check(const struct augment *a, limn_error *err)
{
    const struct {
        const char *name;
        double value, most;
    } part[] = {{"crop", a->crop, 4096},   {"rotation", a->rotate, 180},     {"translation", a->translate, 1},
                {"scale", a->scale, 0.99}, {"brightness", a->brightness, 1}, {"contrast", a->contrast, 1}};
    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        if (!(part[i].value >= 0 && part[i].value <= part[i].most)) {
            return err_set(err, LIMN_ERR_ARG, "%s of %g (expected 0 to %g)", part[i].name, part[i].value, part[i].most);
        }
    }
    return LIMN_OK;
}

/* Number k of this sample, in [-1, 1) and in [0, 1). */
static double sym(uint64_t key, uint64_t k)
{
    return rng_symmetric(key, k);
}

static struct map choose(const struct augment *a, uint64_t key, int32_t height, int32_t width)
{
    double angle = a->rotate * sym(key, 3) * 3.141592653589793 / 180, scale = 1 + a->scale * sym(key, 4);
    struct map m = {.mirror = a->flip && rng_uniform(key, 0) < 0.5,
                    .exact = a->rotate == 0 && a->scale == 0 && a->translate == 0,
                    .dx = (int32_t)floor(rng_uniform(key, 1) * (2 * a->crop + 1)) - a->crop,
                    .dy = (int32_t)floor(rng_uniform(key, 2) * (2 * a->crop + 1)) - a->crop,
                    .a = cos(angle) / scale,
                    .b = sin(angle) / scale,
                    .tx = a->translate * sym(key, 5) * width,
                    .ty = a->translate * sym(key, 6) * height,
                    .gain = 1 + a->brightness * sym(key, 7),
                    .contrast = 1 + a->contrast * sym(key, 8)};
    return m;
}

static double pixel(const uint8_t *plane, int32_t height, int32_t width, int32_t y, int32_t x)
{
    return y >= 0 && y < height && x >= 0 && x < width ? plane[(size_t)y * (size_t)width + (size_t)x] : 0;
}

static double sample(const struct map *m, const uint8_t *plane, int32_t height, int32_t width, int32_t y, int32_t x)
{
    x += m->dx;
    y += m->dy;
    if (m->exact) {
        return pixel(plane, height, width, y, m->mirror ? width - 1 - x : x);
    }
    double cx = (width - 1) / 2.0, cy = (height - 1) / 2.0, rx = x - cx, ry = y - cy;
    double fx = cx + m->a * rx + m->b * ry - m->tx, fy = cy - m->b * rx + m->a * ry - m->ty;
    fx = m->mirror ? width - 1 - fx : fx;
    int32_t x0 = (int32_t)floor(fx), y0 = (int32_t)floor(fy);
    double u = fx - x0, v = fy - y0;
    double top = (1 - u) * pixel(plane, height, width, y0, x0) + u * pixel(plane, height, width, y0, x0 + 1);
    double low = (1 - u) * pixel(plane, height, width, y0 + 1, x0) + u * pixel(plane, height, width, y0 + 1, x0 + 1);
    return (1 - v) * top + v * low;
}

static bool is_plain(const struct augment *a)
{
    return !a->flip && a->crop == 0 && a->rotate == 0 && a->translate == 0 && a->scale == 0 && a->brightness == 0 &&
           a->contrast == 0;
}

void augment_sample(const struct augment *a, uint64_t key, const uint8_t *in, int32_t channels, int32_t height,
                    int32_t width, float *out)
{
    size_t plane = (size_t)height * (size_t)width, n = plane * (size_t)channels;
    if (is_plain(a)) {
        for (size_t i = 0; i < n; i++) {
            out[i] = (float)in[i] / 255.0f;
        }
        return;
    }
    struct map m = choose(a, key, height, width);
    for (int32_t c = 0; c < channels; c++) {
        for (int32_t y = 0; y < height; y++) {
            for (int32_t x = 0; x < width; x++) {
                double v = m.gain * sample(&m, in + (size_t)c * plane, height, width, y, x) / 255;
                v = 0.5 + m.contrast * (v - 0.5);
                out[(size_t)c * plane + (size_t)y * (size_t)width + (size_t)x] = (float)fmin(fmax(v, 0), 1);
            }
        }
    }
}
