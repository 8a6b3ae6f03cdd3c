/* The writing side of Export, a process of its own. */
#include "export.h"

#include <jansson.h>
#include <limn/limn.h>
#include <string.h>

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

static limn_status write_file(const json_t *f, const char *folder, limn_error *err)
{
    char to[4600];
    const char *name = json_string_value(json_object_get(f, "to"));
    const char *from = json_string_value(json_object_get(f, "copy"));
    const unsigned flags = json_is_true(json_object_get(f, "replace")) ? (unsigned)LIMN_SAVE_FORCE : 0U;
    const bool fine = name != NULL && from != NULL && name[0] != '\0' && strchr(name, '/') == NULL;
    const int n = fine ? snprintf(to, sizeof to, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name) : 0;
    if (!fine || n < 0 || (size_t)n >= sizeof to) {
        snprintf(err->text, sizeof err->text, "a file without a name or without content");
        return LIMN_ERR_ARG;
    }
    return limn_file_copy(from, to, flags, err);
}

int export_write(FILE *request, FILE *out, char *err, size_t size)
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
        const bool fine = ready && write_file(f, folder, &problem) == LIMN_OK;
        answer(out, i, fine ? NULL : problem.text);
        code = fine ? code : 1;
    }
    json_decref(j);
    return code;
}
