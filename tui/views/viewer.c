/* The viewer: maps over their picture, animations, pictures, numbers and texts, one at a time. */
#include <stdio.h>
#include <string.h>

#include "viewer_panel.h"

enum { PANEL_WIDE = 38, PANEL_NARROW = 28, PANEL_FROM = 74, WIDE_FROM = 110, STATUS = 2 };

static bool few_colours(const struct app *a)
{
    return a->caps.colours < PICTURE_256;
}

int64_t viewer_tick(struct app *a)
{
    struct viewer_state *v = &a->viewer;
    if (a->view != VIEW_VIEWER || !viewer_plays(v)) {
        return -1;
    }
    const struct limn_animation *s = viewer_item(v)->shown;
    const size_t before = v->motion.frame;
    const int64_t ms = motion_tick(&v->motion, s->seconds, s->n, a->now);
    if (v->motion.frame != before) {
        viewer_show(v, few_colours(a));
    }
    return ms;
}

/* ---- drawing ---- */

/* What is seen: drawn by viewer_show, or a frame as it is; NULL: nothing. */
static const limn_image *seen(const struct viewer_state *v)
{
    const struct result *x = viewer_item(v);
    if (v->image != NULL || x->kind == RESULT_MAPS) {
        return v->image;
    }
    const struct limn_animation *s = x->shown;
    return s != NULL ? s->frame[v->motion.frame < s->n ? v->motion.frame : 0] : NULL;
}

static bool is_pinned(const struct app *a)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    const char *path = x->kind != RESULT_MAPS ? x->path : v->map != NULL ? v->map->path : NULL;
    const struct pin p = {.kind = x->kind, .path = (char *)path};
    return path != NULL && marks_find(&a->marks, &p) < a->marks.n_pins;
}

static void note_text(const struct app *a, char *out, size_t size)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    size_t at = 0;
    out[0] = '\0';
    if (viewer_plays(v)) {
        motion_text(&v->motion, x->shown->n, out, size);
        at = strlen(out);
    } else if (x->shown != NULL) {
        at = (size_t)snprintf(out, size, "%d×%d", (int)x->shown->width, (int)x->shown->height);
    }
    if (v->difference && v->image != NULL && at < size) {
        at += (size_t)snprintf(out + at, size - at, "%sdifference", at > 0 ? " · " : "");
    }
    if (is_pinned(a) && at < size) {
        at += (size_t)snprintf(out + at, size - at, "%spinned", at > 0 ? " · " : "");
    }
    if (v->look.zoom > 1 && at < size) {
        snprintf(out + at, size - at, "%senlarged %.3g×", at > 0 ? " · " : "", v->look.zoom);
    }
}

static void draw_picture(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    const limn_image *image = seen(v);
    if (image == NULL || r.w < 1 || r.h < 1) {
        return;
    }
    const bool bar = v->image != NULL && v->scale.colormap != NULL && r.w >= 30 && r.h >= 3;
    struct rect room = r;
    room.w -= bar ? BAR_WIDTH + 1 : 0;
    const struct picture_source src = look_source(&v->look, image);
    const struct rect where = caps_fit(&a->caps, src.width, src.height, room);
    picture_draw(u->grid, where, &src, (struct picture_style){a->caps.colours, a->caps.glyphs, a->caps.light});
    if (bar) {
        viewer_bar(a, u, (struct rect){where.x + where.w + 1, where.y, BAR_WIDTH, where.h});
    }
}

static void draw_lines(const struct ui *u, struct rect r, const struct result *x, size_t first)
{
    for (int32_t i = 0; i < r.h && first + (size_t)i < x->n_line; i++) {
        ui_text(u, r, r.x, r.y + i, r.w - 1, UI_TEXT, x->line[first + (size_t)i]);
    }
    ui_scroll(u, r, (int64_t)x->n_line, (int64_t)first);
}

/* A training's last epochs, under its curve: the lines that take part in `r` are cut off it. */
static void draw_epochs(const struct app *a, const struct ui *u, struct rect *r)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v), *log = NULL;
    for (size_t i = 0; i < v->results.n && strcmp(x->title, "loss.png") == 0; i++) {
        const struct result *other = &v->results.item[i];
        log = strcmp(other->title, "log.jsonl") == 0 && other->n_line > 1 ? other : log;
    }
    if (log == NULL || r->h < 14) {
        return;
    }
    const int32_t most = r->h / 4, n = (int32_t)log->n_line - 1 < most ? (int32_t)log->n_line - 1 : most;
    struct rect below = {r->x, r->y + r->h - n - 2, r->w, n + 2};
    r->h -= n + 3;
    below = ui_title(u, below, false, "Last epochs", "");
    ui_text(u, below, below.x, below.y, below.w, UI_DIM, log->line[0]);
    for (int32_t i = 0; i < n; i++) {
        ui_text(u, below, below.x, below.y + 1 + i, below.w, UI_TEXT, log->line[log->n_line - (size_t)(n - i)]);
    }
}

static void draw_missing(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    struct limn_method_info m = {0};
    char name[500], cls[200], what[80], key[32];
    const char *title = viewer_method(v, &m) != NULL ? m.title : v->name.method;
    viewer_class_text(viewer_item(v), v->name.cls, cls);
    snprintf(name, sizeof name, "%.60s · %.120s%s%.120s", title, v->name.layer, v->name.layer[0] ? " · " : "", cls);
    keymap_keys(&a->keys, ACT_MAKE, key, sizeof key);
    if (v->asking) {
        snprintf(what, sizeof what, "on its way into the queue");
    } else if (v->n_waiting > 0) {
        snprintf(what, sizeof what, "job %lld makes it", (long long)v->waiting[v->n_waiting - 1]);
    } else {
        snprintf(what, sizeof what, "%s makes it", key);
    }
    ui_centre(u, r, (const char *const[]){"There is no such map yet", name, what}, 3);
}

static void draw_body(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    if (v->problem[0] != '\0') {
        ui_wrap(u, r, UI_BAD, v->problem, true);
    } else if (x->kind == RESULT_MAPS && v->map == NULL) {
        draw_missing(a, u, r);
    } else if (x->kind == RESULT_TEXT) {
        draw_lines(u, r, x, v->top);
    } else {
        if (x->kind == RESULT_ARRAY) {
            draw_lines(u, ui_top(&r, (int32_t)x->n_line, 1), x, 0);
        } else if (x->kind == RESULT_PICTURE) {
            draw_epochs(a, u, &r);
        }
        draw_picture(a, u, r);
    }
}

static bool has_panel(const struct viewer_state *v, int32_t width)
{
    const struct result *x = viewer_item(v);
    const bool facts = x->kind == RESULT_MAPS || x->n_frame > 0;
    return facts ? width >= PANEL_FROM : width >= 98 && v->results.n > 1;
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    char note[200] = "", name[300];
    if (x == NULL) {
        const bool over = (LIMN_JOB_OVER & LIMN_JOB_BIT(v->results.state)) != 0;
        const char *why = v->results.job == 0 ? "No job is marked in the queue."
                          : over              ? "This job has no results; l reads its log."
                                              : "This job has no results yet.";
        ui_centre(u, r, (const char *const[]){"Nothing to look at", why}, 2);
        return;
    }
    const bool panel = has_panel(v, r.w);
    if (panel) {
        const bool facts = x->kind == RESULT_MAPS || x->n_frame > 0;
        const int32_t w = facts && r.w >= WIDE_FROM ? PANEL_WIDE : PANEL_NARROW;
        viewer_panel(a, u, (struct rect){r.x + r.w - w, r.y, w, r.h});
        r.w -= w + 2;
    }
    note_text(a, note, sizeof note);
    snprintf(name, sizeof name, "%.280s", x->title);
    if (!panel && v->results.n > 1) {
        snprintf(name, sizeof name, "%zu/%zu  %.270s", v->at + 1, v->results.n, x->title);
    }
    r = ui_title(u, r, true, name, note);
    if (!panel && (x->kind == RESULT_MAPS || x->n_frame > 0) && r.h > 4) {
        const int32_t lines = r.h > 7 ? STATUS : 1;
        viewer_status(a, u, (struct rect){r.x, r.y + r.h - lines, r.w, lines});
        r.h -= lines;
    }
    draw_body(a, u, r);
}

/* ---- keys ---- */

static bool go(struct app *a, int by)
{
    struct viewer_state *v = &a->viewer;
    if (v->results.n > 1) {
        v->at = by > 0 ? (v->at + 1) % v->results.n : (v->at + v->results.n - 1) % v->results.n;
        viewer_begin(v);
        a->want |= WANT_RESULTS;
    }
    return true;
}

/* The outcome of a step: something else is to be seen, or words. */
static bool stepped(struct app *a, bool fine, const char *otherwise)
{
    if (fine) {
        a->want |= WANT_RESULTS;
    } else {
        app_say(a, UI_NOTE, "%s", otherwise);
    }
    return true;
}

static bool step_layer(struct app *a, int step)
{
    struct viewer_state *v = &a->viewer;
    struct limn_method_info m;
    if (!viewer_maps(v)) {
        return stepped(a, false, "this result has no layers");
    }
    if (viewer_method(v, &m) == NULL || !m.uses_layer) {
        return stepped(a, false, "this method looks at no layer: m chooses another method");
    }
    v->layer_step = step;
    a->want |= WANT_LAYERS | WANT_RESULTS;
    return true;
}

static bool change_opacity(struct app *a, double by)
{
    struct viewer_state *v = &a->viewer;
    if (!viewer_maps(v) || v->difference || !viewer_shown_mode(v, few_colours(a))->opaque) {
        return stepped(a, false, "this view has no opacity: v chooses another one");
    }
    v->opacity += by;
    v->opacity = v->opacity < 0.05 ? 0.05 : v->opacity > 1 ? 1 : v->opacity;
    return stepped(a, true, "");
}

static bool toggle_difference(struct app *a)
{
    struct viewer_state *v = &a->viewer;
    if (viewer_maps(v) ? viewer_minus(v) == NULL : !viewer_plays(v)) {
        return stepped(a, false, "there is nothing that this could be compared with");
    }
    v->difference = !v->difference;
    return stepped(a, true, "");
}

static bool step_slice(struct app *a, int step)
{
    struct viewer_state *v = &a->viewer;
    const int32_t n = v->size[v->slice.axis];
    v->slice.index = (v->slice.index + step + n) % n;
    return stepped(a, true, "");
}

static bool step_axis(struct app *a)
{
    struct viewer_state *v = &a->viewer;
    if (v->size[0] == 0) {
        return stepped(a, false, "this is no volume");
    }
    v->slice.axis = (v->slice.axis + 1) % 3;
    v->slice.index = v->size[v->slice.axis] / 2;
    return stepped(a, true, "");
}

static bool make_map(struct app *a)
{
    struct viewer_state *v = &a->viewer;
    if (v->map == NULL && !v->asking) {
        a->want |= WANT_MAP;
    }
    return true;
}

static bool copy_path(struct app *a)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    const char *path = x == NULL                 ? NULL
                       : x->kind != RESULT_MAPS  ? x->path
                       : v->map == NULL          ? NULL
                       : v->map->picture != NULL ? v->map->picture
                                                 : v->map->path;
    if (path == NULL) {
        return stepped(a, false, "there is no file to name");
    }
    snprintf(a->copy, sizeof a->copy, "%s", path);
    a->want |= WANT_COPY;
    return true;
}

/* Keeps what is seen, or no longer. */
static bool pin_result(struct app *a)
{
    struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    const struct map_look look = viewer_look(v, false);
    struct pin p;
    if (x == NULL || !pin_take(&p, &v->results, x, v->map, &look, v->motion.frame)) {
        return stepped(a, false, "only maps, animations and pictures can be pinned");
    }
    const bool was = marks_find(&a->marks, &p) < a->marks.n_pins;
    if (!marks_pin(&a->marks, &p)) {
        app_say(a, UI_NOTE, "no more than %d results can be pinned", PINS_MAX);
    } else {
        char compare[32];
        keymap_keys(&a->keys, ACT_VIEW_COMPARE, compare, sizeof compare);
        app_say(a, UI_GOOD, was ? "no longer pinned; %zu are" : "pinned, %zu in all; %s compares them", a->marks.n_pins,
                compare);
    }
    pin_free(&p);
    return true;
}

/* Frames, and what they share keys with. */
static bool act_motion(struct app *a, enum action action)
{
    struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    const bool plays = viewer_plays(v);
    if (plays && (action == ACT_MORE || action == ACT_LESS)) {
        return motion_act(&v->motion, action == ACT_MORE ? ACT_FASTER : ACT_SLOWER, x->shown->n);
    }
    if (!motion_action(action)) {
        return false;
    }
    if (v->size[0] > 0 && (action == ACT_FRAME_NEXT || action == ACT_FRAME_PREV)) {
        return step_slice(a, action == ACT_FRAME_NEXT ? 1 : -1);
    }
    if (!plays) {
        return stepped(a, false, "nothing plays here");
    }
    motion_act(&v->motion, action, x->shown->n);
    return stepped(a, true, "");
}

static bool act_text(struct app *a, enum action action)
{
    struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    static const enum action as[][2] = {{ACT_PAN_UP, ACT_UP}, {ACT_PAN_DOWN, ACT_DOWN}};
    int64_t top = (int64_t)v->top;
    if (x == NULL || x->kind != RESULT_TEXT) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        action = action == as[i][0] ? as[i][1] : action;
    }
    if (!app_move(a, action, (int64_t)x->n_line, &top)) {
        return false;
    }
    v->top = (size_t)top;
    return true;
}

static bool act(struct app *a, enum action action)
{
    struct viewer_state *v = &a->viewer;
    if (action == ACT_MAKE && (!viewer_maps(v) || v->map != NULL)) {
        action = ACT_PLAY; /* they share a key */
    }
    if (act_motion(a, action) || act_text(a, action) || look_act(&v->look, action)) {
        return true;
    }
    switch (action) {
    case ACT_MAKE:
        return make_map(a);
    case ACT_CLASS_NEXT:
    case ACT_CLASS_PREV:
        return stepped(a, viewer_step_class(v, action == ACT_CLASS_NEXT ? 1 : -1),
                       "only this class has maps; New job makes those of the most probable five");
    case ACT_METHOD_NEXT:
    case ACT_METHOD_PREV:
        return stepped(a, viewer_step_method(v, action == ACT_METHOD_NEXT ? 1 : -1), "this result has no maps");
    case ACT_LAYER_NEXT:
    case ACT_LAYER_PREV:
        return step_layer(a, action == ACT_LAYER_NEXT ? 1 : -1);
    case ACT_OPACITY_LESS:
    case ACT_OPACITY_MORE:
        return change_opacity(a, action == ACT_OPACITY_MORE ? 0.1 : -0.1);
    case ACT_MODE:
        return stepped(a, viewer_step_mode(v), "this result is shown in one way only");
    case ACT_COLORMAP:
        return stepped(a, viewer_step_colormap(v), "only blue, white and red show what is for and against");
    case ACT_DIFFERENCE:
        return toggle_difference(a);
    case ACT_AXIS:
        return step_axis(a);
    case ACT_COPY:
        return copy_path(a);
    case ACT_PIN:
        return pin_result(a);
    case ACT_NEXT_PICTURE:
    case ACT_PREV_PICTURE:
        return go(a, action == ACT_NEXT_PICTURE ? 1 : -1);
    case ACT_OPEN_LOG:
        app_go(a, VIEW_LOG);
        return true;
    default:
        return false;
    }
}

/* A row of the panel: that result, or the map of that class. There is nothing further to open. */
static bool click(struct app *a, int32_t list, int64_t row)
{
    struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    if (list == VIEWER_RESULTS && (size_t)row < v->results.n && (size_t)row != v->at) {
        v->at = (size_t)row;
        viewer_begin(v);
        a->want |= WANT_RESULTS;
    } else if (list == VIEWER_CLASSES && x != NULL && (size_t)row < x->n_cls) {
        stepped(a, viewer_go_class(v, x->cls[row].index), "");
    }
    return false;
}

/* Which hints make sense now. */
static const char *hint(const struct app *a, enum action action)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    const bool maps = viewer_maps(v), plays = viewer_plays(v), text = x != NULL && x->kind == RESULT_TEXT;
    struct limn_method_info m;
    switch (action) {
    case ACT_PLAY:
        return plays ? v->motion.playing ? "pause" : "play" : "";
    case ACT_FRAME_PREV:
        return plays ? "step" : v->size[0] > 0 && x != NULL && !text ? "slice" : "";
    case ACT_MAKE:
        return maps && v->map == NULL && !v->asking && v->n_waiting == 0 ? "make the map" : "";
    case ACT_CLASS_PREV:
        return maps && x->n_cls > 1 ? "class" : "";
    case ACT_METHOD_NEXT:
        return maps ? NULL : "";
    case ACT_MODE:
        return maps && v->map != NULL ? NULL : "";
    case ACT_LAYER_PREV:
        return maps && viewer_method(v, &m) != NULL && m.uses_layer ? "layer" : "";
    case ACT_OPACITY_LESS:
        return v->map != NULL && !v->difference && viewer_shown_mode(v, few_colours(a))->opaque ? "opacity" : "";
    case ACT_DIFFERENCE:
        return plays || (v->map != NULL && viewer_minus(v) != NULL) ? NULL : "";
    case ACT_COLORMAP:
        return v->map != NULL && !few_colours(a) && v->scale.colormap != NULL && !v->scale.diverging ? NULL : "";
    case ACT_OPEN_LOG:
        return "";
    case ACT_AXIS:
        return v->size[0] > 0 ? NULL : "";
    case ACT_LESS:
    case ACT_MORE:
        return action == ACT_LESS || x == NULL || text || (maps && v->map == NULL) ? "" : plays ? "speed" : "zoom";
    case ACT_NEXT_PICTURE:
        return v->results.n > 1 ? NULL : "";
    case ACT_PIN:
        return x != NULL && (x->kind == RESULT_MAPS ? v->map != NULL : !text && x->kind != RESULT_ARRAY) ? NULL : "";
    default:
        return NULL;
    }
}

const struct view view_viewer = {.name = "viewer",
                                 .title = "Viewer",
                                 .where = IN_VIEWER,
                                 .draw = draw,
                                 .act = act,
                                 .hint = hint,
                                 .click = click,
                                 .wheel = {ACT_ZOOM_IN, ACT_ZOOM_OUT}};
