/* Job documents: made of what New job holds, and read for the details of a job. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

/* Typed, and not yet a whole path. */
static bool is_path(const struct field *x)
{
    return x->kind == FIELD_TEXT && x->option != NULL &&
           (x->option->type == FORM_FOLDER || strcmp(x->key, "output") == 0 || strcmp(x->key, "confusion") == 0);
}

/* A field's values: a flag as true, several or an option that may be repeated as a list. Text that is not UTF-8 makes
 * json_string fail, and that makes the whole document fail: such a path cannot be said. */
static bool add_field(json_t *args, const struct app *a, int32_t i)
{
    const struct form *f = new_form(a);
    const struct field *x = &f->field[i];
    const struct field_value *v = &f->value[i];
    const char *value = new_value(a, i);
    if (x->key[0] == '\0' || value[0] == '\0') {
        return true;
    }
    if (x->kind == FIELD_FLAG) {
        return json_object_set_new(args, x->key, json_true()) == 0;
    }
    if (is_path(x)) {
        char path[4096];
        snprintf(path, sizeof path, "%s", value);
        path_whole(path, sizeof path);
        return json_object_set_new(args, x->key, json_string(path)) == 0;
    }
    if (!field_several(x->kind)) {
        return json_object_set_new(args, x->key, json_string(value)) == 0;
    }
    json_t *list = json_array();
    bool fine = list != NULL;
    for (size_t k = 0; fine && k < v->n; k++) {
        fine = json_array_append_new(list, json_string(v->text[k])) == 0;
    }
    if (!fine) {
        json_decref(list);
    }
    return fine && json_object_set_new(args, x->key, list) == 0;
}

/* What the viewer draws from: raw maps, of the most probable classes too unless there are many pictures. */
static bool add_maps(json_t *args, const struct app *a)
{
    enum { TOP = 5, PICTURES_MOST = 16 };
    const struct form *f = new_form(a);
    const int32_t n = a->new_job.n_classes, images = form_find(f, "image");
    char top[16];
    bool fine = json_object_set_new(args, "maps", json_true()) == 0;
    if (n > 0 && images >= 0 && f->value[images].n <= PICTURES_MOST && json_object_get(args, "class-each") == NULL) {
        snprintf(top, sizeof top, "top%d", n < TOP ? (int)n : TOP);
        json_t *classes = json_object_get(args, "class");
        if (classes == NULL) {
            fine = fine && json_object_set_new(args, "class", json_pack("[s]", top)) == 0;
        } else {
            fine = fine && json_array_append_new(classes, json_string(top)) == 0;
        }
    }
    return fine;
}

char *document_text(const struct app *a)
{
    const struct form *f = new_form(a);
    json_t *args = json_object();
    bool fine = f != NULL && args != NULL;
    if (fine && f->task->operand != NULL) {
        fine = json_object_set_new(args, "task", json_string(f->task->operand)) == 0;
    }
    for (int32_t i = 0; fine && i < f->n; i++) {
        fine = add_field(args, a, i);
    }
    if (fine && strcmp(f->task->command, "explain") == 0) {
        fine = add_maps(args, a);
    } else if (fine && strcmp(f->task->command, "shift") == 0) {
        fine = json_object_set_new(args, "npy", json_true()) == 0; /* frames without captions, for the viewer */
    }
    json_t *j = fine ? json_pack("{s:i, s:s, s:O}", "schema", 1, "command", f->task->command, "args", args) : NULL;
    char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;
    json_decref(args);
    json_decref(j);
    return text;
}

static void add_value(const json_t *v, char *out, size_t size)
{
    const size_t n = strlen(out);
    const char *gap = n > 0 ? ", " : "";
    if (json_is_string(v)) {
        snprintf(out + n, size - n, "%s%s", gap, json_string_value(v));
    } else if (json_is_integer(v)) {
        snprintf(out + n, size - n, "%s%lld", gap, (long long)json_integer_value(v));
    } else if (json_is_number(v)) {
        snprintf(out + n, size - n, "%s%g", gap, json_number_value(v));
    } else if (json_is_boolean(v)) {
        snprintf(out + n, size - n, "%s%s", gap, json_is_true(v) ? "yes" : "no");
    }
}

void document_read(struct queue_state *q, const char *text)
{
    json_t *j = json_loads(text, 0, NULL), *value, *item;
    const char *name;
    size_t i;
    q->n_arguments = 0;
    json_object_foreach (json_object_get(j, "args"), name, value) {
        if (q->n_arguments == ARGUMENTS_MAX) {
            break;
        }
        struct argument *a = &q->argument[q->n_arguments++];
        a->value[0] = '\0';
        snprintf(a->name, sizeof a->name, "%s", name);
        if (json_is_array(value)) {
            json_array_foreach (value, i, item) {
                add_value(item, a->value, sizeof a->value);
            }
        } else {
            add_value(value, a->value, sizeof a->value);
        }
    }
    json_decref(j);
}
