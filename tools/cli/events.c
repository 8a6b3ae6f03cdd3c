/* The events of --progress jsonl. Each line is one write to a descriptor that is opened for appending, so a reader
 * never sees half a line from a regular file unless the disk is full. The path of an output is on disk before the
 * output is: after a power cut the next attempt knows its own files from those of the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "events.h"

static struct {
    int fd; /* 0: none */
    bool no_bar, regular;
    double last; /* clock of the last progress */
    char **ours; /* outputs of earlier attempts */
    size_t n_ours, cap;
} events;

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Prints and releases. Who reads may be gone: that ends the events, not the work. */
static void emit(json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6));
    size_t n = text ? strlen(text) : 0, at = 0;
    json_decref(o);
    if (text == NULL) {
        return;
    }
    text[n] = '\n'; /* in place of the end */
    while (at <= n) {
        ssize_t got = write(events.fd, text + at, n + 1 - at);
        if (got < 0 && errno != EINTR) {
            events.fd = 0;
            break;
        }
        at += got > 0 ? (size_t)got : 0;
    }
    free(text);
}

static json_t *event(const char *name)
{
    json_t *o = need(json_object());
    json_object_set_new(o, "event", json_string(name));
    return o;
}

/* Relative paths are relative to where this process is. */
static char *absolute(const char *path)
{
    char here[4096];
    size_t n = strlen(path) + sizeof(here) + 2;
    char *out = need(malloc(n));
    bool relative = path[0] != '/' && getcwd(here, sizeof(here)) != NULL;
    snprintf(out, n, "%s%s%s", relative ? here : "", relative ? "/" : "", path);
    return out;
}

/* ---- what earlier attempts wrote ---- */

static void remember(const char *line)
{
    static const char mark[] = "{\"event\":\"output\"";
    if (strncmp(line, mark, sizeof(mark) - 1) != 0) {
        return;
    }
    json_t *o = json_loads(line, 0, NULL);
    const char *path = json_string_value(json_object_get(o, "path"));
    if (path != NULL) {
        if (events.n_ours == events.cap) {
            events.cap = events.cap ? 2 * events.cap : 16;
            events.ours = need(realloc(events.ours, events.cap * sizeof(*events.ours)));
        }
        events.ours[events.n_ours++] = need(strdup(path));
    }
    json_decref(o);
}

static void read_earlier(int fd)
{
    char *line = NULL;
    size_t cap = 0;
    int copy = dup(fd);
    FILE *f = copy >= 0 ? fdopen(copy, "r") : NULL;
    if (f == NULL) {
        return;
    }
    rewind(f);
    while (getline(&line, &cap, f) > 0) {
        remember(line);
    }
    free(line);
    fclose(f);
}

int events_open(const char *kind)
{
    struct stat info;
    long fd = STDERR_FILENO;
    events.no_bar = strcmp(kind, "bar") != 0;
    if (strcmp(kind, "bar") == 0 || strcmp(kind, "none") == 0) {
        return 0;
    }
    if (strncmp(kind, "jsonl:", 6) == 0) {
        char *end = NULL;
        fd = strtol(kind + 6, &end, 10);
        fd = end == kind + 6 || *end != '\0' || fd > 1023 ? -1 : fd;
    } else if (strcmp(kind, "jsonl") != 0) {
        fd = -1;
    }
    if (fd <= 0 || fstat((int)fd, &info) != 0) {
        return say_error(EXIT_USAGE,
                         "--progress: bad value (found \"%s\", expected bar, none, jsonl or jsonl:FD with an open "
                         "descriptor)",
                         safe(kind));
    }
    events.regular = S_ISREG(info.st_mode);
    if (events.regular && info.st_size > 0 && (fcntl((int)fd, F_GETFL) & O_ACCMODE) == O_RDWR) {
        read_earlier((int)fd);
    }
    events.fd = (int)fd;
    return 0;
}

bool events_on(void)
{
    return events.fd > 0;
}

bool events_bar(void)
{
    return !events.no_bar;
}

bool events_rerun(void)
{
    return events.n_ours > 0;
}

bool event_ours(const char *path)
{
    if (events.n_ours == 0) {
        return false;
    }
    char *full = absolute(path);
    bool found = false;
    for (size_t i = 0; i < events.n_ours && !found; i++) {
        found = strcmp(events.ours[i], full) == 0;
    }
    free(full);
    return found;
}

/* ---- events ---- */

void event_progress(double part, const char *stage, double rate, const char *unit, double left)
{
    double now = events_on() ? clock_now() : 0;
    if (!events_on() || (now - events.last < 0.2 && part < 1)) {
        return;
    }
    events.last = now;
    json_t *o = event("progress");
    json_object_set_new(o, "part", json_real(part));
    json_object_set_new(o, "stage", json_text(stage));
    if (rate >= 0) {
        json_object_set_new(o, "rate", json_real(rate));
        json_object_set_new(o, "unit", json_text(unit));
    }
    if (left >= 0) {
        json_object_set_new(o, "left", json_real(left));
    }
    emit(o);
}

void event_log(int level, const char *fmt, va_list ap)
{
    char text[2048];
    if (events_on()) {
        vsnprintf(text, sizeof(text), fmt, ap);
        json_t *o = event("log");
        json_object_set_new(o, "level", json_integer(level));
        json_object_set_new(o, "text", json_text(text));
        emit(o);
    }
}

static void event_path(json_t *o, const char *path)
{
    char *full = absolute(path);
    json_object_set_new(o, "path", json_text(full));
    free(full);
    emit(o);
}

void event_output(const char *path)
{
    if (events_on()) {
        event_path(event("output"), path);
        if (events.regular && events_on()) {
            fdatasync(events.fd);
        }
    }
}

void event_artifact(const char *kind, const char *path)
{
    if (events_on()) {
        json_t *o = event("artifact");
        json_object_set_new(o, "kind", json_text(kind));
        event_path(o, path);
    }
}

void event_provenance(const char *model, const char *sha256, const char *device, int64_t seed)
{
    if (events_on()) {
        json_t *o = event("provenance");
        json_object_set_new(o, "model", json_text(model));
        json_object_set_new(o, "model_sha256", json_text(sha256));
        json_object_set_new(o, "device", json_text(device));
        json_object_set_new(o, "seed", json_integer(seed));
        emit(o);
    }
}

void event_end(int exit_code)
{
    if (events_on()) {
        json_t *o = event("end");
        json_object_set_new(o, "exit", json_integer(exit_code));
        emit(o);
    }
    for (size_t i = 0; i < events.n_ours; i++) {
        free(events.ours[i]);
    }
    free(events.ours);
    memset(&events, 0, sizeof(events));
}
