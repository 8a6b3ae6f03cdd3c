/* The world's side of the front end: see client.h. */
#include "client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { WINDOW = 400 };    /* jobs in memory */
enum { LOG_KEPT = 5000 }; /* lines */

/* ---- jobs ---- */

static void free_log(struct queue_state *q)
{
    for (size_t i = 0; i < q->n_lines; i++) {
        free(q->line[i].text);
    }
    free(q->line);
    q->line = NULL;
    q->n_lines = 0;
    q->log_job = 0;
}

static void free_jobs(struct queue_state *q)
{
    limn_jobs_list_free(&q->job);
    limn_job_detail_free(&q->detail);
    q->n = 0;
    q->n_arguments = 0;
}

/* As many lines as the store keeps of a job: the first ones go. */
static void trim_log(struct queue_state *q)
{
    const size_t gone = q->n_lines > LOG_KEPT ? q->n_lines - LOG_KEPT : 0;
    for (size_t i = 0; i < gone; i++) {
        free(q->line[i].text);
    }
    if (gone > 0) {
        q->n_lines -= gone;
        memmove(q->line, q->line + gone, q->n_lines * sizeof *q->line);
    }
}

/* Adds the lines that the log has more than we. */
static void read_log(struct client *c, int64_t id)
{
    struct queue_state *q = &c->app->queue;
    if (q->log_job != id) {
        free_log(q);
        q->log_job = id;
    }
    for (size_t got = 1000; got == 1000;) {
        struct limn_log_line *list = NULL;
        const int64_t after = q->n_lines > 0 ? q->line[q->n_lines - 1].seq : 0;
        got = 0;
        if (limn_jobs_log(c->store, id, after, 1000, &list, &got, NULL) != LIMN_OK || got == 0) {
            return;
        }
        struct log_line *all = realloc(q->line, (q->n_lines + got) * sizeof *all);
        for (size_t i = 0; i < got && all != NULL; i++) {
            char *text = strdup(list[i].text);
            if (text != NULL) {
                all[q->n_lines++] = (struct log_line){list[i].seq, list[i].time, list[i].level, text};
            }
        }
        q->line = all != NULL ? all : q->line;
        trim_log(q);
        limn_jobs_log_free(&list, got);
        if (all == NULL) {
            return;
        }
        if (c->app->log_back > 0) { /* what is being read stays where it is */
            c->app->log_back += (int64_t)got;
        }
    }
}

static bool load_window(struct client *c, int64_t first)
{
    struct queue_state *q = &c->app->queue;
    limn_error err = {0};
    size_t n = 0;
    struct limn_job *list = NULL;
    struct limn_jobs_query query = queue_query(q);
    uint64_t matches = 0;
    query.first = (size_t)(first > 0 ? first : 0);
    query.n = WINDOW;
    if (limn_jobs_count(c->store, q->count, &err) != LIMN_OK ||
        limn_jobs_list(c->store, &query, &list, &n, &err) != LIMN_OK ||
        (queue_filtered(q) && limn_jobs_matches(c->store, &query, &matches, &err) != LIMN_OK)) {
        limn_jobs_list_free(&list);
        snprintf(q->problem, sizeof q->problem, "%s", err.text);
        return false;
    }
    limn_jobs_list_free(&q->job);
    q->job = list;
    q->n = (int64_t)n;
    q->first = (int64_t)query.first;
    q->total = (int64_t)matches;
    for (int i = 0; i < LIMN_JOB_STATES && !queue_filtered(q); i++) {
        q->total += (int64_t)q->count[i];
    }
    q->problem[0] = '\0';
    return true;
}

/* The list anew: the marked job keeps its mark wherever it is now. */
void client_jobs(struct client *c)
{
    struct queue_state *q = &c->app->queue;
    const int64_t id = q->id;
    if (c->store == NULL || !load_window(c, q->marked - WINDOW / 2)) {
        return;
    }
    if (q->marked >= q->total) {
        q->marked = q->total > 0 ? q->total - 1 : 0;
        load_window(c, q->marked - WINDOW / 2);
    }
    for (int64_t i = 0; i < q->n && id != 0; i++) {
        if (q->job[i].id == id) {
            q->marked = q->first + i;
        }
    }
    const struct limn_job *j = queue_job(q);
    q->id = j != NULL ? j->id : 0;
    limn_job_detail_free(&q->detail);
    q->n_arguments = 0;
    if (j == NULL) {
        free_log(q);
        return;
    }
    if (limn_jobs_show(c->store, j->id, &q->detail, NULL) == LIMN_OK) {
        document_read(q, q->detail->document);
    }
    read_log(c, j->id);
}

bool client_busy(const struct client *c)
{
    return jobs_go_on(c->app);
}

/* Jobs that were forgotten, here or by another program, are not marked any more, and their results not pinned. */
void client_drop_marks(struct client *c)
{
    struct marks *m = &c->app->marks;
    for (size_t i = m->n + m->n_pins; i-- > 0;) {
        struct limn_job_detail *d = NULL;
        const size_t all = m->n + m->n_pins;
        const int64_t id = i >= all ? 0 : i < m->n ? m->job[i] : m->pin[i - m->n].job;
        if (id != 0 && limn_jobs_show(c->store, id, &d, NULL) == LIMN_ERR_NOT_FOUND) {
            marks_drop(m, id);
            app_say(c->app, UI_NOTE, "job %lld is off the list, and so no longer marked or pinned; its files stay",
                    (long long)id);
        }
        limn_job_detail_free(&d);
    }
}

size_t client_programs(struct client *c, struct child *out[CLIENT_CHILDREN])
{
    struct child *const all[] = {&c->submit, &c->retry,   &c->devices, &c->export,
                                 &c->found,  &c->request, &c->worker,  &c->cancel};
    memcpy(out, all, sizeof all);
    return sizeof all / sizeof all[0];
}

bool client_look(struct client *c)
{
    uint64_t now = 0;
    const bool said = client_worker(c);
    if (c->store == NULL || limn_jobs_changes(c->store, &now, NULL) != LIMN_OK || now == c->changes) {
        return said;
    }
    c->changes = now;
    client_jobs(c);
    client_drop_marks(c);
    static const unsigned wanted[VIEW_COUNT] = {[VIEW_VIEWER] = WANT_RESULTS, [VIEW_COMPARE] = WANT_COMPARE};
    c->app->want |= wanted[c->app->view];
    c->app->want |= c->app->view == VIEW_EXPORT && client_export_changed(c) ? WANT_EXPORT : 0U;
    client_requests_look(c);
    return true;
}

bool client_children(struct client *c)
{
    const struct {
        struct child *child;
        void (*answer)(struct client *c);
    } each[] = {{&c->submit, client_submit_answer},   {&c->devices, client_devices_answer},
                {&c->request, client_request_answer}, {&c->export, client_export_answer},
                {&c->found, client_found_answer},     {&c->retry, client_retry_answer},
                {&c->worker, client_worker_answer},   {&c->cancel, client_cancel_answer}};
    bool any = client_export_progress(c);
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        if (child_read(each[i].child)) {
            each[i].answer(c);
            child_finish(each[i].child);
            any = true;
        }
    }
    return any;
}

/* ---- pictures ---- */

bool client_shows(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".gif") == 0);
}

/* ---- all of it ---- */

bool client_idle(struct client *c)
{
    const enum view_id view = c->app->view;
    return view == VIEW_QUEUE ? client_queue_picture(c)
                              : (view == VIEW_NEW || view == VIEW_MODELS) && client_model_fact(c);
}

bool client_serve(struct client *c)
{
    struct app *a = c->app;
    const unsigned want = a->want;
    a->want &= WANTS_OF_LOOP;
    if (want & (WANT_CANCEL | WANT_RETRY | WANT_FORGET | WANT_UNDO | WANT_CANCEL_ALL)) {
        client_change(c, want);
    }
    if (want & WANT_JOBS) {
        client_jobs(c);
    }
    if (want & WANT_MODELS) {
        client_models(c);
    }
    if (want & WANT_SUBMIT) {
        client_submit(c);
    }
    if (want & WANT_LAYERS) {
        client_layers(c);
    }
    if (want & WANT_MAP) {
        client_request(c);
    }
    if (a->view == VIEW_NEW) {
        client_new(c, (want & WANT_FOLDER) != 0);
    }
    if (want & WANT_RESULTS) {
        client_results(c);
    }
    if (want & WANT_COMPARE) {
        client_compare(c);
    }
    if (want & WANT_COMPLETE) {
        client_export_complete(c);
    }
    if (want & (WANT_EXPORT | WANT_WRITE)) {
        client_export_plan(c);
    }
    if ((want & (WANT_EXPORT | WANT_PREVIEW)) && a->view == VIEW_EXPORT) {
        client_export_preview(c);
    }
    if (want & WANT_WRITE) {
        client_export_write(c);
    }
    if (want & WANT_STOP) {
        client_export_stop(c);
    }
    return (want & ~(unsigned)WANTS_OF_LOOP) != 0;
}

void client_open(struct client *c, struct app *a)
{
    limn_error err = {0};
    *c = (struct client){.app = a, .start_worker = c->start_worker};
    struct child *child[CLIENT_CHILDREN];
    const size_t n = client_programs(c, child);
    for (size_t i = 0; i < n; i++) {
        child[i]->fd[0] = child[i]->fd[1] = -1;
    }
    if (limn_jobs_open(NULL, &c->store, &err) != LIMN_OK) {
        snprintf(a->queue.problem, sizeof a->queue.problem, "%s", err.text);
    }
    session_load(a, limn_jobs_folder(c->store));
    keymap_load(a);
    if (c->store != NULL) {
        limn_jobs_changes(c->store, &c->changes, NULL);
    }
    client_jobs(c);
}

void client_close(struct client *c)
{
    struct app *a = c->app;
    session_save(a, limn_jobs_folder(c->store));
    struct child *child[CLIENT_CHILDREN];
    const size_t n = client_programs(c, child);
    for (size_t i = 0; i < n; i++) {
        child_finish(child[i]);
    }
    compare_free(&a->compare);
    marks_clear(&a->marks);
    export_files_free(&a->export);
    limn_image_destroy(&a->export.preview);
    client_model_close(c);
    form_destroy(&a->new_job.form, a->new_job.n_forms);
    free(a->models.fact);
    limn_context_destroy(&c->context);
    free_jobs(&a->queue);
    free_log(&a->queue);
    viewer_free(&a->viewer);
    limn_model_list_free(&a->models.model);
    limn_image_destroy(&a->new_job.preview);
    limn_image_destroy(&a->queue.picture);
    free(a->new_job.file);
    free(a->new_job.shown);
    limn_jobs_close(&c->store);
}
