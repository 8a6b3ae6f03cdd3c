/* One picture after the other becomes a rectangle of palette indices. A pixel may stay as it is shown when its error
 * does not exceed that of its nearest palette colour by more than T: shown^2 <= nearest^2 + T^2. What must change gives
 * the rectangle; inside it the indices that a pixel may take (nearest, near enough, transparent) are left to
 * gif_choose. */
#include "image/gif_priv.h"

#include <string.h>

#include "base/mem.h"

struct gif_coder {
    struct gif_coder_params p;
    int32_t tolerance2, spread2;
    const struct gif_palette *palette;
    int transparent, bits;
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

limn_status gif_coder_create(const struct gif_coder_params *p, struct gif_coder **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t n = (size_t)p->width * (size_t)p->height;
    struct gif_coder *c = mem_zalloc(1, sizeof(*c));
    if (!c) {
        return err_nomem(err, sizeof(*c), "the GIF coder");
    }
    c->p = *p;
    c->tolerance2 = (int32_t)(p->tolerance * p->tolerance);
    c->spread2 = (int32_t)(p->spread * p->spread);
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

void gif_coder_palette(struct gif_coder *c, const struct gif_palette *palette, int transparent, int bits)
{
    c->palette = palette;
    c->transparent = transparent;
    c->bits = bits;
    gif_nearest_set(&c->nn, palette, c->spread2);
}

const uint8_t *gif_coder_shown(const struct gif_coder *c)
{
    return c->shown;
}

/* The nearest colour of every pixel, and whether it may stay. */
static void make_wishes(struct gif_coder *c, const uint8_t *rgb)
{
    size_t n = (size_t)c->p.width * (size_t)c->p.height;
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
    int32_t left = c->p.width, top = -1, right = -1, bottom = -1;
    for (int32_t y = 0; y < c->p.height; y++) {
        const struct wish *row = c->wish + (size_t)y * (size_t)c->p.width;
        int32_t first = 0, last = c->p.width - 1;
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

/* All indices that pixel i may get. */
static void list_choices(struct gif_coder *c, size_t i, const uint8_t *rgb, struct gif_choices *ch)
{
    const struct wish *w = &c->wish[i];
    ch->n = 0;
    if (w->keep && c->transparent >= 0) {
        allow(ch, c->transparent, gif_distance(c->shown + 3 * i, rgb) - w->nearest2);
    }
    allow(ch, w->nearest, 0);
    if (c->spread2 > 0) {
        const uint8_t *list;
        int n = gif_nearest_list(&c->nn, rgb, &list);
        for (int k = 0; k < n; k++) {
            int32_t more = gif_distance(c->palette->rgb[list[k]], rgb) - w->nearest2;
            if (more <= c->spread2) {
                allow(ch, list[k], more);
            }
        }
    }
}

void gif_coder_next(struct gif_coder *c, const uint8_t *rgb, struct gif_rect *rect, const uint8_t **index)
{
    make_wishes(c, rgb);
    struct gif_rect r = changed_rect(c);
    c->started = true;
    *rect = r;
    *index = c->index;
    size_t n = 0;
    c->index[0] = c->transparent >= 0 ? (uint8_t)c->transparent : c->wish[0].nearest;
    for (int32_t y = 0; y < r.height; y++) {
        size_t i = (size_t)(r.top + y) * (size_t)c->p.width + (size_t)r.left;
        for (int32_t x = 0; x < r.width; x++, i++) {
            list_choices(c, i, rgb + 3 * i, &c->choices[n++]);
        }
    }
    gif_choose(c->chooser, c->choices, n, c->bits, c->index);
    n = 0;
    for (int32_t y = 0; y < r.height; y++) {
        uint8_t *shown = c->shown + 3 * ((size_t)(r.top + y) * (size_t)c->p.width + (size_t)r.left);
        for (int32_t x = 0; x < r.width; x++, shown += 3, n++) {
            if (c->index[n] != c->transparent) {
                memcpy(shown, c->palette->rgb[c->index[n]], 3);
            }
        }
    }
}
