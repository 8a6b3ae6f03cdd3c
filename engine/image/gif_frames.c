/* One picture after the other becomes a rectangle of palette indices. A pixel may stay as it is shown when its error
 * does not exceed that of its nearest palette colour by more than T: shown^2 <= nearest^2 + T^2. What must change gives
 * the rectangle; inside it the indices that a pixel may take (nearest, near enough, transparent) are left to
 * gif_choose. */
#include "image/gif_priv.h"

#include <string.h>

#include "base/mem.h"

struct gif_coder {
    int32_t width, height;
    int32_t tolerance2, spread2;
    const struct gif_palette *palette;
    int transparent; /* of the picture at hand */
    bool started;
    uint8_t *shown, *index;
    struct wish { /* of one pixel of the picture */
        int32_t nearest2;
        uint8_t nearest;
        bool keep;
    } * wish;
    struct gif_choices *choices;
    struct gif_nearest nn;
    struct gif_chooser *chooser;
};

limn_status gif_coder_create(int32_t width, int32_t height, struct gif_coder **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t n = (size_t)width * (size_t)height;
    struct gif_coder *c = mem_zalloc(1, sizeof(*c));
    if (!c) {
        return err_nomem(err, sizeof(*c), "the GIF coder");
    }
    c->width = width;
    c->height = height;
    c->shown = mem_zalloc(n, 3);
    c->index = mem_alloc(n, 1);
    c->wish = mem_alloc(n, sizeof(*c->wish));
    c->choices = mem_alloc(n, sizeof(*c->choices));
    if (!c->shown || !c->index || !c->wish || !c->choices) {
        st = err_nomem(err, n * (4 + sizeof(*c->wish) + sizeof(*c->choices)), "a GIF frame");
        goto out;
    }
    TRY(gif_nearest_init(&c->nn, err));
    TRY(gif_chooser_create(&c->chooser, err));
    *out = c;
    return LIMN_OK;
out:
    gif_coder_destroy(&c);
    return st;
}

void gif_coder_destroy(struct gif_coder **c)
{
    if (*c) {
        mem_free((*c)->shown);
        mem_free((*c)->index);
        mem_free((*c)->wish);
        mem_free((*c)->choices);
        gif_nearest_finish(&(*c)->nn);
        gif_chooser_destroy(&(*c)->chooser);
        mem_free(*c);
        *c = NULL;
    }
}

void gif_coder_palette(struct gif_coder *c, const struct gif_palette *palette, double tolerance, double spread)
{
    c->palette = palette;
    c->tolerance2 = (int32_t)(tolerance * tolerance);
    c->spread2 = (int32_t)(spread * spread);
    gif_nearest_set(&c->nn, palette, c->spread2);
}

const uint8_t *gif_coder_shown(const struct gif_coder *c)
{
    return c->shown;
}

/* The nearest colour of every pixel, and whether it may stay. */
static void make_wishes(struct gif_coder *c, const uint8_t *rgb)
{
    size_t n = (size_t)c->width * (size_t)c->height;
    for (size_t i = 0; i < n; i++) {
        struct wish *w = &c->wish[i];
        if (i > 0 && memcmp(rgb + 3 * i, rgb + 3 * i - 3, 3) == 0) {
            *w = w[-1];
        } else {
            w->nearest = (uint8_t)gif_nearest_find(&c->nn, rgb + 3 * i, &w->nearest2);
        }
        w->keep = c->started && gif_distance(c->shown + 3 * i, rgb + 3 * i) <= w->nearest2 + c->tolerance2;
    }
}

static struct gif_rect changed_rect(const struct gif_coder *c)
{
    int32_t left = c->width, top = -1, right = -1, bottom = -1;
    for (int32_t y = 0; y < c->height; y++) {
        const struct wish *row = c->wish + (size_t)y * (size_t)c->width;
        int32_t first = 0, last = c->width - 1;
        while (first <= last && row[first].keep) {
            first++;
        }
        if (first > last) {
            continue;
        }
        while (row[last].keep) {
            last--;
        }
        top = top < 0 ? y : top;
        bottom = y;
        left = first < left ? first : left;
        right = last > right ? last : right;
    }
    return top < 0 ? (struct gif_rect){0} : (struct gif_rect){left, top, right - left + 1, bottom - top + 1};
}

static void allow(struct gif_choices *ch, int index, int32_t cost)
{
    for (int k = 0; k < ch->n; k++) {
        if (ch->index[k] == index) {
            return;
        }
    }
    if (ch->n < GIF_CHOICES) {
        ch->index[ch->n] = (uint8_t)index;
        ch->cost[ch->n++] = (uint16_t)(cost < 0 ? 0 : cost > 65535 ? 65535 : cost);
    }
}

/* A pixel that stays between two that stay: other colours for it would not lengthen a match. */
static bool amid_kept(const struct gif_coder *c, size_t i)
{
    return i > 0 && i + 1 < (size_t)c->width * (size_t)c->height && c->wish[i - 1].keep && c->wish[i].keep &&
           c->wish[i + 1].keep;
}

/* All indices that pixel i may get: what is shown, and what is at most S worse than the better of that and the nearest.
 */
static void list_choices(struct gif_coder *c, size_t i, const uint8_t *rgb, struct gif_choices *ch)
{
    const struct wish *w = &c->wish[i];
    int32_t shown2 = w->keep ? gif_distance(c->shown + 3 * i, rgb) : INT32_MAX;
    int32_t base = w->nearest2 < shown2 ? w->nearest2 : shown2;
    ch->n = 0;
    if (w->keep && c->transparent >= 0) {
        allow(ch, c->transparent, shown2 - base);
    }
    if (w->nearest != c->transparent && (ch->n == 0 || w->nearest2 <= base + c->spread2)) {
        allow(ch, w->nearest, w->nearest2 - base);
    }
    if (c->spread2 > 0 && !amid_kept(c, i)) {
        const uint8_t *list;
        int n = gif_nearest_list(&c->nn, rgb, &list);
        for (int k = 0; k < n; k++) {
            int32_t more = gif_distance(c->palette->rgb[list[k]], rgb) - base;
            if (more <= c->spread2 && list[k] != c->transparent) {
                allow(ch, list[k], more);
            }
        }
    }
}

/* The index that shows what is there. A palette of 256 has none to spare: one that no pixel needs that must change. */
static int find_transparent(const struct gif_coder *c)
{
    bool needed[256] = {false};
    if (!c->started || c->palette->n < 256) {
        return c->started ? c->palette->n : -1;
    }
    size_t n = (size_t)c->width * (size_t)c->height;
    for (size_t i = 0; i < n; i++) {
        needed[c->wish[i].nearest] |= !c->wish[i].keep;
    }
    for (int i = 255; i >= 0; i--) {
        if (!needed[i]) {
            return i;
        }
    }
    return -1;
}

static void show(struct gif_coder *c, struct gif_rect r)
{
    const uint8_t *index = c->index;
    for (int32_t y = 0; y < r.height; y++) {
        uint8_t *shown = c->shown + 3 * ((size_t)(r.top + y) * (size_t)c->width + (size_t)r.left);
        for (int32_t x = 0; x < r.width; x++, shown += 3, index++) {
            if (*index != c->transparent) {
                memcpy(shown, c->palette->rgb[*index], 3);
            }
        }
    }
}

struct gif_coded gif_coder_next(struct gif_coder *c, const uint8_t *rgb)
{
    make_wishes(c, rgb);
    struct gif_rect r = changed_rect(c);
    c->transparent = find_transparent(c);
    c->index[0] = c->transparent >= 0 ? (uint8_t)c->transparent : c->wish[0].nearest;
    size_t n = 0;
    for (int32_t y = 0; y < r.height; y++) {
        size_t i = (size_t)(r.top + y) * (size_t)c->width + (size_t)r.left;
        for (int32_t x = 0; x < r.width; x++, i++) {
            list_choices(c, i, rgb + 3 * i, &c->choices[n++]);
        }
    }
    gif_choose(c->chooser, c->choices, n, gif_bits(c->palette), c->index);
    show(c, r);
    c->started = true;
    return (struct gif_coded){r, c->index, c->transparent};
}
