/* Questions that lie above the screen: one row of `prompt` each, whose answers are actions of the keymap. */
#include <stdio.h>
#include <string.h>

#include "app.h"

enum { ANSWERS_MAX = 3 };

static int64_t waiting(const struct app *a)
{
    const uint64_t *n = a->queue.count;
    return (int64_t)(n[LIMN_JOB_QUEUED] + n[LIMN_JOB_INTERRUPTED]);
}

static void ask_quit(const struct app *a, char *out, size_t size)
{
    const int64_t runs = (int64_t)a->queue.count[LIMN_JOB_RUNNING], waits = waiting(a);
    if (runs > 0 && waits > 0) {
        snprintf(out, size, "%lld running, %lld waiting.", (long long)runs, (long long)waits);
    } else if (runs + waits == 0) {
        snprintf(out, size, "No job runs or waits any more.");
    } else {
        const int64_t n = runs + waits;
        snprintf(out, size, "%lld job%s %s%s.", (long long)n, n == 1 ? "" : "s", runs > 0 ? "run" : "wait",
                 n == 1 ? "s" : "");
    }
}

static void ask_stop(const struct app *a, char *out, size_t size)
{
    snprintf(out, size, "Job %lld cannot go on later: what it did so far is lost.", (long long)a->queue.id);
}

static const struct {
    const char *title;
    unsigned where;
    void (*text)(const struct app *a, char *out, size_t size);
    enum action answer[ANSWERS_MAX]; /* the first one is marked */
} prompt[] = {
    [PROMPT_QUIT] = {"Leave limn?", IN_QUIT, ask_quit, {ACT_DETACH, ACT_CANCEL_ALL, ACT_STAY}},
    [PROMPT_STOP] = {"Stop the job?", IN_STOP, ask_stop, {ACT_STOP_JOB, ACT_STAY}},
};

static int answers(const struct app *a)
{
    int n = 0;
    while (n < ANSWERS_MAX && prompt[a->prompt].answer[n] != ACT_NONE) {
        n++;
    }
    return n;
}

void prompt_ask(struct app *a, enum prompt what)
{
    a->overlay = OVERLAY_PROMPT;
    a->prompt = what;
    a->overlay_marked = 0;
}

void prompt_draw(const struct app *a, const struct ui *u, struct rect r)
{
    char text[200], keys[40];
    prompt[a->prompt].text(a, text, sizeof text);
    const int32_t w = r.w < 56 ? r.w - 2 : 56, n = answers(a);
    const int32_t lines = ui_wrap(u, (struct rect){0, 0, w - 4, 9}, UI_TEXT, text, false);
    const int32_t h = n + lines + (r.h >= 12 ? 4 : 2);
    struct rect in = ui_box(u, (struct rect){r.x + (r.w - w) / 2, r.y + (r.h - h) / 3, w, h}, prompt[a->prompt].title);
    if (r.h >= 12) {
        ui_top(&in, 0, 1);
    }
    ui_wrap(u, in, UI_TEXT, text, true);
    ui_top(&in, lines, r.h >= 12 ? 1 : 0);
    for (int i = 0; i < n && i < in.h; i++) {
        const struct rect line = {in.x, in.y + i, in.w, 1};
        const enum action act = prompt[a->prompt].answer[i];
        const bool marked = i == a->overlay_marked;
        if (marked) {
            grid_fill(u->grid, line, ' ', ui_style(UI_SELECTED, u->colours));
        }
        keymap_keys(&a->keys, act, keys, sizeof keys);
        keys[strcspn(keys, " ")] = '\0';
        ui_text(u, line, line.x + 1, line.y, 4, marked ? UI_SELECTED : UI_ACCENT, keys);
        ui_text(u, line, line.x + 5, line.y, line.w - 6, marked ? UI_SELECTED : UI_TEXT, action_info(act)->help);
        ui_hit(u, line, HIT_ACTION, act);
    }
}

void prompt_act(struct app *a, enum action action)
{
    switch (action) {
    case ACT_DETACH:
        a->want |= WANT_QUIT;
        break;
    case ACT_CANCEL_ALL:
        a->want |= WANT_CANCEL_ALL;
        app_say(a, UI_NOTE, "all jobs are asked to stop");
        break;
    case ACT_STOP_JOB:
        a->want |= WANT_CANCEL;
        break;
    default:
        break;
    }
    a->overlay = OVERLAY_NONE;
}

void prompt_key(struct app *a, const struct key_event *ev)
{
    const enum action act = keymap_find(&a->keys, prompt[a->prompt].where, ev->key);
    const enum action move = keymap_find(&a->keys, IN_LOG, ev->key);
    if (ev->key == KEY_RETURN) {
        prompt_act(a, prompt[a->prompt].answer[a->overlay_marked]);
    } else if (act != ACT_NONE) {
        prompt_act(a, act);
    } else if (ev->key == KEY_TAB) {
        a->overlay_marked = (a->overlay_marked + 1) % answers(a);
    } else {
        app_move(a, move, answers(a), &a->overlay_marked);
    }
}
