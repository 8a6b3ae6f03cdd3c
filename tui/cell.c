/* Grids of cells and text in them. */
#include "cell.h"

#include <limn/limn.h>
#include <stdlib.h>
#include <string.h>

bool grid_init(struct grid *g, int32_t width, int32_t height)
{
    *g = (struct grid){.width = width, .height = height};
    if (width < 1 || height < 1 || width > 10000 || height > 10000) {
        g->width = g->height = 0;
        return false;
    }
    g->cell = calloc((size_t)width * (size_t)height, sizeof(*g->cell));
    if (g->cell == NULL) {
        g->width = g->height = 0;
        return false;
    }
    grid_fill(g, (struct rect){0, 0, width, height}, ' ', STYLE_PLAIN);
    return true;
}

void grid_finish(struct grid *g)
{
    free(g->cell);
    *g = (struct grid){0};
}

struct rect rect_clip(struct rect a, struct rect b)
{
    const int32_t x0 = a.x > b.x ? a.x : b.x, y0 = a.y > b.y ? a.y : b.y;
    const int32_t ax = a.x + a.w, bx = b.x + b.w, ay = a.y + a.h, by = b.y + b.h;
    const int32_t x1 = ax < bx ? ax : bx, y1 = ay < by ? ay : by;
    return x1 > x0 && y1 > y0 ? (struct rect){x0, y0, x1 - x0, y1 - y0} : (struct rect){x0, y0, 0, 0};
}

struct cell *grid_at(const struct grid *g, int32_t x, int32_t y)
{
    return x >= 0 && y >= 0 && x < g->width && y < g->height ? &g->cell[(size_t)y * (size_t)g->width + (size_t)x]
                                                             : NULL;
}

void grid_fill(struct grid *g, struct rect r, uint32_t ch, struct style s)
{
    r = rect_clip(r, (struct rect){0, 0, g->width, g->height});
    for (int32_t y = r.y; y < r.y + r.h; y++) {
        for (int32_t x = r.x; x < r.x + r.w; x++) {
            *grid_at(g, x, y) = (struct cell){ch, s.fg, s.bg, s.attr};
        }
    }
}

void grid_clear(struct grid *g)
{
    g->n_pictures = 0;
    grid_fill(g, (struct rect){0, 0, g->width, g->height}, ' ', STYLE_PLAIN);
}

bool grid_picture(struct grid *g, struct rect where, const struct picture_source *source)
{
    const int32_t i = g->n_pictures;
    if (!g->areas || i == GRID_PICTURES) {
        return false;
    }
    g->n_pictures++;
    g->picture[i].where = where;
    g->picture[i].source = *source;
    grid_fill(g, where, ' ', (struct style){COLOUR_DEFAULT, COLOUR_DEFAULT, CELL_PICTURE | (uint32_t)i << 8});
    return true;
}

uint32_t utf8_next(const char **s)
{
    const unsigned char *p = (const unsigned char *)*s;
    if (p[0] == 0) {
        return 0;
    }
    const int n = p[0] < 0x80             ? 1
                  : (p[0] & 0xe0) == 0xc0 ? 2
                  : (p[0] & 0xf0) == 0xe0 ? 3
                  : (p[0] & 0xf8) == 0xf0 ? 4
                                          : 0;
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t ch = n == 1 ? p[0] : n == 0 ? 0 : p[0] & (0xffu >> (n + 1));
    for (int i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *s += 1;
            return 0xfffd;
        }
        ch = ch << 6 | (p[i] & 0x3f);
    }
    if (n == 0 || ch < least[n] || ch > 0x10ffff || (ch >= 0xd800 && ch < 0xe000)) {
        *s += 1;
        return 0xfffd;
    }
    *s += n;
    return ch;
}

int32_t utf8_put(uint32_t ch, char out[5])
{
    int32_t n = ch < 0x80 ? 1 : ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;
    static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (int32_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (ch & 0x3f));
        ch >>= 6;
    }
    out[0] = (char)(lead[n] | ch);
    out[n] = '\0';
    return n;
}

int32_t ch_width(uint32_t ch)
{
    static const struct {
        uint32_t first, last;
        int32_t width;
    } range[] = {{0x300, 0x36f, 0},     {0x483, 0x489, 0},     {0x591, 0x5bd, 0},    {0x610, 0x61a, 0},
                 {0x64b, 0x65f, 0},     {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0},  {0x1dc0, 0x1dff, 0},
                 {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},   {0x2e80, 0x303e, 2},  {0x3041, 0xa4cf, 2},
                 {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},  {0xfe20, 0xfe2f, 0},
                 {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},  {0x1f300, 0x1f64f, 2},
                 {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof range / sizeof range[0]; i++) {
        if (ch >= range[i].first && ch <= range[i].last) {
            return range[i].width;
        }
    }
    return 1;
}

int32_t grid_text(struct grid *g, struct rect clip, int32_t x, int32_t y, struct style s, const char *text)
{
    char safe[1024];
    clip = rect_clip(clip, (struct rect){0, 0, g->width, g->height});
    const char *p = limn_text_escape(safe, sizeof safe, text);
    for (uint32_t ch; (ch = utf8_next(&p)) != 0;) {
        const int32_t w = ch_width(ch);
        if (w == 0) {
            continue; /* marks without a base have no cell of their own */
        }
        if (y >= clip.y && y < clip.y + clip.h && x >= clip.x && x + w <= clip.x + clip.w) {
            *grid_at(g, x, y) = (struct cell){ch, s.fg, s.bg, s.attr};
            if (w == 2) {
                *grid_at(g, x + 1, y) = (struct cell){0, s.fg, s.bg, s.attr};
            }
        }
        x += w;
    }
    return x;
}
