/* Models and devices, as the client of views finds them. */
#include "client.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FACTS_MS = 30 }; /* at once; the rest little by little */

void client_model_close(struct client *c)
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
    n->model_problem[0] = '\0';
    memset(&n->info, 0, sizeof n->info);
}

static limn_status open_in_context(struct client *c, const char *name, limn_model **out, limn_error *err)
{
    limn_status st = c->context != NULL ? LIMN_OK : limn_context_create(NULL, &c->context, err);
    return st == LIMN_OK ? limn_model_open(c->context, name, NULL, out, err) : st;
}

bool client_model_open(struct client *c)
{
    struct new_state *n = &c->app->new_job;
    const char *name = new_model(c->app);
    limn_error err = {0};
    if (strcmp(name, c->model_open) == 0) {
        return false;
    }
    client_model_close(c);
    snprintf(c->model_open, sizeof c->model_open, "%s", name);
    if (name[0] == '\0') {
        return true;
    }
    limn_status st = open_in_context(c, name, &c->model, &err);
    st = st == LIMN_OK ? limn_model_describe(c->model, &n->info, &err) : st;
    st = st == LIMN_OK ? limn_model_layers(c->model, &n->layer, &n->n_layers, &err) : st;
    if (st != LIMN_OK) {
        client_model_close(c);
        snprintf(c->model_open, sizeof c->model_open, "%s", name);
        snprintf(n->model_problem, sizeof n->model_problem, "%s", err.text);
        return true;
    }
    n->n_classes = n->info.n_classes;
    c->label = calloc((size_t)n->n_classes + 1, sizeof *c->label);
    for (int32_t k = 0; c->label != NULL && k < n->n_classes; k++) {
        c->label[k] = limn_model_label(c->model, k);
    }
    n->label = c->label;
    return true;
}

static void read_fact(struct client *c, const char *name, struct model_fact *f)
{
    limn_model *m = NULL;
    struct limn_model_info info;
    limn_error err = {0};
    limn_status st = open_in_context(c, name, &m, &err);
    st = st == LIMN_OK ? limn_model_describe(m, &info, &err) : st;
    *f = (struct model_fact){.known = true};
    if (st != LIMN_OK) {
        snprintf(f->problem, sizeof f->problem, "%.199s", err.text);
    } else {
        f->n_classes = info.n_classes;
        f->channels = info.channels;
        f->depth = info.depth;
        f->height = info.height;
        f->width = info.width;
        snprintf(f->arch, sizeof f->arch, "%.63s", info.arch);
        snprintf(f->trained_on, sizeof f->trained_on, "%.79s", info.trained_on);
        snprintf(f->problem, sizeof f->problem, "%s", info.arch[0] ? "" : "of an unknown architecture");
    }
    limn_model_close(&m);
}

bool client_model_fact(struct client *c)
{
    struct models_state *m = &c->app->models;
    for (size_t i = 0; i < m->n_models && m->fact != NULL; i++) {
        if (!m->fact[i].known) {
            read_fact(c, m->model[i].name, &m->fact[i]);
            return true;
        }
    }
    return false;
}

/* What trainings among the jobs have made: the first of a job's models, which is its best. */
static void find_trained(struct client *c)
{
    struct models_state *m = &c->app->models;
    struct limn_job *list = NULL;
    size_t n = 0;
    const struct limn_jobs_query q = {.states = LIMN_JOB_OVER, .text = "train ", .n = 3 * TRAINED_MAX};
    m->n_trained = 0;
    if (c->store == NULL || limn_jobs_list(c->store, &q, &list, &n, NULL) != LIMN_OK) {
        return;
    }
    for (size_t i = 0; i < n && m->n_trained < TRAINED_MAX; i++) {
        struct limn_job_detail *d = NULL;
        if (strcmp(list[i].command, "train") != 0 || limn_jobs_show(c->store, list[i].id, &d, NULL) != LIMN_OK) {
            continue;
        }
        for (size_t k = 0; k < d->n_artifacts; k++) {
            const char *path = d->artifact[k].path;
            struct trained_model *t = &m->trained[m->n_trained];
            if (strcmp(d->artifact[k].kind, "model") == 0 && strlen(path) < sizeof t->path && access(path, R_OK) == 0) {
                t->job = list[i].id;
                snprintf(t->path, sizeof t->path, "%s", path);
                snprintf(t->title, sizeof t->title, "%.119s", list[i].title);
                m->n_trained++;
                break;
            }
        }
        limn_job_detail_free(&d);
    }
    limn_jobs_list_free(&list);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

void client_models(struct client *c)
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
    find_trained(c);
    free(m->fact);
    m->fact = m->n_models > 0 ? calloc(m->n_models, sizeof *m->fact) : NULL;
    for (const double from = now_ms(); now_ms() - from < FACTS_MS && client_model_fact(c);) {
    }
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

static const char *json_word(const json_t *j, const char *key)
{
    const char *s = json_string_value(json_object_get(j, key));
    return s != NULL ? s : "";
}

void client_devices_answer(struct client *c)
{
    struct models_state *m = &c->app->models;
    json_t *j = child_code(&c->devices) == 0 ? json_loads(c->devices.text[0] ? c->devices.text[0] : "", 0, NULL) : NULL;
    size_t i;
    json_t *d;
    m->asking = false;
    m->n_devices = 0;
    m->device_problem[0] = '\0';
    if (j == NULL) {
        child_last_line(c->devices.text[1], m->device_problem, sizeof m->device_problem);
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
