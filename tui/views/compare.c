/* Compare: results side by side, drawn alike, enlarged, moved and played as one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "viewer_panel.h"

enum { LEAST_W = 16, LEAST_H = 4, LINES_MAX = 5 };

int64_t compare_tick(struct app *a)
{
    struct compare_state *c = &a->compare;
    const struct limn_animation *s = compare_longest(c);
    if (a->view != VIEW_COMPARE || s == NULL) {
        return -1;
    }
    const int64_t ms = motion_tick(&c->motion, s->seconds, s->n, a->now);
    compare_show(c, a->caps.colours < PICTURE_256);
    return ms;
}

/* ---- drawing ---- */

struct places { /* of the cells: columns 0: one at a time */
    int32_t columns, rows, w, h, lines;
};

/* Lines around a picture: what it is, where it is from, how it agrees, its scale. Fewer in low cells. */
static int32_t lines_of(const struct compare_state *c, int32_t h)
{
    bool agrees = false;
    for (size_t i = 0; i < c->n; i++) {
        agrees = agrees || c->item[i].agrees;
    }
    const int32_t most = 1 + compare_differs(c).origin + agrees + compare_maps(c);
    return h >= 16 ? most : h >= 8 ? (most < 2 ? most : 2) : 1;
}

/* The fewest columns (their captions have most room) whose pictures are nearly as large as they can be. */
static struct places arrange(const struct compare_state *c, struct rect r)
{
    const limn_image *image = NULL;
    struct places best = {0};
    int32_t most = 0;
    for (size_t i = 0; i < c->n && image == NULL; i++) {
        image = compare_image(c, i);
    }
    for (int32_t k = (int32_t)c->n; k >= 1; k--) {
        struct places p = {k, ((int32_t)c->n + k - 1) / k, (r.w - 2 * (k - 1)) / k, 0, 0};
        p.h = (r.h - (p.rows - 1)) / p.rows;
        p.lines = lines_of(c, p.h);
        const struct rect cell = {0, 0, p.w, p.h - p.lines};
        if (cell.w < LEAST_W || cell.h < LEAST_H) {
            continue;
        }
        const struct rect fit =
            image != NULL ? picture_fit(limn_image_width(image), limn_image_height(image), cell) : cell;
        if (4 * fit.w * fit.h >= 3 * most) {
            most = fit.w * fit.h > most ? fit.w * fit.h : most;
            best = p;
        }
    }
    return best;
}

static char *figure(double v, char out[16])
{
    snprintf(out, 16, isnan(v) ? "none" : "%.2f", v);
    return out;
}

static void agreement_text(const struct compare_item *x, int32_t w, char *out, size_t size)
{
    char r[16], rank[16], top[16];
    const struct limn_agreement *g = &x->agreement;
    figure(g->pearson, r);
    figure(g->spearman, rank);
    figure(g->overlap, top);
    const char *form = w >= 50   ? "to the first: r %s · ranks %s · hottest tenth %s"
                       : w >= 31 ? "r %s · ranks %s · tenth %s"
                       : w >= 22 ? "r %s · %s · %s"
                                 : "%s %s %s";
    snprintf(out, size, form, r, rank, top);
}

static void centred(const struct ui *u, struct rect line, enum ui_role role, const char *text)
{
    const int32_t w = ui_columns(text);
    ui_text(u, line, w < line.w ? line.x + (line.w - w) / 2 : line.x, line.y, line.w, role, text);
}

/* The lines above a picture: `n` of what it is, how it agrees, where it is from. */
static void draw_caption(const struct app *a, const struct ui *u, struct rect r, size_t i, int32_t n)
{
    const struct compare_state *c = &a->compare;
    const struct compare_item *x = &c->item[i];
    char text[500], name[460], origin[460];
    compare_caption(c, i, name, origin, sizeof name);
    const bool less = c->how.difference && i > 0 && ui_columns(name) + 16 <= r.w;
    snprintf(text, sizeof text, "%s%s", name, less ? " less the first" : "");
    centred(u, ui_top(&r, 1, 0), i == c->at ? UI_ACCENT : UI_STRONG, text);
    agreement_text(x, r.w, text, sizeof text);
    if (compare_differs(c).origin && (n > 2 || (n == 2 && !x->agrees))) {
        centred(u, ui_top(&r, 1, 0), UI_DIM, origin);
    }
    centred(u, r, UI_TEXT, x->agrees ? text : "");
}

static void draw_item(const struct app *a, const struct ui *u, struct rect r, size_t i, int32_t lines)
{
    const struct compare_item *x = &a->compare.item[i];
    const limn_image *image = compare_image(&a->compare, i);
    const char *problem = x->problem[0] != '\0' ? x->problem : x->cannot;
    const bool bar = lines > 2 && compare_maps(&a->compare);
    const int32_t above = lines - bar;
    struct rect head = ui_top(&r, above, 0);
    if (problem[0] != '\0') {
        ui_wrap(u, r, UI_BAD, problem, true);
    } else if (image != NULL && r.w > 0 && r.h > bar) {
        const struct picture_source src = look_source(&a->compare.look, image);
        const struct rect where = caps_fit(&a->caps, src.width, src.height, (struct rect){r.x, r.y, r.w, r.h - bar});
        picture_draw(u->grid, where, &src, (struct picture_style){a->caps.colours, a->caps.glyphs, a->caps.light});
        head.y = where.y - above;
        if (bar && x->image != NULL && x->scale.colormap != NULL) {
            viewer_scale_line(a, u, (struct rect){where.x, where.y + where.h, where.w, 1}, &x->scale);
        }
    }
    draw_caption(a, u, head, i, above);
}

static void draw_empty(const struct app *a, const struct ui *u, struct rect r)
{
    char mark[32], pin[32], view[32], queue[32], line[2][200];
    keymap_keys(&a->keys, ACT_MARK, mark, sizeof mark);
    keymap_keys(&a->keys, ACT_PIN, pin, sizeof pin);
    keymap_keys(&a->keys, ACT_VIEW_VIEWER, view, sizeof view);
    keymap_keys(&a->keys, ACT_VIEW_QUEUE, queue, sizeof queue);
    snprintf(line[0], sizeof line[0], "In the queue (%s) %s marks jobs, in the viewer (%s) %s pins results.", queue,
             mark, view, pin);
    snprintf(line[1], sizeof line[1], "Without any, the methods of the picture in the viewer stand here.");
    ui_centre(u, r, (const char *const[]){"Nothing to compare", line[0], line[1]}, 3);
}

static void note_text(const struct compare_state *c, char *out, size_t size)
{
    static const char *const of[] = {"pinned", "of marked jobs", "of one picture"},
                             *const beside[] = {"the pinned one and the viewer's", "the marked job's and the viewer's"};
    const struct limn_animation *most = compare_longest(c);
    char same[460];
    size_t at = 0;
    if (c->here) {
        at = (size_t)snprintf(out, size, "%s", beside[c->of == COMPARE_JOBS]);
    } else if (c->all > c->n) {
        at = (size_t)snprintf(out, size, "%zu to %zu of %zu %s", c->first + 1, c->first + c->n, c->all, of[c->of]);
    } else {
        at = (size_t)snprintf(out, size, "%zu %s", c->n, of[c->of]);
    }
    if (most != NULL && at < size) {
        char text[100];
        motion_text(&c->motion, most->n, text, sizeof text);
        at += (size_t)snprintf(out + at, size - at, " · %s", text);
    }
    if (c->how.opacity >= 0 && at < size) {
        at += (size_t)snprintf(out + at, size - at, " · opacity %.0f %%", 100 * c->how.opacity);
    }
    if (c->how.difference && at < size) {
        at += (size_t)snprintf(out + at, size - at, " · difference");
    } else if (c->full > 0 && at < size) {
        at += (size_t)snprintf(out + at, size - at, " · one scale");
    }
    if (c->look.zoom > 1 && at < size) {
        at += (size_t)snprintf(out + at, size - at, " · enlarged %.3g×", c->look.zoom);
    }
    compare_common(c, same, sizeof same);
    if (same[0] != '\0' && at < size) {
        snprintf(out + at, size - at, " · %s", same);
    }
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    const struct compare_state *c = &a->compare;
    char note[900] = "";
    if (c->n == 0) {
        draw_empty(a, u, r);
        return;
    }
    const struct places p = arrange(c, (struct rect){r.x, r.y + 1, r.w, r.h - 1});
    if (p.columns == 0) {
        snprintf(note, sizeof note, "number %zu of ", c->at + 1);
    }
    note_text(c, note + strlen(note), sizeof note - strlen(note));
    r = ui_title(u, r, true, "Compare", note);
    if (p.columns == 0) {
        draw_item(a, u, r, c->at < c->n ? c->at : 0, lines_of(c, r.h));
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        const int32_t x = (int32_t)i % p.columns, y = (int32_t)i / p.columns;
        const struct rect cell = {r.x + x * (p.w + 2), r.y + y * (p.h + 1), p.w, p.h};
        ui_hit_row(u, cell, 0, (int64_t)i);
        draw_item(a, u, cell, i, p.lines);
    }
}

/* ---- keys ---- */

static bool changed(struct app *a, bool fine, const char *otherwise)
{
    if (fine) {
        compare_show(&a->compare, a->caps.colours < PICTURE_256);
    } else {
        app_say(a, UI_NOTE, "%s", otherwise);
    }
    return true;
}

static bool toggle_scale(struct app *a)
{
    struct compare_state *c = &a->compare;
    if (c->how.difference) {
        return changed(a, false, "differences have scales of their own");
    }
    c->how.common = !c->how.common;
    compare_show(c, a->caps.colours < PICTURE_256);
    if (c->how.common && c->full == 0) {
        c->how.common = false;
        return changed(a, false, "these maps have no scale in common: their units differ, or the view has none");
    }
    return true;
}

/* To the next result; past the last of those that are seen, further ones move in. */
static bool go(struct app *a, int by)
{
    struct compare_state *c = &a->compare;
    if (c->n == 0) {
        return true;
    }
    if (by > 0 ? c->at + 1 < c->n : c->at > 0) {
        c->at = by > 0 ? c->at + 1 : c->at - 1;
    } else if (c->all > c->n) {
        const size_t last = c->all - c->n;
        c->first = by > 0 ? (c->first < last ? c->first + 1 : 0) : (c->first > 0 ? c->first - 1 : last);
        c->at = by > 0 ? (c->first > 0 ? c->n - 1 : 0) : (c->first < last ? 0 : c->n - 1);
        a->want |= WANT_COMPARE;
    } else {
        c->at = by > 0 ? 0 : c->n - 1;
    }
    return true;
}

static bool act_motion(struct app *a, enum action action)
{
    struct compare_state *c = &a->compare;
    const struct limn_animation *most = compare_longest(c);
    if (!motion_action(action)) {
        return false;
    }
    if (most == NULL) {
        return changed(a, false, "nothing plays here");
    }
    motion_act(&c->motion, action, most->n);
    return changed(a, true, "");
}

static bool act(struct app *a, enum action action)
{
    struct compare_state *c = &a->compare;
    if (act_motion(a, action) || look_act(&c->look, action)) {
        return true;
    }
    switch (action) {
    case ACT_NEXT_PICTURE:
    case ACT_PREV_PICTURE:
        return go(a, action == ACT_NEXT_PICTURE ? 1 : -1);
    case ACT_OPACITY_LESS:
    case ACT_OPACITY_MORE:
        return changed(a, compare_change_opacity(c, action == ACT_OPACITY_MORE ? 0.1 : -0.1), "there are no maps here");
    case ACT_MODE:
        return changed(a, compare_step_mode(c), "there are no maps here");
    case ACT_COLORMAP:
        return changed(a, compare_step_colormap(c), "there are no maps here");
    case ACT_DIFFERENCE:
        c->how.difference = !c->how.difference && c->n > 1;
        return changed(a, c->n > 1, "there is nothing that this could be compared with");
    case ACT_SCALE:
        return toggle_scale(a);
    default:
        return false;
    }
}

static const char *hint(const struct app *a, enum action action)
{
    const struct compare_state *c = &a->compare;
    const bool maps = compare_maps(c), plays = compare_longest(c) != NULL;
    switch (action) {
    case ACT_PLAY:
        return plays ? c->motion.playing ? "pause" : "play" : "";
    case ACT_FRAME_PREV:
    case ACT_SLOWER:
        return plays ? NULL : "";
    case ACT_OPACITY_LESS:
    case ACT_MODE:
    case ACT_SCALE:
        return maps && !c->how.difference ? NULL : "";
    case ACT_COLORMAP:
        return maps && a->caps.colours >= PICTURE_256 && !c->how.difference ? NULL : "";
    case ACT_DIFFERENCE:
        return c->n > 1 ? NULL : "";
    case ACT_NEXT_PICTURE:
        return c->n > 1 ? NULL : "";
    case ACT_MORE:
        return c->n > 0 ? "zoom" : "";
    default:
        return NULL;
    }
}

static bool click(struct app *a, int32_t list, int64_t index)
{
    (void)list;
    a->compare.at = (size_t)index < a->compare.n ? (size_t)index : a->compare.at;
    return false;
}

const struct view view_compare = {.name = "compare",
                                  .title = "Compare",
                                  .where = IN_COMPARE,
                                  .draw = draw,
                                  .act = act,
                                  .hint = hint,
                                  .click = click,
                                  .wheel = {ACT_ZOOM_IN, ACT_ZOOM_OUT}};
