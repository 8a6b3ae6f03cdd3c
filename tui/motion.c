/* Playing, zooming and panning. */
#include "motion.h"

#include <stdio.h>

static double frame_seconds(const struct motion *m, const double *seconds)
{
    const double s = seconds[m->frame];
    return (s >= 0.02 ? s : 0.1) / m->speed;
}

static void step(struct motion *m, size_t n)
{
    if (m->ping_pong && n > 1) {
        if (m->frame + 1 >= n) {
            m->backwards = true;
        } else if (m->frame == 0) {
            m->backwards = false;
        }
        m->frame = m->backwards ? m->frame - 1 : m->frame + 1;
    } else {
        m->frame = (m->frame + 1) % n;
    }
}

void motion_start(struct motion *m, bool playing)
{
    m->frame = 0;
    m->playing = playing;
    m->backwards = false;
    m->next = 0;
}

int64_t motion_tick(struct motion *m, const double *seconds, size_t n, int64_t now)
{
    if (!m->playing || n < 2) {
        return -1;
    }
    m->frame = m->frame < n ? m->frame : 0;
    if (m->next == 0 || now - m->next > 1000) { /* begins, or was asleep */
        m->next = now + (int64_t)(1000 * frame_seconds(m, seconds));
    }
    while (now >= m->next) {
        step(m, n);
        m->next += (int64_t)(1000 * frame_seconds(m, seconds)) + 1;
    }
    return m->next - now;
}

bool motion_action(enum action action)
{
    return action == ACT_PLAY || action == ACT_PING_PONG || action == ACT_FASTER || action == ACT_SLOWER ||
           action == ACT_FRAME_NEXT || action == ACT_FRAME_PREV;
}

bool motion_act(struct motion *m, enum action action, size_t n)
{
    if (!motion_action(action)) {
        return false;
    }
    m->next = 0;
    if (action == ACT_PLAY) {
        m->playing = !m->playing;
    } else if (action == ACT_PING_PONG) {
        m->ping_pong = !m->ping_pong;
    } else if (action == ACT_FASTER || action == ACT_SLOWER) {
        m->speed *= action == ACT_FASTER ? 1.25 : 0.8;
        m->speed = m->speed < 0.1 ? 0.1 : m->speed > 10 ? 10 : m->speed;
    } else {
        m->playing = false;
        m->frame = action == ACT_FRAME_NEXT ? (m->frame + 1) % n : (m->frame + n - 1) % n;
    }
    return true;
}

void motion_text(const struct motion *m, size_t n, char *out, size_t size)
{
    const int at = snprintf(out, size, "frame %zu of %zu · %s%s", m->frame + 1, n, m->playing ? "playing" : "paused",
                            m->ping_pong ? ", forth and back" : "");
    if (at > 0 && (size_t)at < size && (m->speed < 0.99 || m->speed > 1.01)) {
        snprintf(out + at, size - (size_t)at, " at %.2g×", m->speed);
    }
}

static bool zoom(struct look *l, double to)
{
    l->zoom = to < 1.01 ? 1 : to > 32 ? 32 : to;
    if (l->zoom == 1) {
        l->x = l->y = 0.5;
    }
    return true;
}

static bool pan(struct look *l, double dx, double dy)
{
    const double least = 0.5 / l->zoom, most = 1 - least;
    const double x = l->x + dx / l->zoom, y = l->y + dy / l->zoom;
    l->x = x < least ? least : x > most ? most : x;
    l->y = y < least ? least : y > most ? most : y;
    return true;
}

bool look_act(struct look *l, enum action action)
{
    switch (action) {
    case ACT_MORE:
    case ACT_ZOOM_IN:
        return zoom(l, l->zoom * 1.5);
    case ACT_LESS:
    case ACT_ZOOM_OUT:
        return zoom(l, l->zoom / 1.5);
    case ACT_ZOOM_ALL:
        return zoom(l, 1);
    case ACT_PAN_LEFT:
        return pan(l, -0.15, 0);
    case ACT_PAN_RIGHT:
        return pan(l, 0.15, 0);
    case ACT_PAN_UP:
        return pan(l, 0, -0.15);
    case ACT_PAN_DOWN:
        return pan(l, 0, 0.15);
    default:
        return false;
    }
}

struct picture_source look_source(const struct look *l, const limn_image *image)
{
    const int32_t w = limn_image_width(image), h = limn_image_height(image);
    struct picture_source src = {limn_image_rgb(image), w, h, 0, 0, w / l->zoom, h / l->zoom};
    src.x = l->x * w - src.w / 2;
    src.y = l->y * h - src.h / 2;
    src.x = src.x < 0 ? 0 : src.x > w - src.w ? w - src.w : src.x;
    src.y = src.y < 0 ? 0 : src.y > h - src.h ? h - src.h : src.y;
    return src;
}
