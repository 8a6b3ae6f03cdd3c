/* Results of a job in cells: pictures, and animations that play. */
#include <stdio.h>
#include <string.h>

#include "app.h"

int64_t viewer_tick(struct app *a)
{
    struct viewer_state *v = &a->viewer;
    if (a->view != VIEW_VIEWER || v->shown == NULL) {
        return -1;
    }
    return motion_tick(&v->motion, v->shown->seconds, v->shown->n, a->now);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void status_text(const struct viewer_state *v, char *out, size_t size)
{
    const struct limn_animation *s = v->shown;
    size_t at = (size_t)snprintf(out, size, "%d×%d", (int)s->width, (int)s->height);
    if (s->n > 1) {
        char text[120];
        motion_text(&v->motion, s->n, text, sizeof text);
        at += (size_t)snprintf(out + at, size - at, " · %s", text);
    }
    if (v->look.zoom > 1) {
        snprintf(out + at, size - at, " · enlarged %.3g×", v->look.zoom);
    }
}

static void draw_picture(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    const limn_image *image = v->shown->frame[v->motion.frame < v->shown->n ? v->motion.frame : 0];
    const struct picture_source src = look_source(&v->look, image);
    const struct rect where = picture_fit(src.width, src.height, r);
    picture_draw(u->grid, where, &src, (struct picture_style){a->caps.colours, a->caps.glyphs, false});
}

static void draw_list(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    char note[48];
    snprintf(note, sizeof note, "job %lld", (long long)v->job);
    r = ui_title(u, r, false, "Results", note);
    const int64_t first = ui_first((int64_t)v->n, (int64_t)v->at, r.h);
    for (int32_t i = 0; i < r.h && first + i < (int64_t)v->n; i++) {
        const bool marked = (size_t)(first + i) == v->at;
        const struct rect line = {r.x, r.y + i, r.w, 1};
        if (marked) {
            grid_fill(u->grid, line, ' ', ui_style(UI_SELECTED, u->colours));
        }
        ui_path(u, line, line.x + 1, line.y, line.w - 2, marked ? UI_SELECTED : UI_TEXT, base_name(v->path[first + i]));
    }
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    char note[200] = "";
    if (v->n == 0) {
        const char *why =
            v->job == 0 ? "No job is marked in the queue." : "This job has no pictures among its results.";
        ui_centre(u, r, (const char *const[]){"Nothing to look at", why}, 2);
        return;
    }
    if (r.w >= 100) {
        const struct rect list = ui_left(&r, 34, 2);
        draw_list(a, u, list);
    }
    if (v->shown != NULL) {
        status_text(v, note, sizeof note);
    }
    char name[300];
    snprintf(name, sizeof name, "%.280s", base_name(v->path[v->at]));
    if (r.w < 98 && v->n > 1) {
        snprintf(name, sizeof name, "%zu/%zu  %.270s", v->at + 1, v->n, base_name(v->path[v->at]));
    }
    r = ui_title(u, r, true, name, note);
    if (v->problem[0] != '\0') {
        ui_wrap(u, r, UI_BAD, v->problem, true);
    } else if (v->shown != NULL && r.w > 0 && r.h > 0) {
        draw_picture(a, u, r);
    }
}

static bool go(struct app *a, int by)
{
    struct viewer_state *v = &a->viewer;
    if (v->n > 1) {
        v->at = by > 0 ? (v->at + 1) % v->n : (v->at + v->n - 1) % v->n;
        a->want |= WANT_RESULTS;
    }
    return true;
}

static bool act(struct app *a, enum action action)
{
    struct viewer_state *v = &a->viewer;
    const size_t n = v->shown != NULL ? v->shown->n : 0;
    if (n < 2 && motion_action(action)) {
        app_say(a, UI_NOTE, "this is a single picture: nothing plays");
        return true;
    }
    if (motion_act(&v->motion, action, n) || look_act(&v->look, action)) {
        return true;
    }
    switch (action) {
    case ACT_NEXT_PICTURE:
        return go(a, 1);
    case ACT_PREV_PICTURE:
        return go(a, -1);
    case ACT_OPEN_LOG:
        app_go(a, VIEW_LOG);
        return true;
    default:
        return false;
    }
}

const struct view view_viewer = {.name = "viewer", .title = "Viewer", .where = IN_VIEWER, .draw = draw, .act = act};
