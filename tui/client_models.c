/* Models and devices, as the client of views finds them. */
#include "client.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    n->layer_at = n->class_at = -1;
    n->model_problem[0] = '\0';
    memset(&n->info, 0, sizeof n->info);
}

void client_model_open(struct client *c)
{
    struct new_state *n = &c->app->new_job;
    limn_error err = {0};
    if (n->model[0] == '\0' || strcmp(n->model, c->model_open) == 0) {
        return;
    }
    client_model_close(c);
    snprintf(c->model_open, sizeof c->model_open, "%s", n->model);
    limn_status st = c->context != NULL ? LIMN_OK : limn_context_create(NULL, &c->context, &err);
    st = st == LIMN_OK ? limn_model_open(c->context, n->model, NULL, &c->model, &err) : st;
    st = st == LIMN_OK ? limn_model_describe(c->model, &n->info, &err) : st;
    st = st == LIMN_OK ? limn_model_layers(c->model, &n->layer, &n->n_layers, &err) : st;
    if (st != LIMN_OK) {
        client_model_close(c);
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
