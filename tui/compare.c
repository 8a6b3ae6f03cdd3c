/* What is compared and how it is drawn: see compare.h. */
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer.h"

enum { OWN_COLOURS = -2 };

void compare_init(struct compare_state *c)
{
    memset(c, 0, sizeof *c);
    c->look = LOOK_ALL;
    c->motion.speed = 1;
    c->how = (struct compare_look){.opacity = -1, .mode = -1, .colormap = OWN_COLOURS};
}

static void free_item(struct compare_item *i)
{
    pin_free(&i->pin);
    results_free(&i->own);
    limn_image_destroy(&i->image);
    memset(i, 0, sizeof *i);
}

void compare_free(struct compare_state *c)
{
    for (size_t i = 0; i < COMPARE_MAX; i++) {
        free_item(&c->item[i]);
    }
    c->n = 0;
}

static bool is_map(const struct compare_state *c, size_t i)
{
    return i < c->n && c->item[i].pin.kind == RESULT_MAPS;
}

bool compare_maps(const struct compare_state *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (is_map(c, i)) {
            return true;
        }
    }
    return false;
}

/* Maps of one picture can be compared pixel by pixel. */
static bool same_source(const struct pin *a, const struct pin *b)
{
    return a->source != NULL && b->source != NULL && strcmp(a->source, b->source) == 0;
}

static void find_agreement(struct compare_state *c, size_t i)
{
    struct compare_item *first = &c->item[0], *x = &c->item[i];
    const struct limn_which only = {0};
    const struct map_look *l = &first->pin.look;
    const struct limn_drawing d = {.slice = l->of_slice ? &l->slice : NULL};
    x->agrees = i > 0 && is_map(c, 0) && is_map(c, i) && same_source(&first->pin, &x->pin) &&
                first->problem[0] == '\0' && x->problem[0] == '\0' &&
                limn_map_agreement(first->own.item[0].map->loaded, only, x->own.item[0].map->loaded, only, &d,
                                   &x->agreement, NULL) == LIMN_OK;
}

/* An item that shows this already moves over from `old`. */
static void set_item(struct compare_item *x, const struct pin *pin, struct compare_item *old)
{
    for (size_t i = 0; i < COMPARE_MAX; i++) {
        if (old[i].pin.path != NULL && pin_same(&old[i].pin, pin) && old[i].problem[0] == '\0') {
            *x = old[i];
            memset(&old[i], 0, sizeof old[i]);
            pin_free(&x->pin);
            if (!pin_copy(&x->pin, pin)) {
                snprintf(x->problem, sizeof x->problem, "out of memory");
            }
            return;
        }
    }
    memset(x, 0, sizeof *x);
    if (!pin_copy(&x->pin, pin) || !pin_load(&x->pin, &x->own)) {
        const char *why = x->own.n > 0 ? x->own.item[0].problem : NULL;
        snprintf(x->problem, sizeof x->problem, "%.290s", why != NULL ? why : "out of memory");
    }
}

static bool same_look(const struct map_look *a, const struct map_look *b)
{
    return a->view == b->view && a->colormap == b->colormap && a->opacity == b->opacity && a->of_slice == b->of_slice &&
           a->slice.axis == b->slice.axis && a->slice.index == b->slice.index;
}

void compare_set(struct compare_state *c, const struct pin *pin, size_t n, size_t all)
{
    struct compare_item old[COMPARE_MAX];
    bool same = c->n == n, alike = true;
    memcpy(old, c->item, sizeof old);
    memset(c->item, 0, sizeof c->item);
    c->n = n;
    c->all = all;
    for (size_t i = 0; i < n; i++) {
        same = same && old[i].pin.path != NULL && pin_same(&old[i].pin, &pin[i]);
        alike = alike && same_look(&old[i].pin.look, &pin[i].look);
        set_item(&c->item[i], &pin[i], old);
    }
    for (size_t i = 0; i < COMPARE_MAX; i++) {
        free_item(&old[i]);
    }
    c->at = c->at < n ? c->at : 0;
    c->stale = c->stale || !same || !alike;
    if (!same) { /* others than before */
        c->look = LOOK_ALL;
        motion_start(&c->motion, true);
        for (size_t i = 0; i < n; i++) {
            find_agreement(c, i);
        }
    }
}

/* ---- drawing ---- */

const struct limn_animation *compare_longest(const struct compare_state *c)
{
    const struct limn_animation *most = NULL;
    for (size_t i = 0; i < c->n; i++) {
        const struct limn_animation *s = c->item[i].own.n > 0 ? c->item[i].own.item[0].shown : NULL;
        most = s != NULL && s->n > 1 && (most == NULL || s->n > most->n) ? s : most;
    }
    return most;
}

/* Frame k of the longest in an animation of n. */
static size_t in_step(const struct compare_state *c, size_t k, size_t n)
{
    const struct limn_animation *most = compare_longest(c);
    if (most == NULL || n == 0) {
        return 0;
    }
    k = k < most->n ? k : 0;
    return most->n == n ? k : k * n / most->n;
}

static const struct limn_animation *animation_of(const struct compare_state *c, size_t item)
{
    return c->item[item].own.n > 0 ? c->item[item].own.item[0].shown : NULL;
}

size_t compare_frame(const struct compare_state *c, size_t item)
{
    const struct limn_animation *s = animation_of(c, item);
    return s != NULL ? in_step(c, c->motion.frame, s->n) : 0;
}

const limn_image *compare_image(const struct compare_state *c, size_t item)
{
    const struct compare_item *x = &c->item[item];
    if (x->image != NULL || x->pin.kind == RESULT_MAPS) {
        return x->image;
    }
    const struct limn_animation *s = animation_of(c, item);
    return s != NULL && s->n > 0 ? s->frame[compare_frame(c, item)] : NULL;
}

static struct map_look full_look(const struct compare_state *c, size_t item)
{
    struct limn_colormap_info map;
    struct map_look l = c->item[item].pin.look;
    const struct viewer_mode *mode = c->how.mode >= 0 ? viewer_mode((size_t)c->how.mode) : NULL;
    l.view = mode != NULL ? mode->view : l.view;
    l.opacity = c->how.opacity >= 0 ? c->how.opacity : l.opacity;
    if (c->how.colormap > OWN_COLOURS) {
        l.colormap = c->how.colormap >= 0 && limn_colormap_info((size_t)c->how.colormap, &map, NULL) == LIMN_OK
                         ? map.name
                         : NULL;
    }
    l.full = c->full;
    return l;
}

void compare_pin(const struct compare_state *c, size_t item, struct pin *p)
{
    *p = c->item[item].pin;
    p->look = full_look(c, item);
    p->look.full = p->kind == RESULT_MAPS ? c->full : c->how.difference ? c->item[item].most : 0;
    p->frame = compare_frame(c, item);
}

struct map_look compare_map_look(const struct compare_state *c, size_t item)
{
    struct map_look l = full_look(c, item);
    if (c->few) {
        l.view = viewer_mode_shown(l.view, true)->view;
        l.colormap = "gray";
    }
    return l;
}

static void draw_item(struct compare_state *c, size_t i)
{
    struct compare_item *x = &c->item[i];
    struct pin p = x->pin;
    const bool less = c->how.difference && i > 0;
    limn_image_destroy(&x->image);
    x->cannot[0] = '\0';
    if (x->problem[0] != '\0' || (!less && p.kind != RESULT_MAPS)) {
        return; /* frames are shown as they are */
    }
    const struct pin_frame own = {&x->own, compare_frame(c, i)}, first = {&c->item[0].own, compare_frame(c, 0)};
    p.look = compare_map_look(c, i);
    p.look.full = p.kind == RESULT_MAPS ? p.look.full : x->most;
    (void)pin_draw(&p, own, less && c->item[0].problem[0] == '\0' ? &first : NULL, &x->image, &x->scale, x->cannot,
                   sizeof x->cannot);
}

/* The largest difference over all frames, so that they have one scale. */
static void find_most(struct compare_state *c, size_t i)
{
    const struct limn_animation *a = animation_of(c, 0), *b = animation_of(c, i), *most = compare_longest(c);
    const size_t n = most != NULL ? most->n : 1;
    c->item[i].most = 0;
    for (size_t k = 0; a != NULL && b != NULL && a->n > 0 && b->n > 0 && k < n; k++) {
        struct limn_scale one = {0};
        limn_image *image = NULL;
        if (limn_image_difference(b->frame[in_step(c, k, b->n)], a->frame[in_step(c, k, a->n)], 0, NULL, &image, &one,
                                  NULL) == LIMN_OK) {
            c->item[i].most = fmax(c->item[i].most, one.high);
        }
        limn_image_destroy(&image);
    }
}

static void draw_items(struct compare_state *c)
{
    for (size_t i = 0; i < c->n; i++) {
        draw_item(c, i);
    }
}

/* The largest number of all maps when they have one unit; 0: they have not. */
static double find_full(const struct compare_state *c)
{
    const char *unit = NULL;
    bool fine = true;
    double full = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct limn_scale *s = &c->item[i].scale;
        if (!is_map(c, i) || c->item[i].image == NULL || s->colormap == NULL) {
            continue;
        }
        fine = fine && (unit == NULL || (s->unit != NULL && strcmp(unit, s->unit) == 0));
        unit = s->unit;
        full = fmax(full, s->high);
    }
    return fine && full > 0 ? full : 0;
}

static bool same_how(const struct compare_look *a, const struct compare_look *b)
{
    return a->opacity == b->opacity && a->mode == b->mode && a->colormap == b->colormap && a->common == b->common &&
           a->difference == b->difference;
}

void compare_show(struct compare_state *c, bool few)
{
    const bool moved = c->how.difference && c->frame != c->motion.frame && compare_longest(c) != NULL;
    if (!c->stale && !moved && c->few == few && same_how(&c->how, &c->drawn)) {
        return;
    }
    for (size_t i = 1; i < c->n && c->how.difference && (c->stale || !c->drawn.difference); i++) {
        find_most(c, i);
    }
    c->few = few;
    c->full = 0;
    draw_items(c); /* each by its own scale */
    c->full = c->how.common && !c->how.difference ? find_full(c) : 0;
    if (c->full > 0) {
        draw_items(c);
        for (size_t i = 0; i < c->n; i++) { /* some ways of drawing have no such scale */
            const struct compare_item *x = &c->item[i];
            c->full = !is_map(c, i) || x->image == NULL || x->scale.high == c->full ? c->full : 0;
        }
        if (c->full == 0) {
            draw_items(c);
        }
    }
    c->drawn = c->how;
    c->frame = c->motion.frame;
    c->stale = false;
}

/* ---- changes for all ---- */

bool compare_step_mode(struct compare_state *c)
{
    if (!compare_maps(c)) {
        return false;
    }
    c->how.mode = viewer_mode((size_t)(c->how.mode + 1)) != NULL ? c->how.mode + 1 : -1;
    c->how.difference = false;
    return true;
}

bool compare_step_colormap(struct compare_state *c)
{
    struct limn_colormap_info map = {0};
    if (!compare_maps(c)) {
        return false;
    }
    do {
        c->how.colormap = c->how.colormap + 1 < (int32_t)limn_colormap_count() ? c->how.colormap + 1 : OWN_COLOURS;
    } while (c->how.colormap >= 0 && limn_colormap_info((size_t)c->how.colormap, &map, NULL) == LIMN_OK &&
             map.diverging);
    return true;
}

bool compare_change_opacity(struct compare_state *c, double by)
{
    double from = c->how.opacity;
    for (size_t i = c->n; i-- > 0 && c->how.opacity < 0;) {
        from = is_map(c, i) && c->item[i].pin.look.opacity > 0 ? c->item[i].pin.look.opacity : from;
    }
    from = (from < 0 ? 0.5 : from) + by;
    c->how.opacity = from < 0.05 ? 0.05 : from > 1 ? 1 : from;
    return compare_maps(c);
}

static size_t list_pins(const struct compare_state *c, const struct pin *out[COMPARE_MAX])
{
    for (size_t i = 0; i < c->n; i++) {
        out[i] = &c->item[i].pin;
    }
    return c->n;
}

struct pins_differ compare_differs(const struct compare_state *c)
{
    const struct pin *pin[COMPARE_MAX];
    return pins_differ(pin, list_pins(c, pin));
}

void compare_caption(const struct compare_state *c, size_t item, char *name, char *origin, size_t size)
{
    const struct pins_differ d = compare_differs(c);
    pin_caption(&c->item[item].pin, &d, name, origin, size);
}

void compare_common(const struct compare_state *c, char *out, size_t size)
{
    const struct pin *pin[COMPARE_MAX];
    pins_common(pin, list_pins(c, pin), out, size);
}
