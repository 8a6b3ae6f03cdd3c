/* Files that are drawn: pictures, sheets and animations of pinned results. */
#include <limn/sheet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "export.h"

enum { CELLS_MAX = 4096, TEXTS_MAX = 24, GIF_CELL_MAX = 512, GIF_CELL_LEAST = 224, COLUMNS = 4, PREVIEW_CELLS = 9 };
static const double slide_s = 1.0;

struct cell { /* a result, loaded */
    struct pin pin, minus_pin;
    struct results own, minus;
    bool less;
    const char *name, *origin;
    bool captioned; /* one of them all has an origin to tell: pictures keep one size */
    limn_image *image;
    struct limn_scale scale;
};

static const char *text_of(const json_t *j, const char *key)
{
    return json_string_value(json_object_get(j, key));
}

static limn_status fail(limn_error *err, limn_status status, const char *text)
{
    err->code = status;
    snprintf(err->text, sizeof err->text, "%s", text);
    return status;
}

static void cell_close(struct cell *c)
{
    pin_free(&c->pin);
    pin_free(&c->minus_pin);
    results_free(&c->own);
    results_free(&c->minus);
    limn_image_destroy(&c->image);
}

static limn_status load(const struct pin *p, struct results *out, limn_error *err)
{
    if (pin_load(p, out)) {
        return LIMN_OK;
    }
    const char *why = out->n > 0 ? out->item[0].problem : NULL;
    return fail(err, why != NULL ? LIMN_ERR_READ : LIMN_ERR_NOMEM, why != NULL ? why : "out of memory");
}

static limn_status cell_open(struct cell *c, const json_t *j, limn_error *err)
{
    const json_t *minus = json_object_get(j, "minus");
    memset(c, 0, sizeof *c);
    c->less = json_is_object(minus);
    c->name = text_of(j, "name");
    c->origin = text_of(j, "origin");
    if (!pin_read(&c->pin, json_object_get(j, "pin")) || (c->less && !pin_read(&c->minus_pin, minus))) {
        return fail(err, LIMN_ERR_ARG, "a result that is none");
    }
    limn_status st = load(&c->pin, &c->own, err);
    return st == LIMN_OK && c->less ? load(&c->minus_pin, &c->minus, err) : st;
}

static limn_status cell_draw(struct cell *c, size_t frame, limn_error *err)
{
    const struct pin_frame own = {&c->own, frame}, minus = {&c->minus, c->less ? c->minus_pin.frame : 0};
    limn_image_destroy(&c->image);
    return pin_draw(&c->pin, own, c->less ? &minus : NULL, &c->image, &c->scale, err->text, sizeof err->text)
               ? LIMN_OK
               : fail(err, LIMN_ERR_SHAPE, err->text[0] != '\0' ? err->text : "it cannot be drawn");
}

static size_t texts(const json_t *file, struct limn_text out[TEXTS_MAX])
{
    const char *key;
    json_t *value;
    size_t n = 0;
    json_object_foreach (json_object_get(file, "text"), key, value) {
        if (n < TEXTS_MAX && json_is_string(value)) {
            out[n++] = (struct limn_text){key, json_string_value(value)};
        }
    }
    return n;
}

static limn_status draw_one(const json_t *file, limn_image **out, limn_error *err)
{
    struct cell c;
    limn_status st = cell_open(&c, json_object_get(file, "draw"), err);
    st = st == LIMN_OK ? cell_draw(&c, c.pin.frame, err) : st;
    if (st == LIMN_OK) {
        *out = c.image;
        c.image = NULL;
    }
    cell_close(&c);
    return st;
}

/* ---- several results in one picture ---- */

static void cells_close(struct cell *cell, size_t n)
{
    for (size_t i = 0; cell != NULL && i < n; i++) {
        cell_close(&cell[i]);
    }
    free(cell);
}

static limn_status cells_open(const json_t *list, struct cell **out, size_t *n, limn_error *err)
{
    limn_status st = LIMN_OK;
    bool captioned = false;
    *n = json_array_size(list);
    *out = *n > 0 && *n <= CELLS_MAX ? calloc(*n, sizeof **out) : NULL;
    if (*out == NULL) {
        *n = 0;
        return fail(err, LIMN_ERR_ARG, "a sheet without results, or of far too many");
    }
    for (size_t i = 0; i < *n && st == LIMN_OK; i++) {
        st = cell_open(&(*out)[i], json_array_get(list, i), err);
        captioned = captioned || ((*out)[i].origin != NULL && (*out)[i].origin[0] != '\0');
    }
    for (size_t i = 0; i < *n; i++) {
        (*out)[i].captioned = captioned;
    }
    return st;
}

/* What stands below a picture: the rest of its name, and its scale when it has one. */
static struct limn_sheet_cell sheet_cell(const struct cell *c, bool bar)
{
    struct limn_sheet_cell s = {.image = c->image, .title = c->name};
    s.caption = !c->captioned ? NULL : c->origin != NULL && c->origin[0] != '\0' ? c->origin : " ";
    if (bar && c->scale.colormap != NULL) {
        s.colormap = c->scale.colormap;
        s.low = c->scale.low;
        s.high = c->scale.high;
    }
    return s;
}

static limn_status compose(const char *title, const struct cell *cell, size_t n, int32_t columns, int32_t px, bool bar,
                           limn_image **out, limn_error *err)
{
    struct limn_sheet_cell *s = calloc(n, sizeof *s);
    if (s == NULL) {
        return fail(err, LIMN_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        s[i] = sheet_cell(&cell[i], bar);
    }
    limn_status st = limn_sheet(title, s, n, columns, px, out, err);
    free(s);
    return st;
}

static limn_status draw_sheet(const json_t *file, limn_image **out, limn_error *err)
{
    const json_t *sheet = json_object_get(file, "sheet");
    struct cell *cell = NULL;
    size_t n = 0;
    int columns = COLUMNS;
    (void)json_unpack((json_t *)sheet, "{s?:i}", "columns", &columns);
    limn_status st = cells_open(json_object_get(sheet, "cells"), &cell, &n, err);
    for (size_t i = 0; i < n && st == LIMN_OK; i++) {
        st = cell_draw(&cell[i], cell[i].pin.frame, err);
    }
    st = st == LIMN_OK ? compose(text_of(sheet, "title"), cell, n, columns, 0, true, out, err) : st;
    cells_close(cell, n);
    return st;
}

static limn_status save(const json_t *file, limn_status st, limn_image *image, const struct export_to *to,
                        limn_error *err)
{
    struct limn_text text[TEXTS_MAX];
    st = st == LIMN_OK ? limn_image_save_text(image, to->path, text, texts(file, text), to->flags, err) : st;
    limn_image_destroy(&image);
    return st;
}

limn_status export_draw(const json_t *file, const struct export_to *to, limn_error *err)
{
    limn_image *image = NULL;
    const limn_status st = draw_one(file, &image, err);
    return save(file, st, image, to, err);
}

limn_status export_sheet(const json_t *file, const struct export_to *to, limn_error *err)
{
    limn_image *image = NULL;
    const limn_status st = draw_sheet(file, &image, err);
    return save(file, st, image, to, err);
}

limn_status export_preview(const char *content, limn_image **out, limn_error *err)
{
    static const char *const picture[] = {".png", ".gif", ".jpg", ".jpeg"};
    const struct limn_image_params p = {.max_pixels = 20000000};
    json_t *file = json_loads(content, 0, NULL);
    const char *copied = text_of(file, "copy"), *dot = copied != NULL ? strrchr(copied, '.') : NULL;
    limn_status st = LIMN_ERR_UNSUPPORTED;
    if (json_object_get(file, "draw") != NULL) {
        st = draw_one(file, out, err);
    } else if (json_array_size(json_object_get(json_object_get(file, "sheet"), "cells")) - 1 < PREVIEW_CELLS) {
        st = draw_sheet(file, out, err);
    }
    for (size_t i = 0; dot != NULL && i < sizeof picture / sizeof picture[0]; i++) {
        if (strcasecmp(dot, picture[i]) == 0) {
            st = limn_image_load(copied, &p, out, err);
        }
    }
    json_decref(file);
    return st;
}

/* ---- animations ---- */

static const struct limn_animation *animation_of(const struct cell *c)
{
    return c->own.n > 0 && c->own.item[0].shown != NULL && c->own.item[0].shown->n > 1 ? c->own.item[0].shown : NULL;
}

/* The one with the most frames; the others keep in step with it, as they do on the screen. */
static const struct limn_animation *longest(const struct cell *cell, size_t n)
{
    const struct limn_animation *most = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct limn_animation *s = animation_of(&cell[i]);
        most = s != NULL && (most == NULL || s->n > most->n) ? s : most;
    }
    return most;
}

/* Cells of one size for all frames: the largest picture's, within reason. */
static int32_t gif_cell(const struct cell *cell, size_t n)
{
    int32_t most = GIF_CELL_LEAST;
    for (size_t i = 0; i < n; i++) {
        const int32_t w = limn_image_width(cell[i].image), h = limn_image_height(cell[i].image);
        most = w > most ? w : most;
        most = h > most ? h : most;
    }
    return most < GIF_CELL_MAX ? most : GIF_CELL_MAX;
}

static limn_status draw_step(struct cell *cell, size_t n, size_t k, size_t frames, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < n && st == LIMN_OK; i++) {
        const struct limn_animation *s = animation_of(&cell[i]);
        if (cell[i].less && cell[i].minus.item[0].shown != NULL && !pin_same(&cell[i].pin, &cell[i].minus_pin)) {
            cell[i].minus_pin.frame = k * cell[i].minus.item[0].shown->n / frames;
        }
        st = cell_draw(&cell[i], s != NULL ? k * s->n / frames : cell[i].pin.frame, err);
    }
    return st;
}

/* Frame k: of side by side all results, of slides the k-th alone, each at the place of the other. */
static limn_status gif_frame(struct cell *cell, size_t n, size_t k, size_t frames, bool slides, limn_image **out,
                             limn_error *err)
{
    limn_status st = slides ? LIMN_OK : draw_step(cell, n, k, frames, err);
    const int32_t columns = n <= COLUMNS ? (int32_t)n : COLUMNS;
    return st != LIMN_OK ? st
                         : compose(NULL, slides ? &cell[k] : cell, slides ? 1 : n, slides ? 1 : columns,
                                   gif_cell(cell, n), false, out, err);
}

static bool gif_step(void *user, double done, const char *what)
{
    const struct export_to *to = user;
    (void)what;
    return to->part(to->user, 0.3 + 0.7 * done);
}

static limn_status write_gif(const json_t *file, struct cell *cell, size_t n, bool slides, const struct export_to *to,
                             limn_error *err)
{
    const struct limn_animation *most = longest(cell, n);
    const size_t frames = slides || most == NULL ? n : most->n;
    limn_image **frame = calloc(frames, sizeof *frame);
    limn_status st = frame != NULL ? LIMN_OK : fail(err, LIMN_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < n && st == LIMN_OK; i++) {
        st = cell_draw(&cell[i], cell[i].pin.frame, err);
    }
    slides = slides || most == NULL;
    for (size_t k = 0; k < frames && st == LIMN_OK; k++) {
        st = gif_frame(cell, n, k, frames, slides, &frame[k], err);
        if (st == LIMN_OK && !to->part(to->user, 0.3 * (double)(k + 1) / (double)frames)) {
            st = fail(err, LIMN_CANCELLED, "stopped");
        }
    }
    struct limn_gif_params p = {.frame_s = slides ? slide_s : most->seconds[frames / 2],
                                .comment = text_of(file, "comment"),
                                .step = gif_step,
                                .user = (void *)to};
    if (!slides) {
        p.frame_s = p.frame_s >= 0.02 ? p.frame_s : 0.1;
        p.first_s = most->seconds[0] >= 0.02 ? most->seconds[0] : 0;
        p.last_s = most->seconds[frames - 1] >= 0.02 ? most->seconds[frames - 1] : 0;
    }
    st = st == LIMN_OK ? limn_gif_save((const limn_image *const *)frame, frames, &p, to->path, to->flags, NULL, err)
                       : st;
    for (size_t k = 0; frame != NULL && k < frames; k++) {
        limn_image_destroy(&frame[k]);
    }
    free(frame);
    return st;
}

limn_status export_gif(const json_t *file, const struct export_to *to, limn_error *err)
{
    const json_t *gif = json_object_get(file, "gif");
    struct cell *cell = NULL;
    size_t n = 0;
    limn_status st = cells_open(json_object_get(gif, "cells"), &cell, &n, err);
    st = st == LIMN_OK ? write_gif(file, cell, n, json_is_true(json_object_get(gif, "slides")), to, err) : st;
    cells_close(cell, n);
    return st;
}
