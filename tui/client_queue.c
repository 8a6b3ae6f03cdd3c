/* Changes to jobs, and the worker that jobs wait for: whoever looks at the queue sees to it that one lives. */
#include <stdio.h>
#include <string.h>

#include "client.h"

enum {
    UNDO_MS = 5000,
    LOOK_MS = 1000,
    ALONE_MS = 2000, /* who submits or retries starts a worker as well: it gets the time for it */
    AGAIN_MS = 5000, /* to the second try, then twice as long each time */
    AGAIN_MOST_MS = 60000,
    JOBS_LOOKED_AT = 200, /* jobs that are looked at for their devices */
    DEVICES_MAX = 8
};

/* ---- changes ---- */

static limn_status cancel(struct client *c, int64_t id, limn_error *err)
{
    struct app *a = c->app;
    struct limn_job_detail *now = NULL; /* what the screen shows may be of a moment ago */
    limn_status st = limn_jobs_cancel(c->store, id, err);
    st = st == LIMN_OK ? limn_jobs_show(c->store, id, &now, err) : st;
    if (st == LIMN_OK && now->job.state == LIMN_JOB_CANCELLED) {
        a->undo = id;
        a->undo_until = a->now + UNDO_MS;
        app_say(a, UI_NOTE, "job %lld is cancelled; u puts it back", (long long)id);
    } else if (st == LIMN_OK) {
        app_say(a, UI_NOTE, "job %lld is asked to stop%s", (long long)id,
                now->job.resumable ? "; r goes on from its checkpoint" : "");
    }
    limn_job_detail_free(&now);
    return st;
}

static limn_status forget(struct client *c, int64_t id, limn_error *err)
{
    const limn_status st = limn_jobs_clear(c->store, id, 0, NULL, err);
    if (st == LIMN_OK) {
        app_say(c->app, UI_NOTE, "job %lld is off the list; its files stay", (long long)id);
        c->app->queue.id = 0;
        client_drop_marks(c);
    }
    return st;
}

static limn_status undo(struct client *c, limn_error *err)
{
    const int64_t id = c->app->undo;
    const limn_status st = limn_jobs_retry(c->store, id, err);
    c->app->undo = 0;
    if (st == LIMN_OK) {
        app_say(c->app, UI_GOOD, "job %lld waits again", (long long)id);
    }
    return st;
}

/* Starts a worker as well, which takes its time: in a program of its own. */
static limn_status retry(struct client *c, int64_t id)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)id);
    const char *const argv[] = {NULL, "jobs", "retry", number, NULL};
    return c->retry.pid != 0 || child_start(&c->retry, argv, NULL) ? LIMN_OK : LIMN_ERR_IO;
}

void client_change(struct client *c, unsigned want)
{
    static const char *const all[] = {NULL, "jobs", "cancel", "--all", NULL};
    limn_error err = {0};
    const int64_t id = c->app->queue.id;
    limn_status st = LIMN_OK;
    if (want & WANT_CANCEL) {
        st = cancel(c, id, &err);
    } else if (want & WANT_FORGET) {
        st = forget(c, id, &err);
    } else if (want & WANT_UNDO) {
        st = undo(c, &err);
    } else if (want & WANT_RETRY) {
        st = retry(c, id);
    } else if (c->cancel.pid == 0) {
        st = child_start(&c->cancel, all, NULL) ? LIMN_OK : LIMN_ERR_IO;
    }
    if (st != LIMN_OK) {
        app_say(c->app, UI_BAD, "%s", err.text[0] ? err.text : "limn cannot be started");
    }
    client_jobs(c);
}

/* ---- the worker ---- */

/* Adds a device that is not among the n yet, and that no worker serves; returns how many there are then. */
static size_t add_device(char device[DEVICES_MAX][40], size_t n, const char *name, const struct limn_worker *list,
                         size_t workers)
{
    bool known = n == DEVICES_MAX;
    for (size_t i = 0; i < workers; i++) {
        known |= strcmp(list[i].device, name) == 0;
    }
    for (size_t i = 0; i < n; i++) {
        known |= strcmp(device[i], name) == 0;
    }
    if (!known) {
        snprintf(device[n], sizeof device[n], "%s", name);
    }
    return n + !known;
}

/* The devices of jobs that wait and have no worker: of the oldest jobs, and of the newest. */
static size_t alone(struct client *c, char device[DEVICES_MAX][40])
{
    const uint64_t *count = c->app->queue.count;
    const uint64_t waiting = count[LIMN_JOB_QUEUED] + count[LIMN_JOB_INTERRUPTED];
    struct limn_worker *worker = NULL;
    size_t n_workers = 0, found = 0;
    if (waiting == 0 || limn_jobs_workers(c->store, &worker, &n_workers, NULL) != LIMN_OK) {
        return 0;
    }
    for (int pass = 0; pass < 2 && (pass == 0 || waiting > JOBS_LOOKED_AT); pass++) {
        const struct limn_jobs_query q = {.states = LIMN_JOB_BIT(LIMN_JOB_QUEUED) | LIMN_JOB_BIT(LIMN_JOB_INTERRUPTED),
                                          .n = JOBS_LOOKED_AT,
                                          .order = pass == 0 ? LIMN_JOBS_OLDEST : LIMN_JOBS_NEWEST};
        struct limn_job *job = NULL;
        size_t n = 0;
        if (limn_jobs_list(c->store, &q, &job, &n, NULL) != LIMN_OK) {
            break;
        }
        for (size_t i = 0; i < n; i++) {
            found = add_device(device, found, job[i].device, worker, n_workers);
        }
        limn_jobs_list_free(&job);
    }
    limn_jobs_workers_free(&worker);
    return found;
}

/* The next try waits longer and longer, also when a worker did start: it may have ended at once. */
static void wait_longer(struct client *c)
{
    int64_t ms = AGAIN_MS;
    for (int32_t i = 1; i < c->worker_tries && ms < AGAIN_MOST_MS; i++) {
        ms *= 2;
    }
    c->worker_next = c->app->now + (ms < AGAIN_MOST_MS ? ms : AGAIN_MOST_MS);
}

bool client_worker(struct client *c)
{
    struct app *a = c->app;
    char device[DEVICES_MAX][40];
    if (c->store == NULL || !c->start_worker || c->worker.pid != 0 || c->submit.pid != 0 || c->retry.pid != 0 ||
        (a->now >= c->worker_looked && a->now - c->worker_looked < LOOK_MS)) {
        return false;
    }
    c->worker_looked = a->now;
    const size_t n = alone(c, device);
    if (n == 0) {
        const bool said = a->queue.no_worker[0] != '\0';
        a->queue.no_worker[0] = '\0';
        c->worker_alone = 0;
        c->worker_tries = a->now > c->worker_next + AGAIN_MOST_MS ? 0 : c->worker_tries;
        return said;
    }
    c->worker_alone = c->worker_alone == 0 || c->worker_alone > a->now ? a->now : c->worker_alone;
    if (a->now - c->worker_alone < ALONE_MS || (a->now < c->worker_next && c->worker_tries > 0)) {
        return false;
    }
    /* of several devices one after the other: one that cannot be had does not keep the others from theirs */
    const char *const argv[] = {NULL, "worker", "--background", "--device", device[(size_t)c->worker_tries % n], NULL};
    c->worker_tries++;
    wait_longer(c);
    if (!child_start(&c->worker, argv, NULL)) {
        snprintf(a->queue.no_worker, sizeof a->queue.no_worker, "limn cannot be started");
    }
    return true;
}

void client_worker_answer(struct client *c)
{
    char text[300];
    struct queue_state *q = &c->app->queue;
    child_last_line(c->worker.text[1], text, sizeof text);
    q->no_worker[0] = '\0';
    if (child_code(&c->worker) != 0) {
        snprintf(q->no_worker, sizeof q->no_worker, "no worker could be started: %.200s",
                 text[0] ? text : "it ended without a word");
    }
    client_jobs(c);
}

/* ---- answers ---- */

void client_cancel_answer(struct client *c)
{
    char text[400];
    child_last_line(c->cancel.text[1], text, sizeof text);
    if (child_code(&c->cancel) == 0) {
        c->app->cancelled_all = true;
        c->app->want |= WANT_QUIT;
    } else {
        app_say(c->app, UI_BAD, "%s", text[0] ? text : "the jobs could not be cancelled");
    }
    client_jobs(c);
}

void client_retry_answer(struct client *c)
{
    char text[400];
    child_last_line(c->retry.text[1], text, sizeof text);
    if (child_code(&c->retry) != 0) {
        app_say(c->app, UI_BAD, "%s", text[0] ? text : "the job could not be tried again");
    }
    client_jobs(c);
}

/* ---- the picture of the marked job ---- */

/* The first picture that is not one of the inputs. */
static const char *first_picture(const struct limn_job_detail *d)
{
    const char *found = NULL;
    for (size_t i = 0; i < d->n_artifacts && found == NULL; i++) {
        found =
            client_shows(d->artifact[i].path) && strcmp(d->artifact[i].kind, "input") != 0 ? d->artifact[i].path : NULL;
    }
    return found;
}

bool client_queue_picture(struct client *c)
{
    struct queue_state *q = &c->app->queue;
    const struct limn_job_detail *d = q->detail;
    if (d == NULL || (d->job.id == q->picture_job && d->n_artifacts == q->picture_of)) {
        return false;
    }
    const limn_image *before = q->picture;
    const char *path = first_picture(d);
    const struct limn_image_params quick = {.max_pixels = 8000000}; /* a larger one is for the viewer */
    limn_image_destroy(&q->picture);
    q->picture_job = d->job.id;
    q->picture_of = (uint32_t)d->n_artifacts;
    if (path != NULL) {
        (void)limn_image_load(path, &quick, &q->picture, NULL);
    }
    return before != NULL || q->picture != NULL;
}
