/* The log of the marked job, its last lines first to be seen. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app.h"

enum { TIME_COLUMNS = 9 };

static enum ui_role level_role(enum limn_log_level level)
{
    return level == LIMN_LOG_ERROR ? UI_BAD : level == LIMN_LOG_NOTE ? UI_TEXT : UI_DIM;
}

static void clock_text(int64_t ms, char out[16])
{
    const time_t s = (time_t)(ms / 1000);
    struct tm tm;
    if (localtime_r(&s, &tm) == NULL || strftime(out, 16, "%H:%M:%S", &tm) == 0) {
        out[0] = '\0';
    }
}

int64_t log_draw(const struct app *a, const struct ui *u, struct rect r, int64_t back)
{
    const struct queue_state *q = &a->queue;
    const struct limn_job *j = queue_job(q);
    const bool mine = j != NULL && q->log_job == j->id;
    const int64_t n = mine ? (int64_t)q->n_lines : 0;
    char note[64] = "";
    if (a->view == VIEW_LOG && j != NULL) {
        snprintf(note, sizeof note, "job %lld", (long long)j->id);
    }
    struct rect in = ui_title(u, r, a->view == VIEW_LOG, "Log", note);
    if (n == 0) {
        ui_text(u, in, in.x, in.y, in.w, UI_DIM, j == NULL ? "no job is marked" : "nothing was said yet");
        return 0;
    }
    back = back > n - 1 ? n - 1 : back;
    int64_t first = n - back;
    const bool clock = in.w >= 40;
    struct rect text = in;
    text.x += clock ? TIME_COLUMNS : 0;
    text.w -= clock ? TIME_COLUMNS + 2 : 2;
    int32_t used = 0;
    for (; first > 0; first--) { /* as many as fit, counted from the end */
        const int32_t h = ui_wrap(u, text, UI_TEXT, q->line[first - 1].text, false);
        if (used + (h > 0 ? h : 1) > in.h) {
            break;
        }
        used += h > 0 ? h : 1;
    }
    int32_t y = in.y;
    for (int64_t i = first; i < n - back; i++) {
        const struct log_line *l = &q->line[i];
        char when[16];
        if (clock) {
            clock_text(l->time, when);
            ui_text(u, in, in.x, y, TIME_COLUMNS, UI_DIM, when);
        }
        const int32_t h =
            ui_wrap(u, (struct rect){text.x, y, text.w, in.y + in.h - y}, level_role(l->level), l->text, true);
        y += h > 0 ? h : 1;
    }
    ui_scroll(u, in, n > in.h ? n : in.h, first < n - in.h ? first : n - in.h);
    return n;
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    log_draw(a, u, r, a->log_back);
}

static bool act(struct app *a, enum action action)
{
    int64_t n = (int64_t)a->queue.n_lines, at = n - 1 - a->log_back;
    if (app_move(a, action, n, &at)) {
        a->log_back = at >= 0 && at < n ? n - 1 - at : 0; /* of no lines none */
        return true;
    }
    if (action == ACT_CANCEL || action == ACT_RETRY || action == ACT_UNDO) {
        return views[VIEW_QUEUE]->act(a, action);
    }
    return false;
}

const struct view view_log = {.name = "log", .title = "Log", .where = IN_LOG, .draw = draw, .act = act};
