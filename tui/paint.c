/* Painting with little: see paint.h. A glyph and its complement with the colours exchanged look the same, so of the two
 * the one that needs fewer new colours is written. */
#include "paint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN 0x02000000u /* a colour or character that nothing wanted equals */

static void add_glyph(struct paint *p, uint32_t ch, uint32_t other, const uint64_t ink[3])
{
    struct paint_glyph *g = &p->glyph[p->n_glyph++];
    g->ch = ch;
    g->other = other;
    memcpy(g->ink, ink, sizeof g->ink);
}

static int by_ch(const void *a, const void *b)
{
    const uint32_t x = ((const struct paint_glyph *)a)->ch, y = ((const struct paint_glyph *)b)->ch;
    return x < y ? -1 : x > y;
}

static void list_glyphs(struct paint *p)
{
    static const uint64_t none[3] = {0}, all[3] = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    struct glyph list[GLYPH_MAX];
    const size_t n = glyphs_list(PICTURE_SEXTANT, list);
    add_glyph(p, ' ', 0x2588, none);
    add_glyph(p, 0x2588, ' ', all);
    for (size_t i = 0; i < n; i++) {
        uint64_t ink[3] = {0};
        for (int32_t k = 0; k < list[i].n; k++) {
            for (int y = list[i].part[k].y0; y < list[i].part[k].y1; y++) {
                const uint64_t row = (1ull << list[i].part[k].x1) - (1ull << list[i].part[k].x0);
                ink[y / 8] |= row << (y % 8 * 8);
            }
        }
        const uint64_t rest[3] = {~ink[0], ~ink[1], ~ink[2]};
        add_glyph(p, list[i].ch, list[i].other, ink);
        if (list[i].other != 0) {
            add_glyph(p, list[i].other, list[i].ch, rest);
        }
    }
    qsort(p->glyph, p->n_glyph, sizeof p->glyph[0], by_ch);
}

static const struct paint_glyph *find_glyph(const struct paint *p, uint32_t ch)
{
    const struct paint_glyph key = {.ch = ch};
    return bsearch(&key, p->glyph, p->n_glyph, sizeof key, by_ch);
}

bool paint_init(struct paint *p, int32_t width, int32_t height, enum picture_colours colours, int32_t tolerance)
{
    *p = (struct paint){.colours = colours, .tolerance = tolerance, .fg = COLOUR_DEFAULT, .bg = COLOUR_DEFAULT};
    list_glyphs(p);
    if (!grid_init(&p->shown, width, height)) {
        return false;
    }
    paint_forget(p);
    return true;
}

void paint_finish(struct paint *p)
{
    grid_finish(&p->shown);
    grid_finish(&p->kept);
    bytes_finish(&p->out);
    *p = (struct paint){0};
}

void paint_forget(struct paint *p)
{
    const struct style unknown = {UNKNOWN, UNKNOWN, 0};
    grid_fill(&p->shown, (struct rect){0, 0, p->shown.width, p->shown.height}, UNKNOWN, unknown);
}

static void put_control(struct paint *p, int32_t n, char end)
{
    if (n == 1 && end != 'G') {
        bytes_printf(&p->out, "\033[%c", end);
    } else {
        bytes_printf(&p->out, "\033[%d%c", (int)n, end);
    }
}

void paint_move(struct paint *p, int32_t x, int32_t y)
{
    if (y != p->y) {
        put_control(p, y > p->y ? y - p->y : p->y - y, y > p->y ? 'B' : 'A');
    }
    if (x == 0 && p->x != 0) {
        bytes_add(&p->out, "\r", 1);
    } else if (x > p->x && x - p->x < 100 && p->x < p->shown.width) { /* past the edge the column is uncertain */
        put_control(p, x - p->x, 'C');
    } else if (x != p->x) {
        put_control(p, x + 1, 'G');
    }
    p->x = x;
    p->y = y;
}

static int32_t square(uint32_t a, uint32_t b)
{
    int32_t d = 0;
    for (int s = 0; s < 24; s += 8) {
        const int32_t e = (int32_t)(a >> s & 255) - (int32_t)(b >> s & 255);
        d += e * e;
    }
    return d;
}

static bool plain(uint32_t colour)
{
    return colour < COLOUR_DEFAULT;
}

static bool same(const struct cell *a, const struct cell *b)
{
    return a->ch == b->ch && a->bg == b->bg && ((a->attr ^ b->attr) & CELL_STYLE) == 0 &&
           (a->fg == b->fg || a->ch == ' ');
}

/* Squared difference of two picture cells over their area, times 192; -1 when they cannot be compared. */
static int64_t difference(const struct paint *p, const struct cell *a, const struct cell *b)
{
    const struct paint_glyph *ga = find_glyph(p, a->ch), *gb = find_glyph(p, b->ch);
    const bool known = ga != NULL && gb != NULL && plain(a->bg) && plain(b->bg) && a->attr == 0 && b->attr == 0 &&
                       (plain(a->fg) || a->ch == ' ') && (plain(b->fg) || b->ch == ' ');
    if (!known) {
        return -1;
    }
    int both = 0, only_a = 0, only_b = 0;
    for (int i = 0; i < 3; i++) {
        both += __builtin_popcountll(ga->ink[i] & gb->ink[i]);
        only_a += __builtin_popcountll(ga->ink[i] & ~gb->ink[i]);
        only_b += __builtin_popcountll(~ga->ink[i] & gb->ink[i]);
    }
    const int neither = GLYPH_COLUMNS * GLYPH_ROWS - both - only_a - only_b;
    return (int64_t)both * square(a->fg, b->fg) + (int64_t)only_a * square(a->fg, b->bg) +
           (int64_t)only_b * square(a->bg, b->fg) + (int64_t)neither * square(a->bg, b->bg);
}

static bool near(const struct paint *p, const struct cell *a, const struct cell *b)
{
    if (same(a, b)) {
        return true;
    }
    const int64_t d = p->tolerance > 0 ? difference(p, a, b) : -1;
    return d >= 0 && d <= (int64_t)p->tolerance * p->tolerance * 3 * GLYPH_COLUMNS * GLYPH_ROWS;
}

/* One colour as SGR parameters, with a ';' before it when some went ahead. */
static int sgr_colour(const struct paint *p, uint32_t colour, bool is_bg, char *out, size_t size)
{
    const int base = is_bg ? 40 : 30;
    if (!plain(colour)) {
        return snprintf(out, size, "%d", base + 9);
    }
    const float rgb[3] = {(float)(colour >> 16), (float)(colour >> 8 & 255), (float)(colour & 255)};
    float shown[3];
    const int32_t i = palette_nearest(p->colours, rgb, shown);
    if (p->colours == PICTURE_TRUE) {
        return snprintf(out, size, "%d;2;%u;%u;%u", base + 8, colour >> 16, colour >> 8 & 255, colour & 255);
    }
    if (p->colours == PICTURE_256) {
        return snprintf(out, size, "%d;5;%d", base + 8, (int)i);
    }
    return snprintf(out, size, "%d", (int)(i < 8 ? base + i : base + 60 + i - 8));
}

/* The sequence from the current attributes to those of a cell; "" when nothing changes. */
static int sgr(const struct paint *p, const struct cell *c, char out[96])
{
    int n = 0;
    const bool reset = c->attr != p->attr;
    const uint32_t fg = reset ? COLOUR_DEFAULT : p->fg, bg = reset ? COLOUR_DEFAULT : p->bg;
    if (reset) {
        n += snprintf(out + n, 96 - (size_t)n, "%s%s%s%s%s", n ? ";0" : "0", c->attr & CELL_BOLD ? ";1" : "",
                      c->attr & CELL_DIM ? ";2" : "", c->attr & CELL_UNDERLINE ? ";4" : "",
                      c->attr & CELL_REVERSE ? ";7" : "");
    }
    char colour[32];
    if (p->colours != PICTURE_MONO && c->fg != fg && c->ch != ' ') {
        sgr_colour(p, c->fg, false, colour, sizeof colour);
        n += snprintf(out + n, 96 - (size_t)n, "%s%s", n > 0 ? ";" : "", colour);
    }
    if (p->colours != PICTURE_MONO && c->bg != bg) {
        sgr_colour(p, c->bg, true, colour, sizeof colour);
        n += snprintf(out + n, 96 - (size_t)n, "%s%s", n > 0 ? ";" : "", colour);
    }
    return n;
}

/* Of the ways to write a picture's cell within the tolerance the shortest. */
static struct cell cheapest(const struct paint *p, const struct cell *want)
{
    struct cell best = *want;
    char text[96];
    int least = sgr(p, want, text);
    const struct paint_glyph *g = find_glyph(p, want->ch);
    if (least == 0 || g == NULL || want->attr != 0 || !plain(want->bg)) {
        return best;
    }
    for (int turn = 0; turn < 2; turn++) {
        struct cell c = *want;
        if (turn && (g->other == 0 || want->ch == ' ')) {
            break;
        }
        if (turn) {
            c = (struct cell){g->other, want->bg, want->fg, 0};
        }
        for (int keep = 0; keep < 4; keep++) {
            struct cell k = c;
            k.fg = keep & 1 ? p->fg : k.fg;
            k.bg = keep & 2 ? p->bg : k.bg;
            const int cost = (keep == 0 && turn) || near(p, &k, want) ? sgr(p, &k, text) : 1000;
            if (cost < least) {
                least = cost;
                best = k;
            }
        }
    }
    return best;
}

/* Characters that every terminal puts into one column. Of others (wide ones, emoji, marks of many scripts) each
 * terminal has its own opinion. */
static bool certain(uint32_t ch)
{
    static const uint32_t range[][2] = {{0x20, 0x7e},     {0xa0, 0xac},     {0xae, 0x2ff},     {0x370, 0x482},
                                        {0x48a, 0x52f},   {0x2010, 0x2027}, {0x2190, 0x21ff},  {0x2500, 0x25fc},
                                        {0x2713, 0x2717}, {0x2800, 0x28ff}, {0x1fb00, 0x1fbff}};
    for (size_t i = 0; i < sizeof range / sizeof range[0]; i++) {
        if (ch >= range[i][0] && ch <= range[i][1]) {
            return true;
        }
    }
    return false;
}

/* The character in the current style. After one of uncertain width the column is not known; what it may leave of its
 * two cells is blank. */
static void put_character(struct paint *p, int32_t x, uint32_t ch)
{
    char text[8];
    if (certain(ch)) {
        bytes_add(&p->out, text, (size_t)utf8_put(ch, text));
        p->x += 1;
        return;
    }
    if (ch_width(ch) == 2) {
        bytes_add(&p->out, "  ", 2);
        put_control(p, x + 1, 'G');
    }
    bytes_add(&p->out, text, (size_t)utf8_put(ch, text));
    p->x = p->shown.width; /* nowhere: the next cell is gone to by its number */
}

static void put_cell(struct paint *p, int32_t x, int32_t y, const struct cell *want)
{
    struct cell c = *want;
    c.attr &= CELL_STYLE;
    c = cheapest(p, &c);
    char text[96];
    if (p->x != x || p->y != y) {
        paint_move(p, x, y);
    }
    const int n = sgr(p, &c, text);
    if (n > 0) {
        bytes_add(&p->out, "\033[", 2);
        bytes_add(&p->out, text, (size_t)n);
        bytes_add(&p->out, "m", 1);
        p->fg = c.ch != ' ' ? c.fg : c.attr != p->attr ? COLOUR_DEFAULT : p->fg;
        p->bg = c.bg;
        p->attr = c.attr;
    }
    put_character(p, x, c.ch);
    struct cell *shown = grid_at(&p->shown, x, y);
    *shown = c;
    if (ch_width(c.ch) == 2 && x + 1 < p->shown.width) {
        shown[1] = *grid_at(&p->shown, x, y);
        shown[1].ch = 0;
    }
}

void paint_frame(struct paint *p, const struct grid *wanted)
{
    for (int32_t y = 0; y < wanted->height; y++) {
        for (int32_t x = 0; x < wanted->width; x++) {
            const struct cell *want = grid_at(wanted, x, y);
            if (want->ch != 0 && !near(p, grid_at(&p->shown, x, y), want)) {
                put_cell(p, x, y, want);
            }
        }
    }
    if (p->fg != COLOUR_DEFAULT || p->bg != COLOUR_DEFAULT || p->attr != 0) {
        bytes_add(&p->out, "\033[m", 3);
        p->fg = p->bg = COLOUR_DEFAULT;
        p->attr = 0;
    }
}

/* ---- within a budget ---- */

struct pen { /* what painting changes besides the grid */
    size_t n;
    int32_t x, y;
    uint32_t fg, bg, attr;
};

/* Paints again from where `from` was, and says how many bytes it took. */
static size_t again(struct paint *p, const struct pen *from, const struct grid *wanted, int32_t tolerance)
{
    const int32_t own = p->tolerance;
    memcpy(p->shown.cell, p->kept.cell, (size_t)p->shown.width * (size_t)p->shown.height * sizeof p->shown.cell[0]);
    p->out.n = from->n;
    p->x = from->x;
    p->y = from->y;
    p->fg = from->fg;
    p->bg = from->bg;
    p->attr = from->attr;
    p->tolerance = tolerance;
    paint_frame(p, wanted);
    p->tolerance = own;
    return p->out.n - from->n;
}

bool paint_moving(struct paint *p, const struct grid *wanted)
{
    static const double budget[] = {PAINT_LOCAL, PAINT_GLOBAL};
    const struct pen from = {p->out.n, p->x, p->y, p->fg, p->bg, p->attr};
    const double cells = (double)wanted->width * wanted->height;
    if (p->kept.cell == NULL && !grid_init(&p->kept, p->shown.width, p->shown.height)) {
        return false;
    }
    memcpy(p->kept.cell, p->shown.cell, (size_t)cells * sizeof p->shown.cell[0]);
    const int32_t own = p->tolerance;
    int32_t used = own;
    const size_t bytes = again(p, &from, wanted, own);
    for (int i = 0; i < 2 && (double)bytes > budget[i] * cells / 4800; i++) {
        if ((double)bytes <= 2.5 * budget[i] * cells / 4800) { /* twice the tolerance about halves them */
            used = 2 * own;
            if ((double)again(p, &from, wanted, used) <= budget[i] * cells / 4800) {
                return true;
            }
        }
    }
    if (used != own) {
        again(p, &from, wanted, own);
    }
    return true;
}
