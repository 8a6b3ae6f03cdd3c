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

void session_load(struct app *a, const char *folder)
{
    char path[4200];
    struct new_state *n = &a->new_job;
    snprintf(path, sizeof path, "%s/tui.json", folder ? folder : "");
    json_t *j = folder != NULL ? json_load_file(path, 0, NULL) : NULL;
    const char *method = json_string_value(json_object_get(j, "method"));
    take_text(j, "model", n->model, sizeof n->model);
    take_text(j, "folder", n->folder, sizeof n->folder);
    take_text(j, "export_folder", a->export.folder, sizeof a->export.folder);
    for (size_t i = 0; i < limn_method_count(); i++) {
        struct limn_method_info m;
        const bool known = limn_method_info(i, &m, NULL) == LIMN_OK;
        if (known && method != NULL && strcmp(m.name, method) == 0) {
            n->method = (int32_t)i;
        }
    }
    json_decref(j);
}

void session_save(const struct app *a, const char *folder)
{
    const struct new_state *n = &a->new_job;
    struct limn_method_info m = {0};
    char path[4200], temporary[4260];
    if (folder == NULL || limn_method_info((size_t)n->method, &m, NULL) != LIMN_OK) {
        return;
    }
    snprintf(path, sizeof path, "%s/tui.json", folder);
    snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    json_t *j = json_pack("{s:i, s:s, s:s}", "schema", 1, "model", n->model, "method", m.name);
    if (j != NULL) { /* each left out when it is not UTF-8 */
        json_object_set_new(j, "folder", json_string(n->folder));
        json_object_set_new(j, "export_folder", json_string(a->export.folder));
        const mode_t old = umask(077);
        const bool fine = json_dump_file(j, temporary, JSON_INDENT(1)) == 0 && rename(temporary, path) == 0;
        umask(old);
        if (!fine) {
            unlink(temporary);
        }
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
