/* Results of a job in cells: pictures, and animations that play. */
#include <stdio.h>
#include <string.h>

#include "app.h"

static double frame_seconds(const struct viewer_state *v)
{
    const double s = v->shown->seconds[v->frame];
    return (s >= 0.02 ? s : 0.1) / v->speed;
}

static void step(struct viewer_state *v)
{
    const size_t n = v->shown->n;
    if (v->ping_pong && n > 1) {
        if (v->frame + 1 >= n) {
            v->backwards = true;
        } else if (v->frame == 0) {
            v->backwards = false;
        }
        v->frame = v->backwards ? v->frame - 1 : v->frame + 1;
    } else {
        v->frame = (v->frame + 1) % n;
    }
}

int64_t viewer_tick(struct app *a)
{
    struct viewer_state *v = &a->viewer;
    if (a->view != VIEW_VIEWER || !v->playing || v->shown == NULL || v->shown->n < 2) {
        return -1;
    }
    if (v->next == 0 || a->now - v->next > 1000) { /* begins, or was asleep */
        v->next = a->now + (int64_t)(1000 * frame_seconds(v));
    }
    while (a->now >= v->next) {
        step(v);
        v->next += (int64_t)(1000 * frame_seconds(v)) + 1;
    }
    return v->next - a->now;
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
        at += (size_t)snprintf(out + at, size - at, " · frame %zu of %zu · %s%s", v->frame + 1, s->n,
                               v->playing ? "playing" : "paused", v->ping_pong ? ", forth and back" : "");
        if (v->speed < 0.99 || v->speed > 1.01) {
            at += (size_t)snprintf(out + at, size - at, " at %.2g×", v->speed);
        }
    }
    if (v->zoom > 1) {
        snprintf(out + at, size - at, " · enlarged %.3g×", v->zoom);
    }
}

static void draw_picture(const struct app *a, const struct ui *u, struct rect r)
{
    const struct viewer_state *v = &a->viewer;
    const limn_image *image = v->shown->frame[v->frame < v->shown->n ? v->frame : 0];
    const int32_t w = limn_image_width(image), h = limn_image_height(image);
    const struct rect where = picture_fit(w, h, r);
    struct picture_source src = {limn_image_rgb(image), w, h, 0, 0, w / v->zoom, h / v->zoom};
    src.x = v->x * w - src.w / 2;
    src.y = v->y * h - src.h / 2;
    src.x = src.x < 0 ? 0 : src.x > w - src.w ? w - src.w : src.x;
    src.y = src.y < 0 ? 0 : src.y > h - src.h ? h - src.h : src.y;
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

static bool zoom(struct viewer_state *v, double zoom_to)
{
    v->zoom = zoom_to < 1.01 ? 1 : zoom_to > 32 ? 32 : zoom_to;
    if (v->zoom == 1) {
        v->x = v->y = 0.5;
    }
    return true;
}

static bool pan(struct viewer_state *v, double dx, double dy)
{
    const double least = 0.5 / v->zoom, most = 1 - least;
    const double x = v->x + dx / v->zoom, y = v->y + dy / v->zoom;
    v->x = x < least ? least : x > most ? most : x;
    v->y = y < least ? least : y > most ? most : y;
    return true;
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

static bool act_animation(struct app *a, enum action action)
{
    struct viewer_state *v = &a->viewer;
    const size_t n = v->shown != NULL ? v->shown->n : 0;
    if (n < 2) {
        app_say(a, UI_NOTE, "this is a single picture: nothing plays");
        return true;
    }
    v->next = 0;
    if (action == ACT_PLAY) {
        v->playing = !v->playing;
    } else if (action == ACT_PING_PONG) {
        v->ping_pong = !v->ping_pong;
    } else if (action == ACT_FASTER || action == ACT_SLOWER) {
        v->speed *= action == ACT_FASTER ? 1.25 : 0.8;
        v->speed = v->speed < 0.1 ? 0.1 : v->speed > 10 ? 10 : v->speed;
    } else {
        v->playing = false;
        v->frame = action == ACT_FRAME_NEXT ? (v->frame + 1) % n : (v->frame + n - 1) % n;
    }
    return true;
}

static bool act(struct app *a, enum action action)
{
    struct viewer_state *v = &a->viewer;
    switch (action) {
    case ACT_PLAY:
    case ACT_PING_PONG:
    case ACT_FASTER:
    case ACT_SLOWER:
    case ACT_FRAME_NEXT:
    case ACT_FRAME_PREV:
        return act_animation(a, action);
    case ACT_NEXT_PICTURE:
        return go(a, 1);
    case ACT_PREV_PICTURE:
        return go(a, -1);
    case ACT_ZOOM_IN:
        return zoom(v, v->zoom * 1.5);
    case ACT_ZOOM_OUT:
        return zoom(v, v->zoom / 1.5);
    case ACT_ZOOM_ALL:
        return zoom(v, 1);
    case ACT_PAN_LEFT:
        return pan(v, -0.15, 0);
    case ACT_PAN_RIGHT:
        return pan(v, 0.15, 0);
    case ACT_PAN_UP:
        return pan(v, 0, -0.15);
    case ACT_PAN_DOWN:
        return pan(v, 0, 0.15);
    case ACT_OPEN_LOG:
        app_go(a, VIEW_LOG);
        return true;
    default:
        return false;
    }
}

const struct view view_viewer = {.name = "viewer", .title = "Viewer", .where = IN_VIEWER, .draw = draw, .act = act};
