/* Palettes of terminals: xterm's 6x6x6 cube with 24 greys, and its 16 and 8 colours. Themes redefine the latter, so
 * that pictures at 16 colours are a rough likeness by nature. */
#include "picture.h"

#include <string.h>

static const uint8_t level[6] = {0, 95, 135, 175, 215, 255};
static const uint32_t sixteen[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
                                     0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};

#define BRIGHTNESS 0.75f /* a quarter of the three channels' own weight */

static float distance(const float a[3], const float b[3])
{
    const float r = a[0] - b[0], g = a[1] - b[1], bl = a[2] - b[2];
    return r * r + g * g + bl * bl;
}

static void unpack(uint32_t rgb, float out[3])
{
    out[0] = (float)(rgb >> 16 & 255);
    out[1] = (float)(rgb >> 8 & 255);
    out[2] = (float)(rgb & 255);
}

static int32_t clamp(int32_t v, int32_t lo, int32_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static int32_t nearest_level(float v)
{
    const int32_t i = v < 47.5f ? 0 : clamp((int32_t)((v - 35) / 40 + 0.0f), 1, 5);
    const int32_t next = i < 5 ? i + 1 : i;
    return v - (float)level[i] > (float)level[next] - v ? next : i;
}

/* The cube's channels are independent, and the nearest grey lies at the mean: exact in constant time. */
static int32_t nearest_256(const float rgb[3], float shown[3])
{
    float cube[3], grey[3];
    int32_t index = 16;
    for (int k = 0; k < 3; k++) {
        const int32_t l = nearest_level(rgb[k]);
        cube[k] = (float)level[l];
        index += l * (k == 0 ? 36 : k == 1 ? 6 : 1);
    }
    const int32_t g = clamp((int32_t)(((rgb[0] + rgb[1] + rgb[2]) / 3 - 8) / 10 + 0.5f), 0, 23);
    grey[0] = grey[1] = grey[2] = (float)(8 + 10 * g);
    const bool is_grey = distance(rgb, grey) < distance(rgb, cube);
    for (int k = 0; k < 3; k++) {
        shown[k] = is_grey ? grey[k] : cube[k];
    }
    return is_grey ? 232 + g : index;
}

/* The first of the 16, 8 or 2 colours with the least distance, which goes to *least. */
static int32_t nearest_few(enum picture_colours colours, const float rgb[3],
                           float (*far)(const float a[3], const float b[3]), float shown[3], float *least)
{
    const int32_t n = colours == PICTURE_16 ? 16 : colours == PICTURE_8 ? 8 : 2;
    int32_t best = 0;
    *least = 1e30f;
    for (int32_t i = 0; i < n; i++) {
        float c[3];
        unpack(palette_rgb(colours, i), c);
        const float d = far(rgb, c);
        if (d < *least) {
            *least = d;
            best = i;
            memcpy(shown, c, sizeof c);
        }
    }
    return best;
}

int32_t palette_nearest(enum picture_colours colours, const float rgb[3], float shown[3])
{
    if (colours == PICTURE_256) {
        return nearest_256(rgb, shown);
    }
    if (colours == PICTURE_TRUE) {
        for (int k = 0; k < 3; k++) {
            shown[k] = (float)clamp((int32_t)(rgb[k] + 0.5f), 0, 255);
        }
        return -1;
    }
    float least;
    return nearest_few(colours, rgb, distance, shown, &least);
}

static float luma(const float rgb[3])
{
    return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
}

float palette_energy(const float rgb[3])
{
    const float y = luma(rgb);
    return rgb[0] * rgb[0] + rgb[1] * rgb[1] + rgb[2] * rgb[2] + BRIGHTNESS * y * y;
}

static float weighted(const float a[3], const float b[3])
{
    const float d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
    return palette_energy(d);
}

/* Of the eight colours of the cube around it, and the nearest grey (the sum's minimum over greys is a parabola's). */
static float best_256(const float rgb[3], float shown[3])
{
    float side[3][2];
    for (int k = 0; k < 3; k++) {
        int32_t l = 0;
        while (l < 4 && (float)level[l + 1] <= rgb[k]) {
            l++;
        }
        side[k][0] = (float)level[l];
        side[k][1] = (float)level[l + 1];
    }
    const float mean = (rgb[0] + rgb[1] + rgb[2] + BRIGHTNESS * luma(rgb)) / (3 + BRIGHTNESS);
    const float g = (float)(8 + 10 * clamp((int32_t)((mean - 8) / 10 + 0.5f), 0, 23)), grey[3] = {g, g, g};
    float least = weighted(rgb, grey);
    int best = 8;
    for (int i = 0; i < 8; i++) {
        const float c[3] = {side[0][i & 1], side[1][i >> 1 & 1], side[2][i >> 2]};
        const float d = weighted(rgb, c);
        best = d < least ? i : best;
        least = d < least ? d : least;
    }
    for (int k = 0; k < 3; k++) {
        shown[k] = best == 8 ? g : side[k][best >> k & 1];
    }
    return least;
}

float palette_best(enum picture_colours colours, const float rgb[3], float shown[3])
{
    if (colours == PICTURE_256) {
        return best_256(rgb, shown);
    }
    if (colours == PICTURE_TRUE) {
        palette_nearest(colours, rgb, shown);
        return weighted(rgb, shown);
    }
    float least;
    nearest_few(colours, rgb, weighted, shown, &least);
    return least;
}

uint32_t palette_rgb(enum picture_colours colours, int32_t index)
{
    if (colours == PICTURE_MONO) {
        return index == 0 ? 0 : 0xffffff;
    }
    if (index < 16) {
        return sixteen[clamp(index, 0, 15)];
    }
    if (index >= 232) {
        const uint32_t v = (uint32_t)(8 + 10 * clamp(index - 232, 0, 23));
        return v << 16 | v << 8 | v;
    }
    const int32_t i = index - 16;
    return (uint32_t)level[i / 36] << 16 | (uint32_t)level[i / 6 % 6] << 8 | level[i % 6];
}
