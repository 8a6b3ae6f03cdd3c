/* Pictures beside cells: see graphics.h. */
#include "graphics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kitty.h"
#include "picture.h"
#include "sixel.h"

enum { TILE = 800, PIXELS_MAX = 1 << 25, TMUX_MAX = 1000000, KITTY_MAX = 2048 }; /* xterm shows at most 1000 x 1000 */

void graphics_init(struct graphics *gr, const struct caps *caps, const char *home)
{
    *gr = (struct graphics){.home = home, .first_id = GRAPHICS_ID};
    graphics_change(gr, caps);
}

void graphics_change(struct graphics *gr, const struct caps *caps)
{
    graphics_forget(gr);
    gr->kind = caps->graphics;
    gr->inside = caps->inside;
    const bool sized = caps->cell_width > 0 && caps->cell_height > 0;
    gr->cell_width = sized ? caps->cell_width : 10; /* a VT340's */
    gr->cell_height = sized ? caps->cell_height : 20;
}

static void slot_forget(struct graphics_slot *s)
{
    free(s->pixels);
    limn_palette_free(&s->palette);
    *s = (struct graphics_slot){0};
}

void graphics_forget(struct graphics *gr)
{
    for (int i = 0; i < GRID_PICTURES; i++) {
        slot_forget(&gr->slot[i]);
    }
    if (gr->present != NULL) {
        memset(gr->present, 0, (size_t)gr->width * (size_t)gr->height);
    }
}

void graphics_finish(struct graphics *gr)
{
    graphics_forget(gr);
    free(gr->present);
    *gr = (struct graphics){0};
}

void graphics_moving(struct graphics *gr, bool moving)
{
    gr->moving = moving;
    gr->level = moving ? gr->level : 0;
}

void graphics_end(const struct graphics *gr, struct bytes *out)
{
    bytes_text(out, gr->kind != GRAPHICS_NONE ? "\033\\" : ""); /* a frame may have been broken off */
    for (uint32_t i = 0; gr->kind == GRAPHICS_KITTY && i < GRID_PICTURES; i++) {
        kitty_delete(out, gr->first_id + i);
    }
}

/* ---- places ---- */

/* Keeps the cursor, and moves it to a cell of the grid. */
static void go(const struct graphics *gr, int32_t x, int32_t y, struct bytes *out)
{
    bytes_printf(out, "\0337%s", gr->home);
    if (y > 0) {
        bytes_printf(out, "\033[%dB", (int)y);
    }
    if (x > 0) {
        bytes_printf(out, "\033[%dC", (int)x);
    }
}

static void back(struct bytes *out)
{
    bytes_text(out, "\0338");
}

static bool shows(const struct grid *g, int32_t x, int32_t y, int32_t picture)
{
    const struct cell *c = grid_at(g, x, y);
    return c != NULL && (c->attr & CELL_PICTURE) && CELL_PICTURE_OF(c->attr) == picture;
}

/* The next rectangle of marked cells in a map of w x h, at most `most` in each direction; it loses its marks. */
static bool next_part(uint8_t *mark, int32_t w, int32_t h, struct rect most, struct rect *out)
{
    const uint8_t *first = memchr(mark, 1, (size_t)w * (size_t)h);
    if (first == NULL) {
        return false;
    }
    const int32_t at = (int32_t)(first - mark);
    struct rect r = {at % w, at / w, 1, 1};
    while (r.x + r.w < w && r.w < most.w && mark[r.y * w + r.x + r.w]) {
        r.w++;
    }
    while (r.y + r.h < h && r.h < most.h) {
        const uint8_t *row = mark + (size_t)(r.y + r.h) * (size_t)w + r.x;
        int32_t n = 0;
        while (n < r.w && row[n]) {
            n++;
        }
        if (n < r.w) {
            break;
        }
        r.h++;
    }
    for (int32_t y = 0; y < r.h; y++) {
        memset(mark + (size_t)(r.y + y) * (size_t)w + r.x, 0, (size_t)r.w);
    }
    *out = r;
    return true;
}

static uint64_t hash(uint64_t h, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ p[i]) * 0x100000001b3u;
    }
    return h;
}

/* ---- before ---- */

static bool fit(struct graphics *gr, const struct grid *wanted)
{
    if (gr->width == wanted->width && gr->height == wanted->height) {
        return true;
    }
    graphics_forget(gr);
    free(gr->present);
    gr->present = calloc((size_t)wanted->width * (size_t)wanted->height, 1);
    gr->width = gr->present != NULL ? wanted->width : 0;
    gr->height = gr->present != NULL ? wanted->height : 0;
    return gr->present != NULL;
}

/* Blanks over the pixels of cells that show something else now: the writer of cells believes that they are blank. */
static void erase(struct graphics *gr, const struct grid *wanted, struct bytes *out)
{
    static const char blank[64] = "                                                                ";
    for (int32_t y = 0; y < gr->height; y++) {
        for (int32_t x = 0; x < gr->width; x++) {
            uint8_t *present = gr->present + (size_t)y * (size_t)gr->width;
            int32_t n = 0;
            while (x + n < gr->width && n < 64 && present[x + n] && !(grid_at(wanted, x + n, y)->attr & CELL_PICTURE)) {
                present[x + n++] = 0;
            }
            if (n > 0) {
                go(gr, x, y, out);
                bytes_add(out, blank, (size_t)n);
                back(out);
                x += n - 1;
            }
        }
    }
}

bool graphics_before(struct graphics *gr, const struct grid *wanted, struct bytes *out)
{
    if (gr->kind == GRAPHICS_NONE) {
        return true;
    }
    if (!fit(gr, wanted)) {
        return false;
    }
    if (gr->kind == GRAPHICS_SIXEL) {
        erase(gr, wanted, out);
    }
    for (int32_t i = 0; i < GRID_PICTURES; i++) {
        struct graphics_slot *s = &gr->slot[i];
        const struct rect *r = &wanted->picture[i].where;
        const bool stays = i < wanted->n_pictures && s->known && memcmp(r, &s->where, sizeof *r) == 0;
        if (!stays && (gr->sent >> i & 1)) {
            kitty_delete(out, gr->first_id + (uint32_t)i);
            gr->sent &= ~(1u << i);
        }
        if (!stays) {
            slot_forget(s);
        }
    }
    return true;
}

/* ---- sixel ---- */

/* Whether the block of a cell is as it is shown, or near enough while it moves. */
static bool same_block(const struct graphics *gr, const struct graphics_slot *s, const uint8_t *rgb, int32_t x,
                       int32_t y)
{
    const size_t row = (size_t)s->w * 3, n = (size_t)gr->cell_width * 3;
    const size_t at = (size_t)y * (size_t)gr->cell_height * row + (size_t)x * n;
    const int32_t tolerance = gr->moving ? 4 + 2 * gr->level : 0;
    int64_t sum = 0;
    for (int32_t k = 0; k < gr->cell_height; k++) {
        const uint8_t *a = s->pixels + at + (size_t)k * row, *b = rgb + at + (size_t)k * row;
        if (memcmp(a, b, n) == 0) {
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
    }
    return sum <= (int64_t)tolerance * tolerance * gr->cell_height * (int64_t)n;
}

static void keep_block(const struct graphics *gr, struct graphics_slot *s, const uint8_t *rgb, int32_t x, int32_t y)
{
    const size_t row = (size_t)s->w * 3, n = (size_t)gr->cell_width * 3;
    const size_t at = (size_t)y * (size_t)gr->cell_height * row + (size_t)x * n;
    for (int32_t k = 0; k < gr->cell_height; k++) {
        memcpy(s->pixels + at + (size_t)k * row, rgb + at + (size_t)k * row, n);
    }
}

/* Marks the cells of picture i that must be sent. When most of their bounding box is, all of it. */
static void mark_changed(struct graphics *gr, const struct grid *g, int32_t i, const uint8_t *rgb, uint8_t *mark)
{
    struct graphics_slot *s = &gr->slot[i];
    const struct rect r = s->where;
    struct rect box = {r.w, r.h, -1, -1}; /* last ones in w and h */
    int32_t n = 0;
    bool whole = true;
    for (int32_t k = 0; k < r.w * r.h; k++) {
        const int32_t x = k % r.w, y = k / r.w;
        mark[k] = 0;
        if (!shows(g, r.x + x, r.y + y, i)) {
            continue;
        }
        const uint8_t present = gr->present[(size_t)(r.y + y) * (size_t)gr->width + (size_t)(r.x + x)];
        mark[k] = !s->known || present != i + 1 || !same_block(gr, s, rgb, x, y);
        n += mark[k];
        if (mark[k]) {
            box = (struct rect){x < box.x ? x : box.x, y < box.y ? y : box.y, x > box.w ? x : box.w,
                                y > box.h ? y : box.h};
        }
    }
    for (int32_t y = box.y; n > 0 && y <= box.h; y++) {
        for (int32_t x = box.x; x <= box.w; x++) {
            whole = whole && shows(g, r.x + x, r.y + y, i);
        }
    }
    for (int32_t y = box.y; n > 0 && whole && 2 * n >= (box.w - box.x + 1) * (box.h - box.y + 1) && y <= box.h; y++) {
        memset(mark + (size_t)y * (size_t)r.w + box.x, 1, (size_t)(box.w - box.x + 1));
    }
}

/* The indices of all pixels, in a palette that fits them: of still pictures their own, of moving ones that of an
 * earlier frame as long as it is hardly worse. */
static bool index_pixels(struct graphics *gr, struct graphics_slot *s, const uint8_t *rgb, uint8_t *index)
{
    const size_t n = (size_t)s->w * (size_t)s->h;
    const uint64_t h = hash(14695981039346656037u, rgb, 3 * n);
    if (s->palette != NULL && (gr->moving || h == s->hash) && s->level == gr->level) {
        if (limn_palette_index(s->palette, rgb, n, index) <= 1.25 * s->error + 1) {
            s->hash = h;
            return true;
        }
    }
    limn_palette_free(&s->palette);
    if (limn_palette_create(rgb, n, 256 >> gr->level, &s->palette, NULL) != LIMN_OK) {
        return false;
    }
    s->error = limn_palette_index(s->palette, rgb, n, index);
    s->level = gr->level;
    s->hash = h;
    return true;
}

/* One part of a picture, in cells; in pieces when it gets too long. */
static bool sixel_part(struct graphics *gr, int32_t i, struct rect part, const uint8_t *index, struct bytes *out)
{
    const struct graphics_slot *s = &gr->slot[i];
    uint8_t palette[256][3];
    const int32_t n = limn_palette_count(s->palette);
    for (int32_t k = 0; k < n; k++) {
        limn_palette_colour(s->palette, k, palette[k]);
    }
    int32_t rows = part.h;
    for (int32_t y = 0; y < part.h; y += rows) {
        rows = rows < part.h - y ? rows : part.h - y;
        const size_t before = out->n;
        const size_t at = (size_t)(part.y + y) * (size_t)gr->cell_height * (size_t)s->w;
        go(gr, s->where.x + part.x, s->where.y + part.y + y, out);
        const bool fine = sixel_write(out, index + at + (size_t)part.x * (size_t)gr->cell_width, s->w,
                                      part.w * gr->cell_width, rows * gr->cell_height, (const uint8_t(*)[3])palette, n);
        back(out);
        if (!fine) {
            return false;
        }
        if (gr->inside && out->n - before > TMUX_MAX && rows > 1) {
            out->n = before;
            rows = (rows + 1) / 2;
            y -= rows; /* again */
        }
    }
    return true;
}

static bool show_sixel(struct graphics *gr, const struct grid *g, int32_t i, const uint8_t *rgb, struct bytes *out)
{
    struct graphics_slot *s = &gr->slot[i];
    const struct rect r = s->where, most = {0, 0, TILE / gr->cell_width + 1, TILE / gr->cell_height + 1};
    const size_t n = (size_t)s->w * (size_t)s->h;
    uint8_t *mark = malloc((size_t)r.w * (size_t)r.h), *index = malloc(n);
    s->pixels = s->pixels != NULL ? s->pixels : malloc(3 * n);
    bool fine = mark != NULL && index != NULL && s->pixels != NULL;
    if (fine) {
        mark_changed(gr, g, i, rgb, mark);
    }
    if (fine && memchr(mark, 1, (size_t)r.w * (size_t)r.h) != NULL) {
        fine = index_pixels(gr, s, rgb, index);
        for (struct rect part; fine && next_part(mark, r.w, r.h, most, &part);) {
            fine = sixel_part(gr, i, part, index, out);
            for (int32_t k = 0; k < part.w * part.h; k++) {
                const int32_t x = part.x + k % part.w, y = part.y + k / part.w;
                keep_block(gr, s, rgb, x, y);
                gr->present[(size_t)(r.y + y) * (size_t)gr->width + (size_t)(r.x + x)] = (uint8_t)(i + 1);
            }
        }
    }
    s->known = fine;
    free(mark);
    free(index);
    return fine;
}

/* ---- kitty ---- */

static int32_t scaled(int32_t cells, int32_t at, int32_t pixels)
{
    return (int32_t)((int64_t)at * pixels / cells);
}

/* Places the parts of picture i that nothing covers. */
static bool place_parts(struct graphics *gr, const struct grid *g, int32_t i, bool again, struct bytes *out)
{
    struct graphics_slot *s = &gr->slot[i];
    const struct rect r = s->where, most = {0, 0, r.w, r.h};
    const uint32_t id = gr->first_id + (uint32_t)i;
    uint8_t *mark = malloc((size_t)r.w * (size_t)r.h);
    if (mark == NULL) {
        return false;
    }
    for (int32_t k = 0; k < r.w * r.h; k++) {
        mark[k] = shows(g, r.x + k % r.w, r.y + k / r.w, i);
    }
    const uint64_t parts = hash(14695981039346656037u, mark, (size_t)r.w * (size_t)r.h);
    if (again || parts != s->parts) {
        if (!again) {
            kitty_unplace(out, id);
        }
        struct rect p;
        for (int32_t n = 1; next_part(mark, r.w, r.h, most, &p); n++) {
            const int32_t x = scaled(r.w, p.x, s->w), y = scaled(r.h, p.y, s->h);
            const int32_t w = scaled(r.w, p.x + p.w, s->w) - x, h = scaled(r.h, p.y + p.h, s->h) - y;
            go(gr, r.x + p.x, r.y + p.y, out);
            kitty_place(out, id, n, (struct rect){x, y, w > 0 ? w : 1, h > 0 ? h : 1}, p.w, p.h);
            back(out);
        }
        s->parts = parts;
    }
    free(mark);
    return true;
}

static bool show_kitty(struct graphics *gr, const struct grid *g, int32_t i, const uint8_t *rgb, struct bytes *out)
{
    struct graphics_slot *s = &gr->slot[i];
    const uint64_t h = hash(14695981039346656037u, rgb, (size_t)s->w * (size_t)s->h * 3);
    const bool again = !s->known || h != s->hash;
    if (again && !kitty_send(out, gr->first_id + (uint32_t)i, rgb, s->w, s->h)) {
        return false;
    }
    s->hash = h;
    s->known = true;
    gr->sent |= 1u << i;
    return place_parts(gr, g, i, again, out);
}

/* ---- after ---- */

/* Pixels to send: as many as the cells have; for kitty, which stretches pictures itself, not more than there are. */
static void pixel_size(const struct graphics *gr, struct rect where, const struct picture_source *src, int32_t *w,
                       int32_t *h)
{
    *w = where.w * gr->cell_width;
    *h = where.h * gr->cell_height;
    if (gr->kind == GRAPHICS_KITTY) {
        const int32_t sw = (int32_t)ceil(src->w), sh = (int32_t)ceil(src->h);
        *w = (*w < sw ? *w : sw) >> gr->level;
        *h = (*h < sh ? *h : sh) >> gr->level;
        *w = *w < 1 ? 1 : *w > KITTY_MAX ? KITTY_MAX : *w;
        *h = *h < 1 ? 1 : *h > KITTY_MAX ? KITTY_MAX : *h;
    }
}

static bool any_shows(const struct grid *g, int32_t i)
{
    for (int32_t k = 0; k < g->width * g->height; k++) {
        if ((g->cell[k].attr & CELL_PICTURE) && CELL_PICTURE_OF(g->cell[k].attr) == i) {
            return true;
        }
    }
    return false;
}

static bool show_one(struct graphics *gr, const struct grid *g, int32_t i, struct bytes *out)
{
    struct graphics_slot *s = &gr->slot[i];
    const struct picture_source *src = &g->picture[i].source;
    const struct rect where = g->picture[i].where;
    int32_t w, h;
    pixel_size(gr, where, src, &w, &h);
    if ((int64_t)w * h > PIXELS_MAX || where.w < 1 || where.h < 1 || where.w > g->width || where.h > g->height) {
        return true; /* larger than any screen: left blank */
    }
    if (!s->known && !any_shows(g, i)) {
        return true;
    }
    if (s->w != w || s->h != h) {
        slot_forget(s);
    }
    s->where = where;
    s->w = w;
    s->h = h;
    uint8_t *rgb = malloc((size_t)w * (size_t)h * 3);
    const bool fine = rgb != NULL && picture_pixels(src, w, h, rgb) &&
                      (gr->kind == GRAPHICS_SIXEL ? show_sixel : show_kitty)(gr, g, i, rgb, out);
    free(rgb);
    return fine;
}

bool graphics_after(struct graphics *gr, const struct grid *wanted, struct bytes *out)
{
    const size_t before = out->n;
    bool fine = true;
    for (int32_t i = 0; fine && gr->kind != GRAPHICS_NONE && i < wanted->n_pictures; i++) {
        fine = show_one(gr, wanted, i, out);
    }
    if (gr->moving && out->n - before > GRAPHICS_BUDGET && gr->level < 2) {
        gr->level++;
    }
    return fine && !out->failed;
}
