/* Colour maps. jet is the classic three-ramp formula (OpenCV and MATLAB agree on it); the perceptual maps interpolate
 * linearly between every fifth of their 256 published colours, within one level of the whole table. */
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

#define ANCHORS 52

/* Colours 0xRRGGBB at t = 0, 1/51, ... 1. */
static void interpolate(const uint32_t anchor[ANCHORS], double t, uint8_t rgb[3])
{
    double at = (ANCHORS - 1) * unit(t);
    int i = at >= ANCHORS - 1 ? ANCHORS - 2 : (int)at;
    for (int c = 0; c < 3; c++) {
        double a = anchor[i] >> (16 - 8 * c) & 255, b = anchor[i + 1] >> (16 - 8 * c) & 255;
        rgb[c] = (uint8_t)(a + (b - a) * (at - i) + 0.5);
    }
}

static void viridis(double t, uint8_t rgb[3])
{
    static const uint32_t anchor[ANCHORS] = {
        0x440154, 0x46085c, 0x471063, 0x481769, 0x481d6f, 0x482475, 0x472a7a, 0x46307e, 0x453781, 0x433d84, 0x414287,
        0x3f4889, 0x3d4e8a, 0x3a538b, 0x38598c, 0x355e8d, 0x33638d, 0x31688e, 0x2e6d8e, 0x2c718e, 0x2a768e, 0x297b8e,
        0x27808e, 0x25848e, 0x23898e, 0x218e8d, 0x20928c, 0x1f978b, 0x1e9c89, 0x1fa188, 0x21a585, 0x24aa83, 0x28ae80,
        0x2eb37c, 0x35b779, 0x3dbc74, 0x46c06f, 0x50c46a, 0x5ac864, 0x65cb5e, 0x70cf57, 0x7cd250, 0x89d548, 0x95d840,
        0xa2da37, 0xb0dd2f, 0xbddf26, 0xcae11f, 0xd8e219, 0xe5e419, 0xf1e51d, 0xfde725,
    };
    interpolate(anchor, t, rgb);
}

static void magma(double t, uint8_t rgb[3])
{
    static const uint32_t anchor[ANCHORS] = {
        0x000004, 0x02020b, 0x050416, 0x090720, 0x0e0b2b, 0x140e36, 0x1a1042, 0x21114e, 0x29115a, 0x311165, 0x390f6e,
        0x420f75, 0x4a1079, 0x52137c, 0x5a167e, 0x621980, 0x6a1c81, 0x721f81, 0x792282, 0x812581, 0x892881, 0x912b81,
        0x992d80, 0xa1307e, 0xaa337d, 0xb2357b, 0xba3878, 0xc23b75, 0xca3e72, 0xd2426f, 0xd9466b, 0xe04c67, 0xe75263,
        0xec5860, 0xf1605d, 0xf4695c, 0xf7725c, 0xf97b5d, 0xfb8560, 0xfc8e64, 0xfd9869, 0xfea16e, 0xfeaa74, 0xfeb47b,
        0xfebd82, 0xfec68a, 0xfecf92, 0xfed89a, 0xfde2a3, 0xfdebac, 0xfcf4b6, 0xfcfdbf,
    };
    interpolate(anchor, t, rgb);
}

static void inferno(double t, uint8_t rgb[3])
{
    static const uint32_t anchor[ANCHORS] = {
        0x000004, 0x02020c, 0x050417, 0x0a0722, 0x10092d, 0x160b39, 0x1e0c45, 0x260c51, 0x2f0a5b, 0x380962, 0x400a67,
        0x490b6a, 0x510e6c, 0x59106e, 0x61136e, 0x69166e, 0x71196e, 0x781c6d, 0x801f6c, 0x88226a, 0x902568, 0x982766,
        0xa02a63, 0xa82e5f, 0xb0315b, 0xb73557, 0xbf3952, 0xc63d4d, 0xcc4248, 0xd34743, 0xd94d3d, 0xdf5337, 0xe45a31,
        0xe9612b, 0xed6925, 0xf1711f, 0xf47918, 0xf78212, 0xf98b0b, 0xfa9407, 0xfb9d07, 0xfca60c, 0xfcb014, 0xfbba1f,
        0xfac42a, 0xf8cd37, 0xf6d746, 0xf4e156, 0xf2ea69, 0xf2f27d, 0xf5f992, 0xfcffa4,
    };
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
