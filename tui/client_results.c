/* The viewer's results: listing them, the maps that other jobs made of the same pictures, the layers of their model,
 * and jobs for maps that are missing. */
#include "client.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RELATED_MAX = 300, NAME_PARTS = 2 };

static bool few_colours(const struct client *c)
{
    return c->app->caps.colours < PICTURE_256;
}

/* Maps of the same pictures by other jobs that are done. */
static void add_related(struct client *c, int64_t own)
{
    struct results *r = &c->app->viewer.results;
    struct limn_job *list = NULL;
    size_t n = 0;
    const struct limn_jobs_query query = {.states = LIMN_JOB_BIT(LIMN_JOB_DONE), .n = RELATED_MAX};
    if (r->likeness == NULL || limn_jobs_list(c->store, &query, &list, &n, NULL) != LIMN_OK) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct limn_job_detail *d = NULL;
        if (list[i].id != own && strcmp(list[i].command, "explain") == 0 &&
            limn_jobs_show(c->store, list[i].id, &d, NULL) == LIMN_OK) {
            results_add(r, d);
        }
        limn_job_detail_free(&d);
    }
    limn_jobs_list_free(&list);
}

static bool has_maps(const struct results *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->item[i].kind == RESULT_MAPS) {
            return true;
        }
    }
    return false;
}

static const char *argument_of(const json_t *document, const char *key)
{
    return json_string_value(json_object_get(json_object_get(document, "args"), key));
}

/* The model that made the maps, as far as its layers and its input are concerned. */
static limn_status open_model(struct client *c, const json_t *document, limn_model **out, limn_error *err)
{
    const struct limn_model_params p = {.arch = argument_of(document, "arch"),
                                        .output = argument_of(document, "output-name")};
    limn_status st = c->context != NULL ? LIMN_OK : limn_context_create(NULL, &c->context, err);
    return st == LIMN_OK ? limn_model_open(c->context, argument_of(document, "model"), &p, out, err) : st;
}

/* Maps that were stored without the picture that they lie on: it is made as the network's card says, unless the job
 * said otherwise. */
static void make_picture(struct client *c)
{
    struct viewer_state *v = &c->app->viewer;
    struct result *x = viewer_item(v);
    limn_model *m = NULL;
    limn_image *source = NULL;
    limn_error err = {0};
    static const char *const other[] = {"size", "resize", "mean", "std", "tensor"};
    if (!viewer_maps(v) || x->path != NULL || x->picture != NULL || x->no_picture || x->source == NULL) {
        return;
    }
    x->no_picture = true;
    json_t *j = json_loads(v->results.document != NULL ? v->results.document : "", 0, NULL);
    bool fine = argument_of(j, "model") != NULL;
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        fine = fine && json_object_get(json_object_get(j, "args"), other[i]) == NULL;
    }
    if (fine && limn_image_load(x->source, NULL, &source, &err) == LIMN_OK && open_model(c, j, &m, &err) == LIMN_OK) {
        (void)limn_model_picture(m, source, &x->picture, &err);
    }
    limn_image_destroy(&source);
    limn_model_close(&m);
    json_decref(j);
    viewer_begin(v);
}

void client_results(struct client *c)
{
    struct viewer_state *v = &c->app->viewer;
    const struct limn_job_detail *d = c->app->queue.detail;
    const int64_t before = v->results.job;
    if (c->app->queue.detail == NULL && c->app->queue.id != 0) {
        return; /* the store could not be read just now */
    }
    const struct result *x = viewer_item(v);
    char *path = x != NULL && x->path != NULL ? strdup(x->path) : NULL;
    if (results_read(&v->results, d)) {
        v->at = 0;
        for (size_t i = 0; path != NULL && before == v->results.job && i < v->results.n; i++) {
            const char *other = v->results.item[i].path;
            v->at = other != NULL && strcmp(other, path) == 0 ? i : v->at;
        }
        if (d != NULL && has_maps(&v->results)) {
            add_related(c, d->job.id);
        }
        viewer_begin(v);
    }
    free(path);
    make_picture(c);
    viewer_show(v, few_colours(c));
}

/* ---- layers ---- */

/* Layers that have positions; with `outer` no deep inside of a block but for the one that the model card names. */
static bool is_step(const struct limn_layer_info *l, bool outer)
{
    int parts = 1;
    int64_t positions = 1;
    for (const char *p = l->name; *p != '\0'; p++) {
        parts += *p == '.' || *p == '/';
    }
    for (int32_t i = 2; i < l->rank; i++) {
        positions *= l->dim[i];
    }
    return l->is_default || (l->rank >= 4 && positions > 1 && (!outer || parts <= NAME_PARTS));
}

/* The outer layers; all of them where a file's names are not of that kind. */
static void take_layers(struct viewer_state *v, const struct limn_layer_info *list, size_t n)
{
    size_t outer = 0;
    for (size_t i = 0; i < n; i++) {
        outer += is_step(&list[i], true);
    }
    v->layer = calloc(n + 1, sizeof *v->layer);
    for (size_t i = 0; v->layer != NULL && i < n; i++) {
        const bool again = v->n_layer > 0 && strcmp(v->layer[v->n_layer - 1], list[i].name) == 0;
        if (is_step(&list[i], outer > 2) && !again && (v->layer[v->n_layer] = strdup(list[i].name)) != NULL) {
            v->n_layer++;
        }
    }
}

/* Asks the model once for its layers, then does the step that waited for them. */
void client_layers(struct client *c)
{
    struct viewer_state *v = &c->app->viewer;
    limn_model *m = NULL;
    limn_error err = {0};
    const struct limn_layer_info *list = NULL;
    size_t n = 0;
    json_t *j = json_loads(v->results.document != NULL ? v->results.document : "", 0, NULL);
    const char *name = argument_of(j, "model");
    if (name != NULL && strcmp(name, v->model) != 0) {
        viewer_forget_layers(v);
        snprintf(v->model, sizeof v->model, "%s", name);
        limn_status st = open_model(c, j, &m, &err);
        st = st == LIMN_OK ? limn_model_layers(m, &list, &n, &err) : st;
        if (st == LIMN_OK) {
            take_layers(v, list, n);
        } else {
            app_say(c->app, UI_BAD, "%s", err.text);
        }
        limn_model_close(&m);
    }
    json_decref(j);
    if (v->layer_step != 0 && !viewer_step_layer(v, v->layer_step)) {
        app_say(c->app, UI_NOTE, v->n_layer > 0 ? "there is no layer further on" : "no other layer is known");
    }
    v->layer_step = 0;
}

/* ---- missing maps ---- */

void client_request(struct client *c)
{
    struct viewer_state *v = &c->app->viewer;
    const struct result *x = viewer_item(v);
    char *document = x != NULL ? results_request(&v->results, x, v->name.method, v->name.layer, v->name.cls) : NULL;
    if (v->n_waiting == WAITING_MAX || !client_send(&c->request, document)) {
        app_say(c->app, UI_BAD,
                v->n_waiting == WAITING_MAX ? "so many maps are being made already: wait for one"
                                            : "the job for this map could not be handed over");
    } else {
        v->asking = true;
    }
    free(document);
}

void client_request_answer(struct client *c)
{
    struct app *a = c->app;
    char text[400];
    const int64_t id = client_sent(&c->request, text, sizeof text);
    a->viewer.asking = false;
    if (id > 0 && a->viewer.n_waiting < WAITING_MAX) {
        a->viewer.waiting[a->viewer.n_waiting++] = id;
        app_say(a, UI_NOTE, "job %lld makes the map; it appears here when it is there", (long long)id);
    } else {
        app_say(a, UI_BAD, "%s", text);
    }
    client_jobs(c);
}

/* Jobs that were to make maps and are over. */
bool client_requests_look(struct client *c)
{
    struct app *a = c->app;
    struct viewer_state *v = &a->viewer;
    bool any = false;
    for (size_t i = 0; i < v->n_waiting;) {
        struct limn_job_detail *d = NULL;
        const limn_status st = limn_jobs_show(c->store, v->waiting[i], &d, NULL);
        if (st != LIMN_OK ? st != LIMN_ERR_NOT_FOUND : !job_over(&d->job)) {
            limn_job_detail_free(&d);
            i++;
            continue;
        }
        if (d != NULL && d->job.state == LIMN_JOB_DONE) {
            results_add(&v->results, d);
            app_say(a, UI_GOOD, "the map of job %lld is there", (long long)d->job.id);
        } else if (d != NULL) {
            app_say(a, UI_BAD, "job %lld: %.300s", (long long)d->job.id, d->error[0] ? d->error : "it was cancelled");
        }
        limn_job_detail_free(&d);
        v->waiting[i] = v->waiting[--v->n_waiting];
        any = true;
    }
    if (any) {
        viewer_show(v, few_colours(c));
    }
    return any;
}
