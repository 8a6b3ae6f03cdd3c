/* The jobs: a list with state, progress and time, and beside or below it details and log of the marked one. */
#include <stdio.h>
#include <string.h>

#include "app.h"

const struct limn_job *queue_job(const struct queue_state *q)
{
    const int64_t i = q->marked - q->first;
    return i >= 0 && i < q->n ? &q->job[i] : NULL;
}

bool job_over(const struct limn_job *j)
{
    return (LIMN_JOB_BIT(j->state) & LIMN_JOB_OVER) != 0;
}

const char *job_sign(const struct limn_job *j, enum ui_role *role)
{
    static const struct {
        const char *sign;
        enum ui_role role;
    } sign[LIMN_JOB_STATES] = {
        [LIMN_JOB_QUEUED] = {"○", UI_DIM},    [LIMN_JOB_RUNNING] = {"●", UI_ACCENT},
        [LIMN_JOB_DONE] = {"✓", UI_GOOD},     [LIMN_JOB_FAILED] = {"✗", UI_BAD},
        [LIMN_JOB_CANCELLED] = {"–", UI_DIM}, [LIMN_JOB_INTERRUPTED] = {"!", UI_NOTE},
    };
    *role = (unsigned)j->state < LIMN_JOB_STATES ? sign[j->state].role : UI_DIM;
    return (unsigned)j->state < LIMN_JOB_STATES ? sign[j->state].sign : "?";
}

/* "41 s left", "took 3:07", "2 h ago" */
static void time_text(const struct app *a, const struct limn_job *j, char out[40])
{
    char text[24];
    out[0] = '\0';
    if (j->state == LIMN_JOB_RUNNING && j->cancelling) {
        snprintf(out, 40, "stopping");
    } else if (j->state == LIMN_JOB_RUNNING && j->left >= 0) {
        snprintf(out, 40, "%s left", ui_duration(j->left, text));
    } else if (j->state == LIMN_JOB_RUNNING && j->started > 0) {
        snprintf(out, 40, "for %s", ui_duration((double)(a->now - j->started) / 1000, text));
    } else if (j->ended > 0) {
        snprintf(out, 40, "%s", ui_ago((double)(a->now - j->ended) / 1000, text));
    }
}

static void draw_progress(const struct ui *u, struct rect line, int32_t x, int32_t w, const struct limn_job *j,
                          bool marked)
{
    const enum ui_role role = marked ? UI_SELECTED : UI_DIM;
    if (j->state == LIMN_JOB_RUNNING) {
        char text[8];
        snprintf(text, sizeof text, "%3d %%", (int)(100 * j->part));
        ui_right(u, line, x, line.y, 5, marked ? UI_SELECTED : UI_TEXT, text);
        ui_bar(u, line, x + 6, line.y, w - 6, j->part, marked ? UI_SELECTED : UI_ACCENT);
    } else {
        const char *name = limn_job_state_name(j->state);
        ui_text(u, line, x, line.y, w, role, name ? name : "");
    }
}

static void draw_row(const struct app *a, const struct ui *u, struct rect line, const struct limn_job *j, bool marked)
{
    enum ui_role role;
    char text[40];
    const char *sign = job_sign(j, &role);
    const int32_t bar = line.w >= 100 ? 24 : 11, when = line.w >= 60 ? 11 : 0;
    if (marked) {
        grid_fill(u->grid, line, ' ', ui_style(UI_SELECTED, u->colours));
    }
    if (marks_has(&a->marks, j->id)) {
        ui_text(u, line, line.x, line.y, 1, marked ? UI_SELECTED : UI_ACCENT, "*");
    }
    int32_t x = line.x + 1;
    ui_text(u, line, x, line.y, 1, marked ? UI_SELECTED : role, sign);
    snprintf(text, sizeof text, "%lld", (long long)j->id);
    ui_right(u, line, x + 2, line.y, 5, marked ? UI_SELECTED : UI_DIM, text);
    x += 9;
    const int32_t right = line.x + line.w - 2; /* the bar of the list beyond it */
    const int32_t title = right - x - bar - when - (when ? 4 : 2);
    ui_text(u, line, x, line.y, title, marked ? UI_SELECTED : UI_TEXT, j->title);
    x += title + 2;
    draw_progress(u, line, x, bar, j, marked);
    if (when > 0) {
        time_text(a, j, text);
        ui_right(u, line, x + bar + 1, line.y, when, marked ? UI_SELECTED : UI_DIM, text);
    }
}

/* "2 of 6 · 3 marked · failed · /cat" */
static void list_note(const struct app *a, char *out, size_t size)
{
    const struct queue_state *q = &a->queue;
    char which[120];
    int at = 0;
    out[0] = '\0';
    queue_filter_text(q, which, sizeof which);
    if (q->total > 0) {
        at = snprintf(out, size, "%lld of %lld", (long long)q->marked + 1, (long long)q->total);
        at += a->marks.n > 0 ? snprintf(out + at, size - (size_t)at, " · %zu marked", a->marks.n) : 0;
    }
    if (which[0] != '\0') {
        snprintf(out + at, size - (size_t)at, "%s%s", at > 0 ? " · " : "", which);
    }
}

static void draw_empty(const struct app *a, const struct ui *u, struct rect in)
{
    char key[64], text[120];
    if (queue_filtered(&a->queue) || a->queue.typing) {
        ui_centre(u, in, (const char *const[]){"No such jobs", "Esc shows all of them."}, 2);
        return;
    }
    keymap_keys(&a->keys, ACT_NEW, key, sizeof key);
    snprintf(text, sizeof text, "Press %s to choose a picture and a network.", key);
    ui_centre(u, in, (const char *const[]){"No jobs yet", text}, 2);
}

static void draw_list(const struct app *a, const struct ui *u, struct rect r)
{
    const struct queue_state *q = &a->queue;
    char note[200];
    list_note(a, note, sizeof note);
    struct rect in = ui_title(u, r, true, "Jobs", note);
    if (q->problem[0] != '\0') {
        ui_wrap(u, in, UI_BAD, q->problem, true);
        return;
    }
    if (q->no_worker[0] != '\0') {
        ui_top(&in, ui_wrap(u, in, UI_BAD, q->no_worker, true), 0);
    }
    if (q->total == 0) {
        draw_empty(a, u, in);
        return;
    }
    const int64_t first = ui_first(q->total, q->marked, in.h);
    for (int32_t i = 0; i < in.h && first + i < q->total; i++) {
        const int64_t at = first + i - q->first;
        const struct rect line = {in.x, in.y + i, in.w - 1, 1};
        if (at >= 0 && at < q->n) {
            ui_hit_row(u, line, 0, first + i);
            draw_row(a, u, line, &q->job[at], first + i == q->marked);
        } else {
            ui_text(u, line, line.x + 1, line.y, line.w, UI_DIM, "…");
        }
    }
    ui_scroll(u, in, q->total, first);
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    if (a->queue.total > 0 && r.w >= 116) {
        const struct rect list = ui_left(&r, r.w * (r.w < 150 ? 63 : 58) / 100, 2);
        draw_list(a, u, list);
        queue_details_tall(a, u, r);
        return;
    }
    if (r.w < 76 || r.h < 14 || a->queue.total == 0) {
        draw_list(a, u, r);
        return;
    }
    draw_list(a, u, ui_top(&r, r.h * 55 / 100, 0));
    queue_details_wide(a, u, r);
}

static bool act_on_job(struct app *a, enum action action)
{
    const struct limn_job *j = queue_job(&a->queue);
    const bool over = j != NULL && job_over(j);
    if (j == NULL) {
        app_say(a, UI_NOTE, "there is no job");
    } else if (action == ACT_CANCEL && over) {
        app_say(a, UI_NOTE, "job %lld is over: %s", (long long)j->id, limn_job_state_name(j->state));
    } else if (action == ACT_CANCEL && j->state == LIMN_JOB_RUNNING && j->cancelling) {
        app_say(a, UI_NOTE, "job %lld is being stopped", (long long)j->id);
    } else if (action == ACT_CANCEL && j->state == LIMN_JOB_RUNNING && !j->resumable) {
        prompt_ask(a, PROMPT_STOP);
    } else if (action == ACT_CANCEL) {
        a->want |= WANT_CANCEL;
    } else if (action == ACT_RETRY && (j->state == LIMN_JOB_QUEUED || j->state == LIMN_JOB_RUNNING)) {
        app_say(a, UI_NOTE, "job %lld is %s already", (long long)j->id, limn_job_state_name(j->state));
    } else if (action == ACT_RETRY && j->state == LIMN_JOB_DONE) {
        app_say(a, UI_NOTE, "job %lld is done: nothing to try again", (long long)j->id);
    } else if (action == ACT_RETRY) {
        a->want |= WANT_RETRY;
    } else if (action == ACT_FORGET && !over) {
        app_say(a, UI_NOTE, "job %lld is not over: cancel it first", (long long)j->id);
    } else if (action == ACT_FORGET) {
        a->want |= WANT_FORGET;
    } else if (action == ACT_OPEN && j->n_artifacts == 0) {
        app_say(a, UI_NOTE, "job %lld has no results%s", (long long)j->id, over ? "" : " yet");
    } else {
        app_go(a, action == ACT_OPEN ? VIEW_VIEWER : VIEW_LOG);
    }
    return true;
}

/* Marks the job of the line, or no longer, and goes on to the next line. */
static void mark(struct app *a)
{
    struct queue_state *q = &a->queue;
    if (q->id != 0 && !marks_toggle(&a->marks, q->id)) {
        app_say(a, UI_NOTE, "no more than %d jobs can be marked", MARKS_MAX);
    }
    app_act(a, ACT_DOWN);
}

static bool act(struct app *a, enum action action)
{
    struct queue_state *q = &a->queue;
    if (queue_filter_act(a, action)) {
        return true;
    }
    if (app_move(a, action, q->total, &q->marked)) {
        const struct limn_job *j = queue_job(q);
        q->id = j != NULL ? j->id : 0;
        a->want |= WANT_JOBS;
        return true;
    }
    switch (action) {
    case ACT_MARK:
        mark(a);
        return true;
    case ACT_TAKE_TEXT:
    case ACT_DROP_TEXT: /* by the mouse: as the keys */
        return queue_filter_key(a, &(struct key_event){.key = action == ACT_TAKE_TEXT ? KEY_RETURN : KEY_ESCAPE});
    case ACT_UNDO: /* shares its key with what comes else */
        if (a->undo != 0 && a->now <= a->undo_until) {
            a->want |= WANT_UNDO;
        } else {
            app_act(a, ACT_UNMARK);
        }
        return true;
    case ACT_NEW:
        app_go(a, VIEW_NEW);
        return true;
    case ACT_OPEN:
    case ACT_OPEN_LOG:
    case ACT_CANCEL:
    case ACT_RETRY:
    case ACT_FORGET:
        return act_on_job(a, action);
    default:
        return false;
    }
}

static bool click(struct app *a, int32_t list, int64_t index)
{
    struct queue_state *q = &a->queue;
    const bool again = q->marked == index;
    (void)list;
    q->marked = index;
    const struct limn_job *j = queue_job(q);
    q->id = j != NULL ? j->id : 0;
    a->want |= WANT_JOBS;
    return again;
}

/* Only what the marked job can be asked. */
static const char *hint(const struct app *a, enum action action)
{
    const struct limn_job *j = queue_job(&a->queue);
    const bool over = j != NULL && job_over(j), any = j != NULL;
    const bool again = any && j->state != LIMN_JOB_DONE && j->state != LIMN_JOB_QUEUED && j->state != LIMN_JOB_RUNNING;
    const struct {
        enum action action;
        bool can;
    } when[] = {{ACT_OPEN, any && j->n_artifacts > 0},
                {ACT_EXPORT, any && j->n_artifacts > 0},
                {ACT_OPEN_LOG, any},
                {ACT_MARK, any},
                {ACT_FILTER, a->queue.total > 0 || queue_filtered(&a->queue)},
                {ACT_CANCEL, any && !over},
                {ACT_RETRY, again},
                {ACT_FORGET, over}};
    for (size_t i = 0; i < sizeof when / sizeof when[0]; i++) {
        if (when[i].action == action && !when[i].can) {
            return "";
        }
    }
    return NULL;
}

const struct view view_queue = {.name = "queue",
                                .title = "Queue",
                                .where = IN_QUEUE,
                                .draw = draw,
                                .act = act,
                                .hint = hint,
                                .click = click,
                                .open = ACT_OPEN};
