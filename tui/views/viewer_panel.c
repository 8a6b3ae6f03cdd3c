/* What the viewer says beside its picture. */
#include "viewer_panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool few_colours(const struct app *a)
{
    return a->caps.colours < PICTURE_256;
}

char *viewer_class_text(const struct result *x, int32_t cls, char out[200])
{
    const struct result_class *c = result_class(x, cls);
    const char *label = c != NULL ? c->label : NULL;
    if (label != NULL) {
        snprintf(out, 200, "%.*s", (int)strcspn(label, ","), label);
    } else if (cls >= 0) {
        snprintf(out, 200, "class %d", (int)cls);
    } else {
        snprintf(out, 200, "no class");
    }
    return out;
}

static char *number(double v, char out[24])
{
    snprintf(out, 24, v != 0 && fabs(v) < 1e-4 ? "%.1e" : "%.3g", v);
    return out;
}

/* ---- the colour bar ---- */

static void draw_ramp(const struct app *a, const struct ui *u, struct rect r, const char *colormap)
{
    enum { STEPS = 128 };
    uint8_t rgb[3 * STEPS];
    for (int i = 0; i < STEPS; i++) {
        const double t = 1 - (i + 0.5) / STEPS;
        if (limn_colormap_colour(colormap, r.w > r.h ? 1 - t : t, rgb + (size_t)3 * (size_t)i, NULL) != LIMN_OK) {
            return;
        }
    }
    const bool lying = r.w > r.h;
    const struct picture_source src = {rgb, lying ? STEPS : 1, lying ? 1 : STEPS, 0,
                                       0,   lying ? STEPS : 1, lying ? 1 : STEPS};
    const enum picture_glyphs glyphs = a->caps.glyphs > PICTURE_HALF ? PICTURE_HALF : a->caps.glyphs;
    picture_cells(u->grid, r, &src, (struct picture_style){a->caps.colours, glyphs, a->caps.light});
}

void viewer_bar(const struct app *a, const struct ui *u, struct rect r)
{
    const struct limn_scale *s = &a->viewer.scale;
    char text[24];
    if (s->colormap == NULL || r.w < BAR_WIDTH || r.h < 3) {
        return;
    }
    draw_ramp(a, u, (struct rect){r.x, r.y, 2, r.h}, s->colormap);
    const int32_t parts = r.h >= 9 ? 4 : 2;
    for (int32_t i = 0; i <= parts; i++) {
        const int32_t y = r.y + ((r.h - 1) * i + parts / 2) / parts;
        const double v = s->high + (s->low - s->high) * i / parts;
        const double least = 1e-9 * (s->high - s->low);
        ui_text(u, r, r.x + 2, y, 1, UI_DIM, "–");
        ui_text(u, r, r.x + 4, y, r.w - 4, i == 0 || i == parts ? UI_TEXT : UI_DIM,
                number(fabs(v) < least ? 0 : v, text));
    }
}

void viewer_scale_line(const struct app *a, const struct ui *u, struct rect line, const struct limn_scale *s)
{
    char low[24], high[64], end[24];
    number(s->low, low);
    snprintf(high, sizeof high, "%s%s%s", number(s->high, end), s->unit != NULL && s->unit[0] ? " " : "",
             s->unit != NULL ? s->unit : "");
    if (ui_columns(low) + ui_columns(high) + 8 > line.w) {
        snprintf(high, sizeof high, "%s", end);
    }
    const int32_t left = ui_columns(low) + 1, right = ui_columns(high) + 1;
    ui_text(u, line, line.x, line.y, left, UI_DIM, low);
    ui_right(u, line, line.x + line.w - right, line.y, right, UI_DIM, high);
    if (line.w - left - right > 2 && line.h > 0) {
        draw_ramp(a, u, (struct rect){line.x + left, line.y, line.w - left - right, 1}, s->colormap);
    }
}

/* ---- facts ---- */

static void fact(const struct ui *u, struct rect *r, const char *name, const char *value, enum ui_role role)
{
    if (r->h > 0 && value[0] != '\0') {
        const struct rect line = ui_top(r, 1, 0);
        ui_text(u, line, line.x, line.y, 9, UI_DIM, name);
        ui_text(u, line, line.x + 9, line.y, line.w - 9, role, value);
    }
}

/* "overlay, viridis" */
static void mode_text(const struct app *a, char *out, size_t size)
{
    const struct viewer_state *v = &a->viewer;
    const struct viewer_mode *m = viewer_shown_mode(v, few_colours(a));
    if (v->minus != NULL) {
        snprintf(out, size, "difference");
    } else if (v->scale.colormap != NULL && strcmp(m->view, "multiply") != 0) {
        snprintf(out, size, "%s, %s", m->name, v->scale.colormap);
    } else {
        snprintf(out, size, "%s", m->name);
    }
}

static void range_text(const struct limn_scale *s, char *out, size_t size)
{
    char low[24], high[24];
    out[0] = '\0';
    if (s->colormap != NULL) {
        snprintf(out, size, "%s to %s", number(s->low, low), number(s->high, high));
    }
}

/* What a difference was taken from: only what is not the same. */
static void minus_text(const struct viewer_state *v, char *out, size_t size)
{
    const struct result *x = viewer_item(v);
    char cls[200];
    const bool method = strcmp(v->minus->method, v->name.method) != 0;
    if (v->minus->cls != v->name.cls) {
        snprintf(out, size, "%s%s%s", viewer_class_text(x, v->minus->cls, cls), method ? ", " : "",
                 method ? method_title(v->minus->method) : "");
    } else if (method) {
        snprintf(out, size, "%s", method_title(v->minus->method));
    } else {
        snprintf(out, size, "%s", v->minus->layer != NULL ? v->minus->layer : "");
    }
}

static void slice_text(const struct viewer_state *v, char *out, size_t size)
{
    static const char *const axis[] = {"depth", "height", "width"};
    if (v->size[0] > 0 && v->slice.axis >= 0 && v->slice.axis < 3) {
        snprintf(out, size, "%s %d of %d", axis[v->slice.axis], (int)v->slice.index + 1, (int)v->size[v->slice.axis]);
    }
}

static void draw_facts(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    const bool few = few_colours(a);
    const struct viewer_mode *m = viewer_shown_mode(v, few);
    char text[300] = "";
    r = ui_title(u, r, false, "Map", "");
    fact(u, &r, "method", method_title(v->name.method), UI_TEXT);
    fact(u, &r, "layer", v->name.layer, v->map != NULL ? UI_TEXT : UI_NOTE);
    mode_text(a, text, sizeof text);
    fact(u, &r, "view", v->image != NULL ? text : "", UI_TEXT);
    if (v->minus != NULL) {
        minus_text(v, text, sizeof text);
        fact(u, &r, "less", text, UI_ACCENT);
    } else if (m->opaque && v->image != NULL) {
        snprintf(text, sizeof text, "%.0f %%", 100 * v->opacity);
        fact(u, &r, "opacity", text, UI_TEXT);
    }
    range_text(&v->scale, text, sizeof text);
    fact(u, &r, "range", v->image != NULL ? text : "", UI_TEXT);
    fact(u, &r, "unit", v->image != NULL && v->scale.colormap != NULL && v->scale.unit != NULL ? v->scale.unit : "",
         UI_TEXT);
    text[0] = '\0';
    slice_text(v, text, sizeof text);
    fact(u, &r, "slice", text, UI_TEXT);
    if (few && v->image != NULL && r.h > 1 && m != viewer_mode(v->mode)) {
        ui_wrap(u, r, UI_NOTE, "Few colours: brightness shows the map, no hue.", true);
    }
}

/* ---- classes ---- */

static void draw_classes(const struct app *a, const struct ui *u, struct rect *r, int32_t most)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    size_t at = 0;
    while (at < x->n_cls && x->cls[at].index != v->name.cls) {
        at++;
    }
    const int32_t n = (int32_t)x->n_cls < most ? (int32_t)x->n_cls : most;
    struct rect part = ui_top(r, n + 1, 1);
    part = ui_title(u, part, false, "Classes", "");
    const int64_t first = ui_first((int64_t)x->n_cls, (int64_t)at, part.h);
    for (int32_t i = 0; i < part.h && first + i < (int64_t)x->n_cls; i++) {
        const struct result_class *c = &x->cls[first + i];
        const struct rect line = {part.x, part.y + i, part.w, 1};
        ui_hit_row(u, line, VIEWER_CLASSES, first + i);
        const bool here = c->index == v->name.cls;
        const enum ui_role role = here ? UI_STRONG : UI_TEXT;
        char name[200], p[24];
        const int32_t bar = part.w >= 34 ? 7 : 0;
        ui_text(u, line, line.x, line.y, 1, UI_ACCENT, here ? "▸" : " ");
        ui_text(u, line, line.x + 2, line.y, line.w - 11 - (bar > 0 ? bar + 1 : 0), role,
                viewer_class_text(x, c->index, name));
        ui_right(u, line, line.x + line.w - 8 - (bar > 0 ? bar + 1 : 0), line.y, 8, role, percent_text(c->p, p));
        if (bar > 0 && c->p >= 0) {
            ui_bar(u, line, line.x + line.w - bar, line.y, bar, c->p, here ? UI_ACCENT : UI_DIM);
        }
    }
}

/* ---- results ---- */

static void draw_list(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    char note[48];
    snprintf(note, sizeof note, "job %lld", (long long)v->results.job);
    r = ui_title(u, r, false, "Results", note);
    const int64_t n = (int64_t)v->results.n, first = ui_first(n, (int64_t)v->at, r.h);
    for (int32_t i = 0; i < r.h && first + i < n; i++) {
        const struct result *x = &v->results.item[first + i];
        const bool marked = (size_t)(first + i) == v->at;
        const struct rect line = {r.x, r.y + i, r.w, 1};
        char maps[24] = "";
        ui_hit_row(u, line, VIEWER_RESULTS, first + i);
        if (marked) {
            grid_fill(u->grid, line, ' ', ui_style(UI_SELECTED, u->colours));
        }
        if (x->kind == RESULT_MAPS) {
            snprintf(maps, sizeof maps, x->n_map == 1 ? "1 map" : "%zu maps", x->n_map);
        }
        const int32_t kept = maps[0] != '\0' ? 10 : 0;
        ui_path(u, line, line.x + 1, line.y, line.w - 2 - kept, marked ? UI_SELECTED : UI_TEXT, x->title);
        ui_right(u, line, line.x, line.y, line.w - 2, marked ? UI_SELECTED : UI_DIM, maps);
    }
    ui_scroll(u, r, n, first);
}

/* ---- frames of a counterfactual ---- */

static int32_t row_of(double p, int32_t h)
{
    p = p > 0 ? p < 1 ? p : 1 : 0;
    return (int32_t)((1 - p) * (h - 1) + 0.5);
}

/* Probabilities over the frames; the one that is seen is marked. */
static void draw_curve(const struct viewer_state *v, const struct ui *u, struct rect r)
{
    const struct result *x = viewer_item(v);
    const size_t at = viewer_frame_at(v);
    const int32_t w = r.w - 5;
    if (r.h < 4 || w < 8 || x->n_frame < 2) {
        return;
    }
    ui_right(u, r, r.x, r.y, 4, UI_DIM, "1");
    ui_right(u, r, r.x, r.y + r.h - 1, 4, UI_DIM, "0");
    const int32_t mark = at != SIZE_MAX ? (int32_t)(at * (size_t)(w - 1) / (x->n_frame - 1)) : -1;
    for (int32_t y = 0; y < r.h && mark >= 0; y++) {
        ui_text(u, r, r.x + 5 + mark, r.y + y, 1, UI_DIM, "│");
    }
    for (int32_t i = 0; i < w; i++) {
        const size_t f = ((size_t)i * (x->n_frame - 1) + (size_t)(w - 1) / 2) / (size_t)(w - 1);
        const struct result_frame *one = &x->frame[f];
        if (one->p_from >= 0) {
            ui_text(u, r, r.x + 5 + i, r.y + row_of(one->p_from, r.h), 1, UI_NOTE, "○");
        }
        if (one->p_to >= 0) {
            ui_text(u, r, r.x + 5 + i, r.y + row_of(one->p_to, r.h), 1, UI_ACCENT, "●");
        }
    }
}

static void draw_frames(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    const struct result_frame *f = viewer_frame(v);
    const char *const name[] = {x->from != NULL ? x->from : "from", x->to != NULL ? x->to : "to"};
    const double p[] = {f != NULL ? f->p_from : -1, f != NULL ? f->p_to : -1};
    char text[64];
    r = ui_title(u, r, false, "Counterfactual", "");
    for (int i = 0; i < 2 && r.h > 0; i++) {
        const struct rect line = ui_top(&r, 1, 0);
        ui_text(u, line, line.x, line.y, 1, i == 0 ? UI_NOTE : UI_ACCENT, i == 0 ? "○" : "●");
        ui_text(u, line, line.x + 2, line.y, line.w - 11, UI_TEXT, name[i]);
        ui_right(u, line, line.x + line.w - 8, line.y, 8, UI_STRONG, percent_text(p[i], text));
    }
    ui_top(&r, 1, 0);
    struct rect curve = ui_top(&r, r.h > 14 ? 10 : r.h > 6 ? r.h - 4 : r.h, 1);
    draw_curve(v, u, curve);
    if (f != NULL) {
        snprintf(text, sizeof text, "%zu of %zu", viewer_frame_at(v) + 1, x->n_frame);
        fact(u, &r, "step", text, UI_TEXT);
        snprintf(text, sizeof text, "%.4g", f->lambda);
        fact(u, &r, "lambda", text, UI_TEXT);
        fact(u, &r, "changed", percent_text(f->change, text), UI_TEXT);
    }
    range_text(&v->scale, text, sizeof text);
    fact(u, &r, "shown", v->image != NULL ? "what differs, of 255" : "", UI_ACCENT);
}

void viewer_panel(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    const bool alone = x->kind != RESULT_MAPS && x->n_frame == 0;
    if (v->results.n > 1) {
        const int32_t n = (int32_t)(v->results.n < 1000 ? v->results.n : 1000), room = alone ? r.h : r.h / 4;
        draw_list(a, u, ui_top(&r, 1 + (n < room ? n : room > 3 ? room : 3), 1));
    }
    if (x->kind == RESULT_MAPS) {
        draw_classes(a, u, &r, r.h > 22 ? 10 : r.h > 8 ? r.h - 8 : 1);
        draw_facts(a, u, r);
    } else if (x->n_frame > 0) {
        draw_frames(a, u, r);
    }
}

void viewer_status(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    const struct result_frame *f = viewer_frame(v);
    char text[900] = "", cls[200], p[24], q[24], range[64], mode[80];
    const struct rect top = ui_top(&r, 1, 0);
    if (x->kind == RESULT_MAPS) {
        const struct result_class *c = result_class(x, v->name.cls);
        snprintf(text, sizeof text, "%s %s · %s%s%s", viewer_class_text(x, v->name.cls, cls),
                 percent_text(c != NULL ? c->p : -1, p), method_title(v->name.method), v->name.layer[0] ? " · " : "",
                 v->name.layer);
        ui_text(u, top, top.x, top.y, top.w, UI_STRONG, text);
        range_text(&v->scale, range, sizeof range);
        mode_text(a, mode, sizeof mode);
        if (v->minus == NULL && viewer_shown_mode(v, few_colours(a)) != viewer_mode(v->mode)) {
            snprintf(mode, sizeof mode, "brightness (few colours)");
        }
        if (v->minus != NULL) {
            minus_text(v, cls, sizeof cls);
        }
        char slice[40] = "";
        slice_text(v, slice, sizeof slice);
        snprintf(text, sizeof text, "%s%s%s · %s %s%s%s", mode, v->minus != NULL ? ": less " : "",
                 v->minus != NULL ? cls : "", range, v->scale.unit != NULL ? v->scale.unit : "", slice[0] ? " · " : "",
                 slice);
        ui_text(u, r, r.x, r.y, r.w, UI_DIM, v->image != NULL ? text : "");
    } else if (f != NULL) {
        snprintf(text, sizeof text, "%s %s → %s %s", x->from ? x->from : "", percent_text(f->p_from, p),
                 x->to ? x->to : "", percent_text(f->p_to, q));
        ui_text(u, top, top.x, top.y, top.w, UI_STRONG, text);
        snprintf(text, sizeof text, "lambda %.4g · %s changed", f->lambda, percent_text(f->change, p));
        ui_text(u, r, r.x, r.y, r.w, UI_DIM, text);
    }
}
