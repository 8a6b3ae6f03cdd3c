/* What a job's program tells goes to a regular file, not a pipe: nothing of it is lost when the worker is killed, and
 * the next worker reads on where this one stored that it had got to. Lines of stderr (drivers, libraries, a sanitizer)
 * join the log; the last of them is the reason when the program says none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jobs.h"

enum { CHUNK = 1 << 17 };

/* Only the newest progress of a reading is stored. */
struct latest {
    bool any;
    double part, rate, left;
    char stage[120], unit[16];
};

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double real_of(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_number(v) ? json_number_value(v) : -1;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text != NULL ? text : "";
}

static void keep_progress(struct job_told *t, struct latest *p, const json_t *o)
{
    p->any = t->begun = true;
    p->part = real_of(o, "part");
    p->rate = real_of(o, "rate");
    p->left = real_of(o, "left");
    if (p->left < 0 && p->part > 0.02 && t->started > 0) {
        p->left = (clock_now() - t->started) * (1 - p->part) / p->part;
    }
    snprintf(p->stage, sizeof(p->stage), "%.119s", text_of(o, "stage"));
    snprintf(p->unit, sizeof(p->unit), "%.15s", text_of(o, "unit"));
}

static limn_status apply(struct worker *w, struct job_told *t, struct latest *p, const char *line, limn_error *err)
{
    json_t *o = json_loads(line, 0, NULL);
    const char *kind = text_of(o, "event");
    limn_status st = LIMN_OK;
    if (strcmp(kind, "progress") == 0) {
        keep_progress(t, p, o);
    } else if (strcmp(kind, "log") == 0) {
        json_int_t level = json_integer_value(json_object_get(o, "level"));
        if (level == 0) {
            snprintf(t->error, sizeof(t->error), "%.399s", text_of(o, "text"));
        }
        st = limn_worker_log(w->store, t->id,
                             level == 0   ? LIMN_LOG_ERROR
                             : level == 1 ? LIMN_LOG_NOTE
                                          : LIMN_LOG_MORE,
                             text_of(o, "text"), err);
    } else if (strcmp(kind, "artifact") == 0) {
        st = limn_worker_artifact(w->store, t->id, text_of(o, "kind"), text_of(o, "path"), err);
    } else if (strcmp(kind, "provenance") == 0) {
        st = limn_worker_provenance(w->store, t->id, text_of(o, "model_sha256"), text_of(o, "device"),
                                    (int64_t)real_of(o, "seed"), err);
    } else if (strcmp(kind, "end") == 0) {
        t->exit_code = (int)json_integer_value(json_object_get(o, "exit"));
    }
    json_decref(o);
    return st;
}

/* The bytes of a file from *at on, up to the last end of a line, or all of it with `rest`; NULL: nothing new. */
static char *read_on(const char *path, int64_t at, bool rest, size_t *n)
{
    char *text = need(malloc(CHUNK + 1));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd >= 0 ? pread(fd, text, CHUNK, at) : 0;
    if (fd >= 0) {
        close(fd);
    }
    *n = got > 0 ? (size_t)got : 0;
    char *end = *n > 0 ? memrchr(text, '\n', *n) : NULL;
    if (end != NULL) {
        *n = (size_t)(end - text) + 1;
    } else if (!rest && *n < CHUNK) {
        *n = 0;
    }
    text[*n] = '\0';
    if (*n == 0) {
        free(text);
        return NULL;
    }
    return text;
}

static limn_status store_lines(struct worker *w, struct job_told *t, struct latest *p, char *text, size_t n,
                               bool events, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (size_t at = 0; at < n && st == LIMN_OK;) {
        size_t length = strcspn(text + at, "\n");
        text[at + length] = '\0';
        if (events) {
            st = apply(w, t, p, text + at, err);
        } else if (length > 0) {
            st = limn_worker_log(w->store, t->id, LIMN_LOG_OUTPUT, text + at, err);
            snprintf(t->last, sizeof(t->last), "%.399s", text + at);
        }
        at += length + 1;
    }
    return st;
}

/* One reading of both files in one transaction; *more when there is more to read. */
static limn_status read_once(struct worker *w, struct job_told *t, bool all, bool *more, limn_error *err)
{
    char path[4096];
    size_t n_events = 0, n_errors = 0;
    struct latest p = {0};
    struct job_told next = *t;
    limn_status st = LIMN_OK;
    job_file(w->store, t->id, "events", path);
    char *events = read_on(path, t->read_events, false, &n_events);
    job_file(w->store, t->id, "err", path);
    char *errors = read_on(path, t->read_stderr, all, &n_errors);
    *more = events != NULL || errors != NULL;
    if (*more) {
        st = limn_worker_begin(w->store, err);
        st = st == LIMN_OK && events ? store_lines(w, &next, &p, events, n_events, true, err) : st;
        st = st == LIMN_OK && errors ? store_lines(w, &next, &p, errors, n_errors, false, err) : st;
        if (st == LIMN_OK && p.any) {
            struct limn_job_progress told = {p.part, p.stage, p.rate, p.left, p.unit[0] ? p.unit : NULL};
            st = limn_worker_progress(w->store, t->id, &told, err);
        }
        next.read_events += (int64_t)n_events;
        next.read_stderr += (int64_t)n_errors;
        st = st == LIMN_OK ? limn_worker_commit(w->store, t->id, next.read_events, next.read_stderr, err) : st;
        if (st == LIMN_OK) {
            *t = next;
        } else {
            limn_worker_abandon(w->store);
        }
    }
    free(events);
    free(errors);
    return st;
}

bool told_read(struct worker *w, struct job_told *t, bool all)
{
    limn_error err = {0};
    bool more = true;
    do {
        if (read_once(w, t, all, &more, &err) != LIMN_OK) {
            say_note("job %lld: %s", (long long)t->id, err.text);
            return false;
        }
    } while (more && all);
    return true;
}

bool told_began(const limn_jobs *store, int64_t id)
{
    char path[4096], *line = NULL;
    size_t cap = 0;
    bool found = false;
    job_file(store, id, "events", path);
    FILE *f = fopen(path, "re");
    while (f != NULL && !found && getline(&line, &cap, f) > 0) {
        found = strncmp(line, "{\"event\":\"progress\"", 19) == 0;
    }
    if (f != NULL) {
        fclose(f);
    }
    free(line);
    return found;
}
