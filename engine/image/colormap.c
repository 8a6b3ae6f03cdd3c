/* Colour maps. jet is the classic three-ramp formula (OpenCV and MATLAB agree on it); the perceptual maps interpolate
 * linearly between ten of their published colours. */
#include "image/image.h"

#include <math.h>
#include <string.h>

static double unit(double t)
{
    return t > 0.0 ? (t < 1.0 ? t : 1.0) : 0.0; /* NaN becomes 0 */
}

static uint8_t to_byte(double v)
{
    return (uint8_t)(255.0 * unit(v) + 0.5);
}

static void jet(double t, uint8_t rgb[3])
{
    t = unit(t);
    for (int c = 0; c < 3; c++) {
        rgb[c] = to_byte(1.5 - fabs(4.0 * t - (3 - c)));
    }
}

static void bwr(double t, uint8_t rgb[3])
{
    t = unit(t);
    double side = 1.0 - fabs(2.0 * t - 1.0);
    rgb[0] = to_byte(t < 0.5 ? side : 1.0);
    rgb[1] = to_byte(side);
    rgb[2] = to_byte(t < 0.5 ? 1.0 : side);
}

static void gray(double t, uint8_t rgb[3])
{
    rgb[0] = rgb[1] = rgb[2] = to_byte(t);
}

/* Ten colours 0xRRGGBB at t = 0, 1/9, ... 1. */
static void interpolate(const uint32_t anchor[10], double t, uint8_t rgb[3])
{
    double at = 9.0 * unit(t);
    int i = at >= 9.0 ? 8 : (int)at;
    for (int c = 0; c < 3; c++) {
        double a = anchor[i] >> (16 - 8 * c) & 255, b = anchor[i + 1] >> (16 - 8 * c) & 255;
        rgb[c] = (uint8_t)(a + (b - a) * (at - i) + 0.5);
    }
}

static void viridis(double t, uint8_t rgb[3])
{
    static const uint32_t anchor[10] = {0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e,
                                        0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725};
    interpolate(anchor, t, rgb);
}

static void magma(double t, uint8_t rgb[3])
{
    static const uint32_t anchor[10] = {0x000004, 0x180f3d, 0x440f76, 0x721f81, 0x9e2f7f,
                                        0xcd4071, 0xf1605d, 0xfd9668, 0xfeca8d, 0xfcfdbf};
    interpolate(anchor, t, rgb);
}

static void inferno(double t, uint8_t rgb[3])
{
    static const uint32_t anchor[10] = {0x000004, 0x1b0c41, 0x4a0c6b, 0x781c6d, 0xa52c60,
                                        0xcf4446, 0xed6925, 0xfb9b06, 0xf7d13d, 0xfcffa4};
    interpolate(anchor, t, rgb);
}

static const struct colormap table[] = {
    {"jet", "blue, cyan, yellow, red: what Grad-CAM papers show", false, jet},
    {"viridis", "purple to yellow, perceptually uniform, safe for colour-blind readers", false, viridis},
    {"magma", "black through magenta to cream, perceptually uniform", false, magma},
    {"inferno", "black through red to yellow, perceptually uniform", false, inferno},
    {"gray", "black to white", false, gray},
    {"bwr", "blue, white, red: for signed maps, white is zero", true, bwr},
};

size_t colormap_count(void)
{
    return sizeof(table) / sizeof(table[0]);
}

const struct colormap *colormap_at(size_t i)
{
    return &table[i];
}

const struct colormap *colormap_find(const char *name)
{
    for (size_t i = 0; i < colormap_count(); i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}
