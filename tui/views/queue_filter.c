/* Which jobs the queue shows and in which order: a row of `show` or `order`, and a text that their titles must have. */
#include <stdio.h>
#include <string.h>

#include "app.h"

#define BIT(state) LIMN_JOB_BIT(LIMN_JOB_##state)

static const struct {
    unsigned states; /* 0: all */
    const char *name;
} show[] = {{0, ""},
            {BIT(QUEUED) | BIT(RUNNING) | BIT(INTERRUPTED), "not over"},
            {BIT(FAILED), "failed"},
            {BIT(CANCELLED), "cancelled"},
            {BIT(DONE), "done"}};
static const struct {
    enum limn_job_order order;
    const char *name;
} order[] = {{LIMN_JOBS_NEWEST, ""}, {LIMN_JOBS_OLDEST, "oldest first"}, {LIMN_JOBS_BY_STATE, "by state"}};
enum { SHOWS = sizeof show / sizeof show[0], ORDERS = sizeof order / sizeof order[0] };

struct limn_jobs_query queue_query(const struct queue_state *q)
{
    return (struct limn_jobs_query){.states = show[q->show].states, .text = q->text, .order = order[q->order].order};
}

bool queue_filtered(const struct queue_state *q)
{
    return q->show != 0 || q->text[0] != '\0';
}

void queue_filter_text(const struct queue_state *q, char *out, size_t size)
{
    size_t at = 0;
    const char *const part[] = {show[q->show].name, order[q->order].name};
    out[0] = '\0';
    for (size_t i = 0; i < 2; i++) {
        if (part[i][0] != '\0' && at < size) {
            at += (size_t)snprintf(out + at, size - at, "%s%s", at > 0 ? " · " : "", part[i]);
        }
    }
    if ((q->text[0] != '\0' || q->typing) && at < size) {
        snprintf(out + at, size - at, "%s/%s%s", at > 0 ? " · " : "", q->text, q->typing ? "_" : "");
    }
}

/* The list begins anew, at its first job. */
static void anew(struct app *a)
{
    a->queue.marked = 0;
    a->queue.id = 0;
    a->want |= WANT_JOBS;
}

bool queue_filter_act(struct app *a, enum action action)
{
    struct queue_state *q = &a->queue;
    if (action == ACT_FILTER) {
        q->typing = true;
    } else if (action == ACT_SHOW) {
        q->show = (q->show + 1) % SHOWS;
        anew(a);
    } else if (action == ACT_ORDER) {
        q->order = (q->order + 1) % ORDERS;
        a->want |= WANT_JOBS; /* the marked job keeps its mark where the list shows it still */
    } else if (action == ACT_BACK && queue_filtered(q)) {
        q->show = 0;
        q->text[0] = '\0';
        a->want |= WANT_JOBS;
    } else {
        return false;
    }
    return true;
}

bool queue_filter_key(struct app *a, const struct key_event *ev)
{
    struct queue_state *q = &a->queue;
    if (!q->typing) {
        return false;
    }
    if (ev->key == KEY_RETURN) {
        q->typing = false;
    } else if (ev->key == KEY_ESCAPE || ev->key == 3) {
        q->typing = false;
        q->text[0] = '\0';
        a->want |= WANT_JOBS;
    } else if (text_key(q->text, sizeof q->text, ev->key)) {
        anew(a);
    } else {
        return false;
    }
    return true;
}
