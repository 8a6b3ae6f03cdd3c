/* What New job shows of the world: the open model, a folder, the preview, and what the network finds in the picture,
 * which a program of its own finds out. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static bool load_preview(struct client *c)
{
    struct new_state *n = &c->app->new_job;
    char path[4400];
    limn_error err = {0};
    enum folder_of which;
    if (!new_marked_file(c->app, path, sizeof path)) {
        const bool choosing = new_shows_files(c->app, &which) && which == FOLDER_PICTURES;
        snprintf(path, sizeof path, "%s", choosing ? "" : new_picture(c->app));
    }
    if (strcmp(path, n->preview_path) == 0 || strlen(path) >= sizeof n->preview_path) {
        return false;
    }
    limn_image_destroy(&n->preview);
    n->preview_problem[0] = '\0';
    snprintf(n->preview_path, sizeof n->preview_path, "%s", path);
    const struct limn_image_params p = {.max_pixels = 40000000};
    if (name_is_volume(path)) {
        snprintf(n->preview_problem, sizeof n->preview_problem, "a volume: its slices appear in the results");
    } else if (path[0] != '\0' && limn_image_load(path, &p, &n->preview, &err) != LIMN_OK) {
        snprintf(n->preview_problem, sizeof n->preview_problem, "%s", err.text);
    }
    return true;
}

/* Asked for once somebody looks at the classes, not before: it takes the device for a moment. */
static void look_for_classes(struct client *c)
{
    const struct app *a = c->app;
    struct new_state *n = &c->app->new_job;
    const struct form *f = new_form(a);
    const enum field_kind kind = f->field[n->at].kind;
    const char *model = new_model(a), *picture = new_picture(a);
    const int32_t device = form_find(f, "device");
    char key[sizeof c->found_for];
    snprintf(key, sizeof key, "%s\n%s", model, picture);
    const bool same = strcmp(key, c->found_for) == 0;
    if (!same && n->n_found > 0) {
        n->n_found = 0;
        new_filter(c->app);
    }
    if ((kind != FIELD_CLASS && kind != FIELD_CLASSES) || same || c->found.pid != 0 || n->n_classes < 2 ||
        picture[0] == '\0' || strcmp(key, c->found_asked) == 0) {
        return;
    }
    const char *const d = device >= 0 ? new_value(a, device) : "";
    const char *const argv[] = {NULL, "classify", model, picture, "--json", "--top", "5", d[0] ? "--device" : NULL,
                                d,    NULL};
    memcpy(c->found_asked, key, sizeof key);
    n->finding = child_start(&c->found, argv, NULL);
}

void client_found_answer(struct client *c)
{
    struct new_state *n = &c->app->new_job;
    json_t *j = child_code(&c->found) == 0 ? json_loads(c->found.text[0] ? c->found.text[0] : "", 0, NULL) : NULL;
    json_t *classes = json_object_get(json_array_get(json_object_get(j, "items"), 0), "classes"), *k;
    size_t i;
    n->finding = false;
    n->n_found = 0;
    json_array_foreach (classes, i, k) {
        const json_int_t index = json_integer_value(json_object_get(k, "index"));
        const double p = json_number_value(json_object_get(k, "probability"));
        if (n->n_found < FOUND_MAX && index >= 0 && index < n->n_classes) {
            n->found[n->n_found++] = (struct found_class){(int32_t)index, p};
        }
    }
    memcpy(c->found_for, c->found_asked, sizeof c->found_for);
    json_decref(j);
    new_filter(c->app);
}

void client_new(struct client *c, bool folder)
{
    struct app *a = c->app;
    struct new_state *n = &a->new_job;
    enum folder_of which;
    if (new_form(a) == NULL) {
        return;
    }
    if (new_shows_files(a, &which) && (folder || which != n->listed)) {
        folder_read(n, which);
        new_mark_chosen(a);
    }
    if (client_model_open(c)) {
        new_filter(a);
    }
    load_preview(c);
    look_for_classes(c);
}
