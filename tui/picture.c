/* Pictures as cells. The picture is averaged over a lattice in each cell: 8 columns, and the bands between the edges
 * that eighths and thirds need. Prefix sums then give the sum under any glyph in a few additions. */
#include "picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS = 10 };
/* Edges of the bands in 24ths of a cell, and their inverse. */
static const uint8_t band_edge[BANDS + 1] = {0, 3, 6, 8, 9, 12, 15, 16, 18, 21, 24};
static const uint8_t edge_index[GLYPH_ROWS + 1] = {
    [0] = 0, [3] = 1, [6] = 2, [8] = 3, [9] = 4, [12] = 5, [15] = 6, [16] = 7, [18] = 8, [21] = 9, [24] = 10};

/* The mean over [a, b) of a row of n samples: by area, or linearly interpolated where the interval is below one sample.
 */
struct span {
    int32_t first, n;
    float head, body, tail; /* weights of the first, the middle and the last sample */
};

static struct span span_make(double a, double b, int32_t n)
{
    if (b - a < 1) {
        double c = (a + b) / 2 - 0.5;
        c = c < 0 ? 0 : c > n - 1 ? n - 1 : c;
        const int32_t i = (int32_t)c;
        const float t = (float)(c - i);
        return (struct span){i, i + 1 < n ? 2 : 1, i + 1 < n ? 1 - t : 1, 0, t};
    }
    a = a < 0 ? 0 : a > n - 1 ? n - 1 : a;
    b = b > n ? n : b < a + 1e-6 ? a + 1e-6 : b;
    const int32_t i = (int32_t)a, j = (int32_t)ceil(b);
    const double w = 1 / (b - a);
    if (j - i == 1) {
        return (struct span){i, 1, 1, 0, 0};
    }
    return (struct span){i, j - i, (float)((i + 1 - a) * w), (float)w, (float)((b - (j - 1)) * w)};
}

static float span_weight(const struct span *s, int32_t k)
{
    return k == 0 ? s->head : k == s->n - 1 ? s->tail : s->body;
}

struct sampler {
    const struct picture_source *src;
    int32_t columns; /* lattice columns */
    struct span *span;
    float *row[2]; /* source rows averaged along x */
    int32_t row_of[2];
    float *band; /* BANDS x columns x 3 */
};

static bool sampler_init(struct sampler *s, const struct picture_source *src, int32_t columns)
{
    *s = (struct sampler){.src = src, .columns = columns, .row_of = {-1, -1}};
    const size_t n = (size_t)s->columns * 3;
    s->span = malloc((size_t)s->columns * sizeof(*s->span));
    s->row[0] = malloc(n * sizeof(float));
    s->row[1] = malloc(n * sizeof(float));
    s->band = malloc(n * BANDS * sizeof(float));
    if (s->span == NULL || s->row[0] == NULL || s->row[1] == NULL || s->band == NULL) {
        return false;
    }
    for (int32_t i = 0; i < s->columns; i++) {
        s->span[i] = span_make(src->x + src->w * i / s->columns, src->x + src->w * (i + 1) / s->columns, src->width);
    }
    return true;
}

static void sampler_finish(struct sampler *s)
{
    free(s->span);
    free(s->row[0]);
    free(s->row[1]);
    free(s->band);
}

static const float *sampler_row(struct sampler *s, int32_t y)
{
    float *out = s->row[y & 1];
    if (s->row_of[y & 1] == y) {
        return out;
    }
    s->row_of[y & 1] = y;
    const uint8_t *in = s->src->rgb + (size_t)y * (size_t)s->src->width * 3;
    for (int32_t i = 0; i < s->columns; i++) {
        const struct span *sp = &s->span[i];
        float sum[3] = {0};
        for (int32_t k = 0; k < sp->n; k++) {
            const float w = span_weight(sp, k);
            const uint8_t *p = in + (size_t)(sp->first + k) * 3;
            sum[0] += w * p[0];
            sum[1] += w * p[1];
            sum[2] += w * p[2];
        }
        memcpy(out + (size_t)i * 3, sum, sizeof sum);
    }
    return out;
}

/* The bands of one row of cells, which covers [top, top + height) of the source. */
static void sampler_bands(struct sampler *s, double top, double height)
{
    const size_t n = (size_t)s->columns * 3;
    for (int b = 0; b < BANDS; b++) {
        float *out = s->band + (size_t)b * n;
        const struct span sp = span_make(top + height * band_edge[b] / GLYPH_ROWS,
                                         top + height * band_edge[b + 1] / GLYPH_ROWS, s->src->height);
        memset(out, 0, n * sizeof(float));
        for (int32_t k = 0; k < sp.n; k++) {
            const float w = span_weight(&sp, k);
            const float *row = sampler_row(s, sp.first + k);
            for (size_t i = 0; i < n; i++) {
                out[i] += w * row[i];
            }
        }
    }
}

/* Prefix sums of one cell: sum[y][x] is the integral over the first bands and columns, of a cell of area 1. */
struct cell_sums {
    float sum[BANDS + 1][GLYPH_COLUMNS + 1][3];
};

static void cell_sums(const struct sampler *s, int32_t cell, struct cell_sums *out)
{
    memset(out->sum[0], 0, sizeof out->sum[0]);
    for (int b = 0; b < BANDS; b++) {
        const float w = (float)(band_edge[b + 1] - band_edge[b]) / (GLYPH_ROWS * GLYPH_COLUMNS);
        const float *in = s->band + ((size_t)b * (size_t)s->columns + (size_t)cell * GLYPH_COLUMNS) * 3;
        float run[3] = {0};
        for (int k = 0; k < 3; k++) {
            out->sum[b + 1][0][k] = 0;
        }
        for (int x = 0; x < GLYPH_COLUMNS; x++) {
            for (int k = 0; k < 3; k++) {
                run[k] += w * in[x * 3 + k];
                out->sum[b + 1][x + 1][k] = out->sum[b][x + 1][k] + run[k];
            }
        }
    }
}

static void glyph_sum(const struct cell_sums *c, const struct glyph *g, float out[3])
{
    out[0] = out[1] = out[2] = 0;
    for (int32_t i = 0; i < g->n; i++) {
        const int y0 = edge_index[g->part[i].y0], y1 = edge_index[g->part[i].y1];
        const int x0 = g->part[i].x0, x1 = g->part[i].x1;
        for (int k = 0; k < 3; k++) {
            out[k] += c->sum[y1][x1][k] - c->sum[y0][x1][k] - c->sum[y1][x0][k] + c->sum[y0][x0][k];
        }
    }
}

static uint32_t pack(const float c[3])
{
    uint32_t out = 0;
    for (int k = 0; k < 3; k++) {
        const float v = c[k] < 0 ? 0 : c[k] > 255 ? 255 : c[k];
        out = out << 8 | (uint32_t)(v + 0.5f);
    }
    return out;
}

/* Squared error of one part of `area` with sum `s`, less its own energy; the colour that is shown goes to *shown. */
static float part_error(const float s[3], float area, enum picture_colours colours, float shown[3])
{
    float e = 0;
    if (colours == PICTURE_TRUE) { /* rounding to 8 bits is the same for all */
        for (int k = 0; k < 3; k++) {
            shown[k] = s[k] / area;
            e -= s[k] * shown[k];
        }
        return e;
    }
    const float mean[3] = {s[0] / area, s[1] / area, s[2] / area};
    e = palette_best(colours, mean, shown) - palette_energy(mean);
    return area * e;
}

/* Means of the cell's eighths: about what the eye resolves. */
static void cell_eighths(const struct cell_sums *c, float out[8][3])
{
    static const uint8_t row[5] = {0, 6, 12, 18, 24};
    const int w = GLYPH_COLUMNS / 2;
    for (int i = 0; i < 8; i++) {
        const int y0 = edge_index[row[i / 2]], y1 = edge_index[row[i / 2 + 1]], x0 = i % 2 * w, x1 = x0 + w;
        for (int k = 0; k < 3; k++) {
            out[i][k] = 8 * (c->sum[y1][x1][k] - c->sum[y0][x1][k] - c->sum[y1][x0][k] + c->sum[y0][x0][k]);
        }
    }
}

/* Squared error of the eighths when a glyph covers that much of each. */
static float eighths_error(float mean[8][3], const float cover[8], const float ink[3], const float rest[3],
                           enum picture_colours colours)
{
    float e = 0;
    for (int i = 0; i < 8; i++) {
        float d[3];
        for (int k = 0; k < 3; k++) {
            d[k] = rest[k] + cover[i] * (ink[k] - rest[k]) - mean[i][k];
        }
        e += colours == PICTURE_TRUE ? d[0] * d[0] + d[1] * d[1] + d[2] * d[2] : palette_energy(d);
    }
    return e / 8;
}

/* The best glyph, a solid cell among them: by the error of its parts, and by what is left of it when the eye has
 * averaged them. Looked at from afar that gains 0.2 to 0.4 dB, and loses 0.04 from near. */
static struct cell cell_best(const struct cell_sums *c, const struct glyph *glyph, size_t n,
                             enum picture_colours colours)
{
    static const float whole[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    const float *all = c->sum[BANDS][GLYPH_COLUMNS];
    float solid[3], ink[3], rest[3], mean[8][3];
    cell_eighths(c, mean);
    float best = part_error(all, 1, colours, solid);
    best += eighths_error(mean, whole, solid, solid, colours);
    struct cell out = {' ', COLOUR_DEFAULT, pack(solid), 0};
    for (size_t i = 0; i < n; i++) {
        float s[3], t[3];
        glyph_sum(c, &glyph[i], s);
        for (int k = 0; k < 3; k++) {
            t[k] = all[k] - s[k];
        }
        float e = part_error(s, glyph[i].ink, colours, ink);
        e += part_error(t, 1 - glyph[i].ink, colours, rest);
        e += eighths_error(mean, glyph[i].cover, ink, rest, colours);
        if (e < best - 1e-3f) { /* a tie keeps the simpler glyph: fewer bytes, no flicker between equals */
            best = e;
            out = (struct cell){glyph[i].ch, pack(ink), pack(rest), 0};
        }
    }
    if (out.fg == out.bg) {
        out.ch = ' ';
        out.fg = COLOUR_DEFAULT;
    }
    return out;
}

/* A character whose ink grows with the brightness, in the cell's hue. */
static struct cell cell_ascii(const struct cell_sums *c, struct picture_style style)
{
    static const char ramp[] = " .:-=+*#%@";
    const float *all = c->sum[BANDS][GLYPH_COLUMNS];
    const float luma = 0.299f * all[0] + 0.587f * all[1] + 0.114f * all[2];
    const float most = fmaxf(all[0], fmaxf(all[1], all[2]));
    const float value = style.colours == PICTURE_MONO ? luma : most;
    int i = (int)(value / 256 * (float)(sizeof ramp - 1));
    i = i < 0 ? 0 : i > (int)sizeof ramp - 2 ? (int)sizeof ramp - 2 : i;
    struct cell out = {(uint32_t)(unsigned char)ramp[style.light ? (int)sizeof ramp - 2 - i : i], COLOUR_DEFAULT,
                       COLOUR_DEFAULT, 0};
    if (style.colours != PICTURE_MONO && most > 1 && !style.light) {
        const float full[3] = {all[0] * 255 / most, all[1] * 255 / most, all[2] * 255 / most};
        float shown[3];
        palette_nearest(style.colours, full, shown);
        out.fg = pack(shown);
    }
    return out;
}

bool picture_cells(struct grid *g, struct rect where, const struct picture_source *src, struct picture_style style)
{
    struct glyph glyph[GLYPH_MAX];
    const size_t n = glyphs_list(style.glyphs, glyph);
    const bool ascii = style.glyphs == PICTURE_ASCII || style.colours == PICTURE_MONO;
    const struct rect seen = rect_clip(where, (struct rect){0, 0, g->width, g->height});
    struct sampler s;
    if (seen.w < 1 || seen.h < 1 || src->width < 1 || src->height < 1) {
        return true;
    }
    if (!sampler_init(&s, src, where.w * GLYPH_COLUMNS)) {
        sampler_finish(&s);
        return false;
    }
    for (int32_t y = seen.y; y < seen.y + seen.h; y++) {
        const double h = src->h / where.h;
        sampler_bands(&s, src->y + h * (y - where.y), h);
        for (int32_t x = seen.x; x < seen.x + seen.w; x++) {
            struct cell_sums sums;
            cell_sums(&s, x - where.x, &sums);
            *grid_at(g, x, y) = ascii ? cell_ascii(&sums, style) : cell_best(&sums, glyph, n, style.colours);
        }
    }
    sampler_finish(&s);
    return true;
}

bool picture_draw(struct grid *g, struct rect where, const struct picture_source *src, struct picture_style style)
{
    const struct rect seen = rect_clip(where, (struct rect){0, 0, g->width, g->height});
    const bool noted = seen.w > 0 && seen.h > 0 && src->width > 0 && src->height > 0 && grid_picture(g, where, src);
    return noted || picture_cells(g, where, src, style);
}

bool picture_pixels(const struct picture_source *src, int32_t w, int32_t h, uint8_t *out)
{
    struct sampler s;
    const bool fine = sampler_init(&s, src, w);
    float *sum = malloc((size_t)w * 3 * sizeof *sum);
    for (int32_t y = 0; fine && sum != NULL && y < h; y++) {
        const struct span sp = span_make(src->y + src->h * y / h, src->y + src->h * (y + 1) / h, src->height);
        memset(sum, 0, (size_t)w * 3 * sizeof *sum);
        for (int32_t k = 0; k < sp.n; k++) {
            const float weight = span_weight(&sp, k);
            const float *row = sampler_row(&s, sp.first + k);
            for (int32_t i = 0; i < 3 * w; i++) {
                sum[i] += weight * row[i];
            }
        }
        for (int32_t i = 0; i < 3 * w; i++) {
            *out++ = (uint8_t)(sum[i] < 0 ? 0 : sum[i] > 254.5f ? 255 : sum[i] + 0.5f);
        }
    }
    sampler_finish(&s);
    free(sum);
    return fine && sum != NULL;
}

struct rect picture_fit(int32_t width, int32_t height, struct rect area)
{
    /* width cells show width/2 times as many square pixels as one cell's height */
    double w = area.w, h = w * height / width / 2;
    if (h > area.h) {
        h = area.h;
        w = h * 2 * width / height;
    }
    struct rect r = {0, 0, (int32_t)(w + 0.5), (int32_t)(h + 0.5)};
    r.w = r.w < 1 ? 1 : r.w > area.w ? area.w : r.w;
    r.h = r.h < 1 ? 1 : r.h > area.h ? area.h : r.h;
    r.x = area.x + (area.w - r.w) / 2;
    r.y = area.y + (area.h - r.h) / 2;
    return r;
}
