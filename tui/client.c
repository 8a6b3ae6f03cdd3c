/* The world's side of the front end: see client.h. */
#include "client.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { WINDOW = 400 }; /* jobs in memory */

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
    const struct limn_jobs_query query = {.first = (size_t)(first > 0 ? first : 0), .n = WINDOW};
    if (limn_jobs_count(c->store, q->count, &err) != LIMN_OK ||
        limn_jobs_list(c->store, &query, &list, &n, &err) != LIMN_OK) {
        snprintf(q->problem, sizeof q->problem, "%s", err.text);
        return false;
    }
    limn_jobs_list_free(&q->job);
    q->job = list;
    q->n = (int64_t)n;
    q->first = (int64_t)query.first;
    q->total = 0;
    for (int i = 0; i < LIMN_JOB_STATES; i++) {
        q->total += (int64_t)q->count[i];
    }
    q->problem[0] = '\0';
    return true;
}

/* The list anew: the marked job keeps its mark wherever it is now. */
static void load_jobs(struct client *c)
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
    const uint64_t *n = c->app->queue.count;
    return n[LIMN_JOB_RUNNING] + n[LIMN_JOB_QUEUED] + n[LIMN_JOB_INTERRUPTED] > 0;
}

bool client_look(struct client *c)
{
    uint64_t now = 0;
    if (c->store == NULL || limn_jobs_changes(c->store, &now, NULL) != LIMN_OK || now == c->changes) {
        return false;
    }
    c->changes = now;
    load_jobs(c);
    if (c->app->view == VIEW_VIEWER) {
        c->app->want |= WANT_RESULTS;
    }
    return true;
}

static void change_job(struct client *c, unsigned want)
{
    struct app *a = c->app;
    limn_error err = {0};
    const int64_t id = a->queue.id;
    limn_status st = LIMN_OK;
    if (want & WANT_CANCEL) {
        st = limn_jobs_cancel(c->store, id, &err);
    } else if (want & WANT_FORGET) {
        st = limn_jobs_clear(c->store, id, 0, NULL, &err);
    } else if (c->retry.pid == 0) { /* starts a worker as well, which takes its time */
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)id);
        st = child_start(&c->retry, (const char *const[]){NULL, "jobs", "retry", number, NULL}, NULL) ? LIMN_OK
                                                                                                      : LIMN_ERR_IO;
    }
    if (st != LIMN_OK) {
        app_say(a, UI_BAD, "%s", err.text[0] ? err.text : "limn cannot be started");
    } else if (want & WANT_CANCEL) {
        app_say(a, UI_NOTE, "job %lld is asked to stop", (long long)id);
    } else if (want & WANT_FORGET) {
        app_say(a, UI_NOTE, "job %lld is off the list; its files stay", (long long)id);
        a->queue.id = 0;
    }
    load_jobs(c);
}

/* ---- models ---- */

static void close_model(struct client *c)
{
    struct new_state *n = &c->app->new_job;
    limn_model_close(&c->model);
    free(c->label);
    c->label = NULL;
    c->model_open[0] = '\0';
    n->layer = NULL;
    n->n_layers = 0;
    n->label = NULL;
    n->n_classes = 0;
    n->layer_at = n->class_at = -1;
    n->model_problem[0] = '\0';
    memset(&n->info, 0, sizeof n->info);
}

static void open_model(struct client *c)
{
    struct new_state *n = &c->app->new_job;
    limn_error err = {0};
    if (n->model[0] == '\0' || strcmp(n->model, c->model_open) == 0) {
        return;
    }
    close_model(c);
    snprintf(c->model_open, sizeof c->model_open, "%s", n->model);
    limn_status st = c->context != NULL ? LIMN_OK : limn_context_create(NULL, &c->context, &err);
    st = st == LIMN_OK ? limn_model_open(c->context, n->model, NULL, &c->model, &err) : st;
    st = st == LIMN_OK ? limn_model_describe(c->model, &n->info, &err) : st;
    st = st == LIMN_OK ? limn_model_layers(c->model, &n->layer, &n->n_layers, &err) : st;
    if (st != LIMN_OK) {
        close_model(c);
        snprintf(c->model_open, sizeof c->model_open, "%s", n->model);
        snprintf(n->model_problem, sizeof n->model_problem, "%s", err.text);
    } else if (n->info.depth > 0) {
        snprintf(n->model_problem, sizeof n->model_problem, "%.200s takes volumes: see limn explain --help", n->model);
    } else {
        n->n_classes = n->info.n_classes;
        c->label = calloc((size_t)n->n_classes + 1, sizeof *c->label);
        for (int32_t k = 0; c->label != NULL && k < n->n_classes; k++) {
            c->label[k] = limn_model_label(c->model, k);
        }
        n->label = c->label;
    }
    new_filter(c->app);
}

static void load_models(struct client *c)
{
    struct models_state *m = &c->app->models;
    limn_error err = {0};
    limn_model_list_free(&m->model);
    m->n_models = 0;
    m->problem[0] = '\0';
    if (limn_model_list(&m->model, &m->n_models, &err) != LIMN_OK) {
        snprintf(m->problem, sizeof m->problem, "%s", err.text);
    }
    m->marked = m->marked < (int64_t)m->n_models ? m->marked : 0;
    for (size_t i = 0; i < m->n_models && c->app->new_job.samples[0] == '\0'; i++) { /* photos lie beside models */
        char path[600];
        const char *at = strstr(m->model[i].path, "/models/");
        snprintf(path, sizeof path, "%.*s/photos", at ? (int)(at - m->model[i].path) : 0, m->model[i].path);
        if (at != NULL && access(path, R_OK | X_OK) == 0) {
            snprintf(c->app->new_job.samples, sizeof c->app->new_job.samples, "%s", path);
        }
    }
    if (m->n_devices == 0 && c->devices.pid == 0) {
        m->asking = child_start(&c->devices, (const char *const[]){NULL, "devices", "--json", NULL}, NULL);
    }
    new_filter(c->app);
}

static void last_line(const char *text, char *out, size_t size)
{
    size_t n = text != NULL ? strlen(text) : 0;
    while (n > 0 && text[n - 1] == '\n') {
        n--;
    }
    size_t start = n;
    while (start > 0 && text[start - 1] != '\n') {
        start--;
    }
    if (n - start > 6 && strncmp(text + start, "limn: ", 6) == 0) {
        start += 6;
    }
    snprintf(out, size, "%.*s", (int)(n - start), text != NULL ? text + start : "");
}

static const char *json_word(const json_t *j, const char *key)
{
    const char *s = json_string_value(json_object_get(j, key));
    return s != NULL ? s : "";
}

static void devices_answer(struct client *c)
{
    struct models_state *m = &c->app->models;
    json_t *j = child_code(&c->devices) == 0 ? json_loads(c->devices.text[0] ? c->devices.text[0] : "", 0, NULL) : NULL;
    size_t i;
    json_t *d;
    m->asking = false;
    m->n_devices = 0;
    m->device_problem[0] = '\0';
    if (j == NULL) {
        last_line(c->devices.text[1], m->device_problem, sizeof m->device_problem);
    }
    json_array_foreach (json_object_get(j, "devices"), i, d) {
        if (m->n_devices < sizeof m->device / sizeof m->device[0]) {
            struct device_row *row = &m->device[m->n_devices++];
            const json_int_t bytes = json_integer_value(json_object_get(d, "memory_bytes"));
            snprintf(row->name, sizeof row->name, "%s", json_word(d, "name"));
            snprintf(row->kind, sizeof row->kind, "%s", json_word(d, "kind"));
            snprintf(row->note, sizeof row->note, "%s", json_word(d, "reason"));
            ui_bytes(bytes > 0 ? (uint64_t)bytes : 0, row->memory);
            row->usable = json_is_true(json_object_get(d, "usable"));
        }
    }
    json_decref(j);
}

/* ---- submitting ---- */

static void submit(struct client *c)
{
    struct app *a = c->app;
    char *document = document_text(&a->new_job);
    if (c->submit.pid == 0 && document != NULL &&
        child_start(&c->submit, (const char *const[]){NULL, "submit", "--json", "-", NULL}, document)) {
        a->new_job.sending = true;
        app_say(a, UI_NOTE, "on its way into the queue");
    } else {
        app_say(a, UI_BAD, "the job could not be handed over");
    }
    free(document);
}

static void submit_answer(struct client *c)
{
    struct app *a = c->app;
    char text[400];
    json_t *j = child_code(&c->submit) == 0 ? json_loads(c->submit.text[0] ? c->submit.text[0] : "", 0, NULL) : NULL;
    const json_int_t id = json_integer_value(json_object_get(j, "id"));
    a->new_job.sending = false;
    last_line(c->submit.text[1], text, sizeof text);
    if (id > 0) {
        if (a->view == VIEW_NEW) {
            app_go(a, VIEW_QUEUE);
        }
        a->queue.marked = 0;
        a->queue.id = id;
        app_say(a, UI_GOOD, "job %lld is in the queue", (long long)id);
        load_jobs(c);
    } else {
        app_say(a, UI_BAD, "%s", text[0] ? text : "the job was not taken");
    }
    json_decref(j);
}

bool client_children(struct client *c)
{
    bool any = false;
    if (child_read(&c->submit)) {
        submit_answer(c);
        child_finish(&c->submit);
        any = true;
    }
    if (child_read(&c->devices)) {
        devices_answer(c);
        child_finish(&c->devices);
        any = true;
    }
    if (child_read(&c->retry)) {
        char text[400];
        last_line(c->retry.text[1], text, sizeof text);
        if (child_code(&c->retry) != 0) {
            app_say(c->app, UI_BAD, "%s", text[0] ? text : "the job could not be tried again");
        }
        child_finish(&c->retry);
        load_jobs(c);
        any = true;
    }
    return any;
}

/* ---- pictures ---- */

static void load_preview(struct client *c)
{
    struct new_state *n = &c->app->new_job;
    char path[4096];
    limn_error err = {0};
    if (!new_marked_file(c->app, path, sizeof path)) {
        snprintf(path, sizeof path, "%s", n->field == FIELD_PICTURE ? "" : n->picture);
    }
    if (strcmp(path, n->preview_path) == 0) {
        return;
    }
    limn_image_destroy(&n->preview);
    n->preview_problem[0] = '\0';
    memcpy(n->preview_path, path, sizeof path);
    const struct limn_image_params p = {.max_pixels = 40000000};
    if (path[0] != '\0' && limn_image_load(path, &p, &n->preview, &err) != LIMN_OK) {
        snprintf(n->preview_problem, sizeof n->preview_problem, "%s", err.text);
    }
}

static bool shown_kind(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".gif") == 0);
}

static void free_results(struct viewer_state *v)
{
    for (size_t i = 0; i < v->n; i++) {
        free(v->path[i]);
    }
    free(v->path);
    v->path = NULL;
    v->n = 0;
}

static void list_results(struct client *c)
{
    struct viewer_state *v = &c->app->viewer;
    const struct limn_job_detail *d = c->app->queue.detail;
    const int64_t id = d != NULL ? d->job.id : 0;
    if (id != v->job) {
        v->at = 0;
    }
    free_results(v);
    v->job = id;
    v->path = calloc(d != NULL && d->n_artifacts > 0 ? d->n_artifacts : 1, sizeof *v->path);
    for (size_t i = 0; v->path != NULL && d != NULL && i < d->n_artifacts; i++) {
        if (shown_kind(d->artifact[i].path) && (v->path[v->n] = strdup(d->artifact[i].path)) != NULL) {
            v->n++;
        }
    }
    v->at = v->at < v->n ? v->at : 0;
}

static void load_results(struct client *c)
{
    struct viewer_state *v = &c->app->viewer;
    limn_error err = {0};
    list_results(c);
    const char *path = v->n > 0 ? v->path[v->at] : "";
    if (strcmp(path, v->shown_path) == 0) {
        return;
    }
    limn_animation_free(&v->shown);
    snprintf(v->shown_path, sizeof v->shown_path, "%s", path);
    v->problem[0] = '\0';
    v->frame = 0;
    v->zoom = 1;
    v->x = v->y = 0.5;
    v->next = 0;
    v->backwards = false;
    const struct limn_animation_params p = {.fit_width = 1600, .fit_height = 1600};
    if (path[0] != '\0' && limn_animation_load(path, &p, &v->shown, &err) != LIMN_OK) {
        snprintf(v->problem, sizeof v->problem, "%s", err.text);
    }
    v->playing = v->shown != NULL && v->shown->n > 1;
}

/* ---- all of it ---- */

bool client_serve(struct client *c)
{
    struct app *a = c->app;
    const unsigned want = a->want;
    a->want &= WANT_QUIT | WANT_SUSPEND | WANT_REDRAW;
    if (want & (WANT_CANCEL | WANT_RETRY | WANT_FORGET)) {
        change_job(c, want);
    }
    if (want & WANT_JOBS) {
        load_jobs(c);
    }
    if (want & WANT_MODELS) {
        load_models(c);
    }
    if (want & (WANT_MODELS | WANT_MODEL)) {
        open_model(c);
    }
    if (want & WANT_FOLDER) {
        folder_read(&a->new_job);
        new_filter(a);
    }
    if (want & (WANT_FOLDER | WANT_PREVIEW)) {
        load_preview(c);
    }
    if (want & WANT_SUBMIT) {
        submit(c);
    }
    if (want & WANT_RESULTS) {
        load_results(c);
    }
    return (want & ~(unsigned)(WANT_QUIT | WANT_SUSPEND | WANT_REDRAW)) != 0;
}

void client_open(struct client *c, struct app *a)
{
    limn_error err = {0};
    *c = (struct client){.app = a};
    c->submit.fd[0] = c->submit.fd[1] = c->devices.fd[0] = c->devices.fd[1] = c->retry.fd[0] = c->retry.fd[1] = -1;
    if (limn_jobs_open(NULL, &c->store, &err) != LIMN_OK) {
        snprintf(a->queue.problem, sizeof a->queue.problem, "%s", err.text);
    }
    session_load(a, limn_jobs_folder(c->store));
    keymap_load(a);
    if (c->store != NULL) {
        limn_jobs_changes(c->store, &c->changes, NULL);
    }
    load_jobs(c);
}

void client_close(struct client *c)
{
    struct app *a = c->app;
    session_save(a, limn_jobs_folder(c->store));
    child_finish(&c->submit);
    child_finish(&c->devices);
    child_finish(&c->retry);
    close_model(c);
    limn_context_destroy(&c->context);
    free_jobs(&a->queue);
    free_log(&a->queue);
    free_results(&a->viewer);
    limn_animation_free(&a->viewer.shown);
    limn_model_list_free(&a->models.model);
    limn_image_destroy(&a->new_job.preview);
    free(a->new_job.file);
    free(a->new_job.shown);
    limn_jobs_close(&c->store);
}
