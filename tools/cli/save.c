/* Where results go: names, the promise that nothing is overwritten, and that no input is ever replaced. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "events.h"

void output_path(char *buf, size_t size, const char *folder, const char *stem, const char *what, int32_t cls,
                 const char *ext)
{
    char number[16] = "";
    if (cls >= 0) {
        snprintf(number, sizeof(number), ".%d", cls);
    }
    size_t n = strlen(folder);
    const char *slash = n == 0 || folder[n - 1] == '/' ? "" : "/";
    snprintf(buf, size, "%s%s%s.%s%s.%s", folder, slash, stem, what, number, ext);
}

/* Of the folder that the path lies in, once for many outputs in a row. */
static void remove_litter_beside(const char *path)
{
    static char last[4096];
    char folder[4096] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    }
    if (strcmp(folder, last) != 0) {
        snprintf(last, sizeof(last), "%s", folder);
        limn_remove_litter(folder);
    }
}

int output_check(const struct args *a, const struct inputs *in, const char *path)
{
    struct stat out, one;
    remove_litter_beside(path);
    if (lstat(path, &out) != 0) {
        event_output(path);
        return 0;
    }
    for (size_t i = 0; in->tensor_path == NULL && i < in->n; i++) {
        if (stat(in->path[i], &one) == 0 && one.st_dev == out.st_dev && one.st_ino == out.st_ino) {
            return say_error(EXIT_OUTPUT, "%s: is one of the inputs; choose another output with -o", safe(path));
        }
    }
    if (!args_has(a, OPT_FORCE) && !event_ours(path)) {
        return say_error(EXIT_OUTPUT, "%s: exists already; --force replaces it", safe(path));
    }
    event_output(path);
    return 0;
}

void output_report(json_t *outputs, const char *method, const char *kind, const char *path, int32_t cls)
{
    event_artifact(kind, path);
    if (outputs == NULL) {
        puts(safe(path));
        return;
    }
    json_t *o = need(json_object());
    json_object_set_new(o, "method", json_text(method));
    json_object_set_new(o, "class", json_integer(cls));
    json_object_set_new(o, "kind", json_text(kind));
    json_object_set_new(o, "path", json_text(path));
    json_array_append_new(outputs, o);
}

bool classes_several(const struct args *a)
{
    const struct option_values *v = &a->opt[OPT_CLASS];
    return v->n > 1 || (v->n == 1 && (strchr(v->v[0], ',') != NULL ||
                                      (strncmp(v->v[0], "top", 3) == 0 && strcmp(v->v[0], "top1") != 0)));
}

unsigned save_flags(const struct args *a)
{
    return (args_has(a, OPT_FORCE) || events_rerun() ? (unsigned)LIMN_SAVE_FORCE : 0U) |
           (args_has(a, OPT_STRIP) ? (unsigned)LIMN_SAVE_STRIP : 0U);
}
