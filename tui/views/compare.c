/* Compare: results side by side, enlarged, moved and played as one. */
#include <stdio.h>
#include <string.h>

#include "app.h"

enum { CAPTION = 1, LEAST_W = 16, LEAST_H = 5 };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* The item with the most frames: the others keep in step with it. */
static const struct limn_animation *longest(const struct compare_state *c)
{
    const struct limn_animation *most = NULL;
    for (size_t i = 0; i < c->n; i++) {
        const struct limn_animation *s = c->item[i].shown;
        most = s != NULL && (most == NULL || s->n > most->n) ? s : most;
    }
    return most;
}

int64_t compare_tick(struct app *a)
{
    const struct limn_animation *s = longest(&a->compare);
    return a->view == VIEW_COMPARE && s != NULL ? motion_tick(&a->compare.motion, s->seconds, s->n, a->now) : -1;
}

static const limn_image *frame_of(const struct compare_state *c, size_t i)
{
    const struct limn_animation *s = c->item[i].shown, *most = longest(c);
    const size_t frame = c->motion.frame < most->n ? c->motion.frame : 0;
    return s->frame[most->n == s->n ? frame : frame * s->n / most->n];
}

/* ---- drawing ---- */

/* Columns that make the pictures largest; 0: not all of them have room, one at a time is shown. */
static int32_t columns_of(const struct compare_state *c, struct rect r)
{
    const limn_image *image = NULL;
    int32_t best = 0, most = 0;
    for (size_t i = 0; i < c->n && image == NULL; i++) {
        image = c->item[i].shown != NULL ? frame_of(c, i) : NULL;
    }
    for (int32_t k = (int32_t)c->n; k >= 1; k--) {
        const int32_t rows = ((int32_t)c->n + k - 1) / k;
        const struct rect cell = {0, 0, (r.w - 2 * (k - 1)) / k, (r.h - (rows - 1)) / rows - CAPTION};
        if (cell.w < LEAST_W || cell.h < LEAST_H) {
            continue;
        }
        const struct rect fit =
            image != NULL ? picture_fit(limn_image_width(image), limn_image_height(image), cell) : cell;
        if (fit.w * fit.h > most) {
            most = fit.w * fit.h;
            best = k;
        }
    }
    return best;
}

static void draw_item(const struct app *a, const struct ui *u, struct rect r, size_t i)
{
    const struct compare_item *item = &a->compare.item[i];
    char caption[300];
    snprintf(caption, sizeof caption, "%lld %.250s", (long long)item->job, base_name(item->path));
    struct rect line = ui_top(&r, CAPTION, 0);
    if (item->problem[0] != '\0') {
        ui_wrap(u, r, UI_BAD, item->problem, true);
    } else if (item->shown != NULL && r.w > 0 && r.h > 0) {
        const struct picture_source src = look_source(&a->compare.look, frame_of(&a->compare, i));
        const struct rect where = picture_fit(src.width, src.height, r);
        picture_draw(u->grid, where, &src, (struct picture_style){a->caps.colours, a->caps.glyphs, a->caps.light});
        line.y = where.y - CAPTION;
    }
    const int32_t w = ui_columns(caption);
    ui_text(u, line, w < line.w ? line.x + (line.w - w) / 2 : line.x, line.y, line.w, UI_STRONG, caption);
}

static void draw_empty(const struct app *a, const struct ui *u, struct rect r)
{
    char mark[64], text[120];
    keymap_keys(&a->keys, ACT_MARK, mark, sizeof mark);
    snprintf(text, sizeof text, "Mark two to four jobs in the queue with %s,", mark);
    ui_centre(u, r,
              (const char *const[]){"Nothing to compare", text, "or go to a job that has several pictures there."}, 3);
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    const struct compare_state *c = &a->compare;
    const struct limn_animation *most = longest(c);
    char note[200] = "";
    int at = 0;
    if (c->n == 0) {
        draw_empty(a, u, ui_title(u, r, true, "Compare", ""));
        return;
    }
    at = snprintf(note, sizeof note, c->all > c->n ? "%zu of %zu results" : "%zu results", c->n, c->all);
    if (most != NULL && most->n > 1) {
        char text[100];
        motion_text(&c->motion, most->n, text, sizeof text);
        at += snprintf(note + at, sizeof note - (size_t)at, " · %s", text);
    }
    if (c->look.zoom > 1) {
        snprintf(note + at, sizeof note - (size_t)at, " · enlarged %.3g×", c->look.zoom);
    }
    r = ui_title(u, r, true, "Compare", note);
    const int32_t columns = columns_of(c, r);
    if (columns == 0) {
        draw_item(a, u, r, c->at < c->n ? c->at : 0);
        return;
    }
    const int32_t rows = ((int32_t)c->n + columns - 1) / columns;
    const int32_t w = (r.w - 2 * (columns - 1)) / columns, h = (r.h - (rows - 1)) / rows;
    for (size_t i = 0; i < c->n; i++) {
        const int32_t x = (int32_t)i % columns, y = (int32_t)i / columns;
        draw_item(a, u, (struct rect){r.x + x * (w + 2), r.y + y * (h + 1), w, h}, i);
    }
}

/* ---- keys ---- */

static bool act(struct app *a, enum action action)
{
    struct compare_state *c = &a->compare;
    const struct limn_animation *most = longest(c);
    const size_t n = most != NULL ? most->n : 0;
    if (n < 2 && motion_action(action)) {
        app_say(a, UI_NOTE, "these are single pictures: nothing plays");
        return true;
    }
    if (motion_act(&c->motion, action, n) || look_act(&c->look, action)) {
        return true;
    }
    if (action == ACT_NEXT_PICTURE || action == ACT_PREV_PICTURE) {
        c->at = c->n > 0 ? (c->at + (action == ACT_NEXT_PICTURE ? 1 : c->n - 1)) % c->n : 0;
        return true;
    }
    return false;
}

const struct view view_compare = {.name = "compare",
                                  .title = "Compare",
                                  .where = IN_COMPARE,
                                  .draw = draw,
                                  .act = act,
                                  .wheel = {ACT_ZOOM_IN, ACT_ZOOM_OUT}};
