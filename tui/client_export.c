/* Export: the list of files that the choices mean, and the program that writes them. */
#include "client.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RENAMES_MAX = 1000 };

static bool taken(const struct export_state *e, const char *name)
{
    for (size_t i = 0; i < e->n; i++) {
        if (strcmp(e->file[i].name, name) == 0 || strcmp(e->file[i].renamed, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool there(const struct export_state *e, const char *name)
{
    char path[4600];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", e->folder, name);
    return lstat(path, &info) == 0;
}

/* ---- typing the folder ---- */

/* Adds to `typed` what all folders that begin so have in common, and a slash when there is only one. */
void client_export_complete(struct client *c)
{
    struct export_state *e = &c->app->export;
    char folder[4096], common[256] = "";
    path_whole(e->typed, sizeof e->typed);
    const char *part = path_base(e->typed);
    const size_t typed = strlen(part);
    snprintf(folder, sizeof folder, "%.*s", (int)(part - e->typed), e->typed);
    DIR *d = opendir(folder[0] != '\0' ? folder : "/");
    size_t n = 0;
    for (const struct dirent *one; d != NULL && (one = readdir(d)) != NULL;) {
        struct stat info;
        if (strncmp(one->d_name, part, typed) != 0 || (one->d_name[0] == '.' && part[0] != '.') ||
            strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0 ||
            fstatat(dirfd(d), one->d_name, &info, 0) != 0 || !S_ISDIR(info.st_mode)) {
            continue;
        }
        size_t same = 0;
        while (n > 0 && common[same] != '\0' && common[same] == one->d_name[same]) {
            same++;
        }
        snprintf(common, sizeof common, "%.*s", n > 0 ? (int)same : 255, one->d_name);
        n++;
    }
    if (d != NULL) {
        closedir(d);
    }
    const size_t have = strlen(e->typed);
    if (n > 0 && have - typed + strlen(common) + 2 < sizeof e->typed) {
        snprintf(e->typed + have - typed, sizeof e->typed - have + typed, "%s%s", common, n == 1 ? "/" : "");
    }
    if (n != 1) {
        app_say(c->app, UI_NOTE, n == 0 ? "no folder begins so; it will be made" : "%zu folders begin so", n);
    }
}

/* ---- the list ---- */

static void look_at_folder(struct export_state *e)
{
    struct stat info;
    char parent[4096];
    e->folder_problem[0] = '\0';
    e->folder_new = stat(e->folder, &info) != 0 && errno == ENOENT;
    snprintf(parent, sizeof parent, "%s", e->folder);
    while (e->folder_new && strrchr(parent, '/') != NULL && access(parent, F_OK) != 0) {
        *strrchr(parent, '/') = '\0';
    }
    const char *where = parent[0] != '\0' ? parent : "/";
    if (stat(where, &info) != 0 || access(where, W_OK | X_OK) != 0) {
        snprintf(e->folder_problem, sizeof e->folder_problem, "cannot be written: %s", strerror(errno));
    } else if (!S_ISDIR(info.st_mode)) {
        snprintf(e->folder_problem, sizeof e->folder_problem, "cannot be written: %s", strerror(ENOTDIR));
    }
}

/* Which files are there already, and how those would be called that must not take their names. */
static void look_at_files(struct export_state *e)
{
    for (size_t i = 0; i < e->n; i++) {
        struct export_file *f = &e->file[i];
        f->exists = !e->folder_new && there(e, f->name);
        f->renamed[0] = '\0';
        char name[256] = "";
        for (int k = 2; f->exists && k < RENAMES_MAX; k++) {
            export_numbered(f->name, k, name);
            if (!taken(e, name) && !there(e, name)) {
                snprintf(f->renamed, sizeof f->renamed, "%s", name);
                break;
            }
        }
    }
}

/* What was chosen for single files stays theirs. */
static void keep_rules(struct export_state *e, const struct export_state *old)
{
    for (size_t i = 0; i < old->n; i++) {
        for (size_t k = 0; old->file[i].own_rule && k < e->n; k++) {
            if (strcmp(old->file[i].name, e->file[k].name) == 0) {
                e->file[k].rule = old->file[i].rule;
                e->file[k].own_rule = true;
            }
        }
    }
}

/* A picture of the file on the line, else of the first. */
void client_export_preview(struct client *c)
{
    struct export_state *e = &c->app->export;
    const int64_t at = e->marked - EXPORT_FIELDS;
    const size_t i = at >= 0 && at < (int64_t)e->n ? (size_t)at : 0;
    limn_error err;
    if (!e->preview_stale && i == e->preview_of) {
        return;
    }
    limn_image_destroy(&e->preview);
    e->preview_of = i;
    e->preview_stale = false;
    if (i < e->n && e->file[i].content != NULL) {
        (void)export_preview(e->file[i].content, &e->preview, &err);
    }
}

/* Which results the files are of, as one number: jobs that only go on do not change it. */
static uint64_t list_key(const struct client *c)
{
    const struct app *a = c->app;
    const struct queue_state *q = &a->queue;
    uint64_t key = (uint64_t)a->export.what * 31 + a->marks.n_pins * 7 + a->marks.n;
    for (int64_t i = 0; i < q->n; i++) {
        const struct limn_job *j = &q->job[i];
        const bool mine = a->export.what == EXPORT_MARKED ? marks_has(&a->marks, j->id) : j->id == q->id;
        if (mine) {
            key = (key ^ (uint64_t)j->id * 64 ^ (uint64_t)j->state ^ (uint64_t)j->n_artifacts << 32) * 1099511628211U;
        }
    }
    return key;
}

bool client_export_changed(struct client *c)
{
    return list_key(c) != c->export_of;
}

void client_export_plan(struct client *c)
{
    struct export_state *e = &c->app->export;
    struct export_state old = *e;
    if (e->writing) {
        return; /* what is being written stays as it is */
    }
    path_whole(e->folder, sizeof e->folder);
    for (size_t n = strlen(e->folder); n > 1 && e->folder[n - 1] == '/'; n--) {
        e->folder[n - 1] = '\0';
    }
    e->file = NULL;
    e->n = 0;
    e->left_out = false;
    client_export_list(c);
    export_name_apart(e);
    keep_rules(e, &old);
    export_files_free(&old);
    look_at_folder(e);
    look_at_files(e);
    const int64_t last = EXPORT_FIELDS + (int64_t)e->n - 1;
    e->marked = e->marked > last ? last : e->marked;
    e->preview_stale = true;
    c->export_of = list_key(c);
}

/* ---- writing ---- */

/* What the file holds, how it is called, and whether it may replace one. NULL: it cannot be said. */
static json_t *request_file(struct export_file *f)
{
    json_t *j = f->content != NULL ? json_loads(f->content, 0, NULL) : NULL;
    snprintf(f->written, sizeof f->written, "%s", export_name(f));
    if (j == NULL || json_object_set_new(j, "to", json_string(f->written)) != 0 ||
        json_object_set_new(j, "replace", json_boolean(f->exists && f->rule == RULE_REPLACE)) != 0) {
        json_decref(j);
        f->end = EXPORT_FAILED;
        snprintf(f->problem, sizeof f->problem, "its name is not UTF-8");
        return NULL;
    }
    return j;
}

static json_t *request(struct export_state *e)
{
    json_t *files = json_array();
    e->n_asked = e->n_done = 0;
    for (size_t i = 0; i < e->n; i++) {
        struct export_file *f = &e->file[i];
        f->end = EXPORT_WAITS;
        json_t *one = export_writes(f) ? request_file(f) : NULL;
        f->asked = one != NULL;
        e->n_asked += f->asked;
        if (one != NULL) {
            json_array_append_new(files, one);
        }
    }
    return json_pack("{s:i, s:s, s:o}", "schema", 1, "folder", e->folder, "files", files);
}

void client_export_write(struct client *c)
{
    struct export_state *e = &c->app->export;
    if (e->writing) {
        return;
    }
    json_t *j = request(e);
    char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;
    c->exported = 0;
    c->stopped = false;
    e->part = 0;
    if (text != NULL && child_start(&c->export, (const char *const[]){NULL, "export", NULL}, text)) {
        e->writing = true;
    } else {
        app_say(c->app, UI_BAD, j == NULL ? "the folder's name is not UTF-8" : "limn cannot be started");
    }
    free(text);
    json_decref(j);
}

static struct export_file *asked_file(struct export_state *e, size_t number)
{
    for (size_t i = 0; i < e->n; i++) {
        if (e->file[i].asked && number-- == 0) {
            return &e->file[i];
        }
    }
    return NULL;
}

bool client_export_progress(struct client *c)
{
    struct export_state *e = &c->app->export;
    const char *text = c->export.text[0];
    bool any = false;
    for (const char *end; text != NULL && (end = strchr(text + c->exported, '\n')) != NULL; any = true) {
        json_t *j = json_loadb(text + c->exported, (size_t)(end - text) - c->exported, 0, NULL);
        const json_t *at = json_object_get(j, "file");
        const json_int_t number = json_is_integer(at) ? json_integer_value(at) : -1;
        struct export_file *f = j != NULL && number >= 0 ? asked_file(e, (size_t)number) : NULL;
        const char *error = json_string_value(json_object_get(j, "error"));
        e->part = json_number_value(json_object_get(j, "part"));
        if (f != NULL) {
            f->end = error != NULL ? EXPORT_FAILED : EXPORT_WRITTEN;
            snprintf(f->problem, sizeof f->problem, "%s", error != NULL ? error : "");
            e->n_done++;
        }
        json_decref(j);
        c->exported = (size_t)(end - text) + 1;
    }
    return any;
}

void client_export_stop(struct client *c)
{
    if (c->export.pid > 0) {
        c->stopped = true;
        kill(c->export.pid, SIGTERM);
    }
}

void client_export_answer(struct client *c)
{
    struct export_state *e = &c->app->export;
    const struct export_file *bad = NULL, *good = NULL;
    size_t failed = 0;
    char text[300] = "";
    client_export_progress(c);
    limn_remove_litter(e->folder); /* of a writer that was ended */
    child_last_line(c->export.text[1], text, sizeof text);
    for (size_t i = 0; i < e->n; i++) {
        struct export_file *f = &e->file[i];
        if (f->asked && f->end == EXPORT_WAITS) { /* the writer died */
            f->end = EXPORT_FAILED;
            snprintf(f->problem, sizeof f->problem, "%s",
                     c->stopped ? "stopped"
                     : text[0]  ? text
                                : "the program that writes was ended");
        }
        failed += f->end == EXPORT_FAILED;
        if (f->end == EXPORT_WRITTEN) {
            snprintf(e->last, sizeof e->last, "%s/%s", strcmp(e->folder, "/") == 0 ? "" : e->folder, f->written);
        }
        bad = bad == NULL && f->end == EXPORT_FAILED ? f : bad;
        good = f->end == EXPORT_WRITTEN ? f : good;
    }
    e->writing = false;
    if (bad != NULL && c->stopped) {
        app_say(c->app, UI_NOTE, "stopped: %zu of %zu files are written", e->n_asked - failed, e->n_asked);
    } else if (bad != NULL) {
        app_say(c->app, UI_BAD, "%zu of %zu files could not be written: %s", failed, e->n_asked, bad->problem);
    } else if (e->n_asked == 1 && good != NULL) {
        app_say(c->app, UI_GOOD, "written: %.380s", e->last);
    } else {
        app_say(c->app, UI_GOOD, "%zu files written to %.350s", e->n_asked, e->folder);
    }
    look_at_folder(e);
    look_at_files(e);
}
