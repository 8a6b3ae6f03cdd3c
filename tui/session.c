/* What is remembered from one time to the next (STATE/tui.json), and the user's keys ($XDG_CONFIG_HOME/limn/keys). A
 * file that cannot be read is as if it were not there: nothing depends on it. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"

static void take_text(const json_t *j, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(j, key));
    if (text != NULL && strlen(text) < size) {
        snprintf(out, size, "%s", text);
    }
}

/* What is remembered of a form: what people choose once, not what is of one picture or one run. */
static bool is_kept(const struct form *f, int32_t i)
{
    const struct field *x = &f->field[i];
    return i < f->more && x->key[0] != '\0' && strcmp(x->key, "output") != 0 && x->kind != FIELD_PICTURES &&
           x->kind != FIELD_PICTURE && x->kind != FIELD_CLASSES && x->kind != FIELD_CLASS;
}

static const char *task_name(const struct form *f, char out[64])
{
    snprintf(out, 64, "%s%s%s", f->task->command, f->task->operand ? " " : "",
             f->task->operand ? f->task->operand : "");
    return out;
}

static void load_form(struct form *f, const json_t *j)
{
    char why[200];
    size_t k;
    json_t *one;
    for (int32_t i = 0; i < f->n; i++) {
        json_t *list = is_kept(f, i) ? json_object_get(j, f->field[i].key) : NULL;
        json_array_foreach (list, k, one) {
            const char *text = json_string_value(one);
            if (text != NULL && strlen(text) < 4096 && k < 100 && field_check(&f->field[i], text, why, sizeof why)) {
                value_add(&f->value[i], text);
            }
        }
    }
}

static json_t *save_form(const struct form *f)
{
    json_t *j = json_object();
    for (int32_t i = 0; i < f->n && j != NULL; i++) {
        json_t *list = is_kept(f, i) && f->value[i].n > 0 ? json_array() : NULL;
        for (size_t k = 0; list != NULL && k < f->value[i].n; k++) {
            json_array_append_new(list, json_string(f->value[i].text[k])); /* left out when it is not UTF-8 */
        }
        if (list != NULL) {
            json_object_set_new(j, f->field[i].key, list);
        }
    }
    return j;
}

static const char *const folder_name[FOLDER_KINDS] = {"folder", "data_folder", "model_folder", "file_folder"};

void session_load(struct app *a, const char *folder)
{
    char path[4200], name[64];
    struct new_state *n = &a->new_job;
    snprintf(path, sizeof path, "%s/tui.json", folder ? folder : "");
    json_t *j = folder != NULL ? json_load_file(path, 0, NULL) : NULL, *forms = json_object_get(j, "forms");
    const char *task = json_string_value(json_object_get(j, "task"));
    take_text(j, "export_folder", a->export.folder, sizeof a->export.folder);
    for (int i = 0; i < FOLDER_KINDS; i++) {
        take_text(j, folder_name[i], n->folder[i], sizeof n->folder[i]);
    }
    for (int32_t i = 0; i < n->n_forms; i++) {
        task_name(&n->form[i], name);
        n->task = task != NULL && strcmp(task, name) == 0 ? i : n->task;
        load_form(&n->form[i], json_object_get(forms, name));
    }
    json_decref(j);
}

void session_save(const struct app *a, const char *folder)
{
    const struct new_state *n = &a->new_job;
    char path[4200], temporary[4260], name[64];
    json_t *j = folder != NULL ? json_pack("{s:i, s:{}}", "schema", 2, "forms") : NULL;
    if (j == NULL) {
        return;
    }
    for (int32_t i = 0; i < n->n_forms; i++) {
        json_object_set_new(json_object_get(j, "forms"), task_name(&n->form[i], name), save_form(&n->form[i]));
    }
    if (n->task < n->n_forms) {
        json_object_set_new(j, "task", json_string(task_name(&n->form[n->task], name)));
    }
    for (int i = 0; i < FOLDER_KINDS; i++) {
        json_object_set_new(j, folder_name[i], json_string(n->folder[i])); /* left out when it is not UTF-8 */
    }
    json_object_set_new(j, "export_folder", json_string(a->export.folder));
    snprintf(path, sizeof path, "%s/tui.json", folder);
    snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    const mode_t old = umask(077);
    const bool fine = json_dump_file(j, temporary, JSON_INDENT(1)) == 0 && rename(temporary, path) == 0;
    umask(old);
    if (!fine) {
        unlink(temporary);
    }
    json_decref(j);
}

void keymap_load(struct app *a)
{
    char path[4200], err[200], *text = NULL;
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config != NULL && config[0] == '/') {
        snprintf(path, sizeof path, "%s/limn/keys", config);
    } else {
        snprintf(path, sizeof path, "%s/.config/limn/keys", home ? home : "");
    }
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        return;
    }
    text = calloc(1, 65537);
    const size_t n = text != NULL ? fread(text, 1, 65536, f) : 0;
    fclose(f);
    if (n > 0 && !keymap_read(&a->keys, text, err, sizeof err)) {
        app_say(a, UI_BAD, "%.150s: %s", path, err);
    }
    free(text);
}
