/* The writing side of Export, a process of its own. */
#include "export.h"

#include <jansson.h>
#include <limn/sheet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct told { /* progress of the file that is written */
    FILE *out;
    const volatile int *stop;
    double part;
};

static void answer(FILE *out, size_t i, const char *error)
{
    json_t *j = json_pack("{s:I}", "file", (json_int_t)i);
    if (j != NULL && error != NULL) {
        char safe[1000];
        json_object_set_new(j, "error", json_string(limn_text_escape(safe, sizeof safe, error)));
    }
    if (j != NULL && json_dumpf(j, out, JSON_COMPACT) == 0) {
        fputc('\n', out);
        fflush(out); /* the view counts along */
    }
    json_decref(j);
}

static bool say_part(void *user, double part)
{
    struct told *t = user;
    if (part >= t->part + 0.01) { /* at most a hundred lines a file */
        t->part = part;
        fprintf(t->out, "{\"part\":%.2f}\n", part);
        fflush(t->out);
    }
    return *t->stop == 0;
}

static limn_status write_copy(const json_t *f, const struct export_to *to, limn_error *err)
{
    return limn_file_copy(json_string_value(json_object_get(f, "copy")), to->path, to->flags, err);
}

static limn_status write_json(const json_t *f, const struct export_to *to, limn_error *err)
{
    char *text = json_dumps(json_object_get(f, "json"), JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    const limn_status st = limn_text_save(text, to->path, to->flags, err);
    free(text);
    return st;
}

static limn_status write_file(const json_t *f, const char *folder, struct told *told, limn_error *err)
{
    static const struct {
        const char *key;
        limn_status (*write)(const json_t *f, const struct export_to *to, limn_error *err);
    } kind[] = {{"copy", write_copy},
                {"draw", export_draw},
                {"sheet", export_sheet},
                {"gif", export_gif},
                {"json", write_json}};
    char path[4600];
    const char *name = json_string_value(json_object_get(f, "to"));
    const unsigned flags = json_is_true(json_object_get(f, "replace")) ? (unsigned)LIMN_SAVE_FORCE : 0U;
    const struct export_to to = {path, flags, say_part, told};
    const bool named = name != NULL && name[0] != '\0' && strchr(name, '/') == NULL;
    const int n = named ? snprintf(path, sizeof path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name) : 0;
    if (n > 0 && (size_t)n < sizeof path && flags == 0 && access(path, F_OK) == 0) {
        snprintf(err->text, sizeof err->text, "%.400s: exists already", path);
        return LIMN_ERR_IO;
    }
    for (size_t i = 0; i < sizeof kind / sizeof kind[0] && n > 0 && (size_t)n < sizeof path; i++) {
        if (json_object_get(f, kind[i].key) != NULL) {
            return kind[i].write(f, &to, err);
        }
    }
    snprintf(err->text, sizeof err->text, "a file without a name or without content");
    return LIMN_ERR_ARG;
}

int export_write(FILE *request, FILE *out, const volatile int *stop, char *err, size_t size)
{
    json_error_t where;
    json_t *j = json_loadf(request, 0, &where), *f;
    const char *folder = json_string_value(json_object_get(j, "folder"));
    limn_error problem = {0};
    size_t i;
    int code = 0;
    if (j == NULL || folder == NULL || json_integer_value(json_object_get(j, "schema")) != 1) {
        snprintf(err, size, "not a request of the front end%s%s", j == NULL ? ": " : "", j == NULL ? where.text : "");
        json_decref(j);
        return -1;
    }
    limn_remove_litter(folder);
    const bool ready = limn_folder_create(folder, &problem) == LIMN_OK;
    json_array_foreach (json_object_get(j, "files"), i, f) {
        struct told told = {out, stop, 0};
        const bool fine = ready && *stop == 0 && write_file(f, folder, &told, &problem) == LIMN_OK;
        if (*stop != 0 && !fine) {
            code = 1;
            break;
        }
        answer(out, i, fine ? NULL : problem.text);
        code = fine ? code : 1;
    }
    json_decref(j);
    return code;
}
