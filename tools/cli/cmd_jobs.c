/* limn jobs: what is in the queue, and what can be asked of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jobs.h"
#include "rows.h"

int jobs_open(const struct args *a, limn_jobs **out)
{
    limn_error err = {0};
    return limn_jobs_open(args_text(a, OPT_STORE, NULL), out, &err) == LIMN_OK ? 0 : say_status(&err);
}

int parse_id(const char *text, int64_t *id)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || v < 1) {
        return say_error(EXIT_USAGE, "jobs: not the number of a job (found \"%s\")", safe(text));
    }
    *id = v;
    return 0;
}

/* ---- list ---- */

static const char *choice_state(size_t i)
{
    return limn_job_state_name(i);
}

static unsigned states_asked(const struct args *a)
{
    unsigned states = 0;
    for (size_t i = 0; i < a->opt[OPT_STATE].n; i++) {
        for (unsigned s = 0; s < LIMN_JOB_STATES; s++) {
            states |= strcmp(limn_job_state_name(s), a->opt[OPT_STATE].v[i]) == 0 ? LIMN_JOB_BIT(s) : 0;
        }
    }
    return states;
}

static void text_when(int64_t ms, char buf[32])
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;
    buf[0] = '\0';
    if (ms > 0 && localtime_r(&t, &tm) != NULL) {
        strftime(buf, 32, "%Y-%m-%d %H:%M:%S", &tm);
    }
}

static void text_seconds(double seconds, char buf[32])
{
    long s = seconds < 0 || seconds > 1e9 ? 0 : (long)seconds;
    if (seconds < 0) {
        buf[0] = '\0';
    } else if (s >= 3600) {
        snprintf(buf, 32, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    } else {
        snprintf(buf, 32, "%ld:%02ld", s / 60, s % 60);
    }
}

static const char *state_text(const struct limn_job *j)
{
    return j->cancelling ? "cancelling" : limn_job_state_name(j->state);
}

static void text_progress(const struct limn_job *j, char buf[200])
{
    char left[32];
    text_seconds(j->left, left);
    if (j->state == LIMN_JOB_RUNNING) {
        snprintf(buf, 200, "%3.0f %% %.100s%s%s", 100 * j->part, j->stage, left[0] ? ", left " : "", left);
    } else if (j->state == LIMN_JOB_FAILED || j->state == LIMN_JOB_INTERRUPTED) {
        snprintf(buf, 200, "%.100s", j->reason);
    } else if (j->state == LIMN_JOB_DONE) {
        snprintf(buf, 200, "%u file%s", j->n_artifacts, j->n_artifacts == 1 ? "" : "s");
    } else {
        buf[0] = '\0';
    }
}

static json_t *job_json(const struct limn_job *j)
{
    json_t *o = need(json_object());
    json_object_set_new(o, "id", json_integer(j->id));
    json_object_set_new(o, "state", json_string(limn_job_state_name(j->state)));
    json_object_set_new(o, "cancelling", json_boolean(j->cancelling));
    json_object_set_new(o, "resumable", json_boolean(j->resumable));
    json_object_set_new(o, "command", json_text(j->command));
    json_object_set_new(o, "title", json_text(j->title));
    json_object_set_new(o, "device", json_text(j->device));
    json_object_set_new(o, "created_ms", json_integer(j->created));
    json_object_set_new(o, "started_ms", json_integer(j->started));
    json_object_set_new(o, "ended_ms", json_integer(j->ended));
    json_object_set_new(o, "attempt", json_integer(j->attempt));
    json_object_set_new(o, "part", json_real(j->part));
    json_object_set_new(o, "stage", json_text(j->stage));
    json_object_set_new(o, "rate", j->rate >= 0 ? json_real(j->rate) : json_null());
    json_object_set_new(o, "rate_unit", json_text(j->rate_unit));
    json_object_set_new(o, "left_s", j->left >= 0 ? json_real(j->left) : json_null());
    json_object_set_new(o, "exit", j->exit_code >= 0 ? json_integer(j->exit_code) : json_null());
    json_object_set_new(o, "reason", json_text(j->reason));
    json_object_set_new(o, "artifacts", json_integer(j->n_artifacts));
    return o;
}

static json_t *workers_json(limn_jobs *store)
{
    struct limn_worker *list = NULL;
    size_t n = 0;
    json_t *all = need(json_array());
    if (limn_jobs_workers(store, &list, &n, NULL) == LIMN_OK) {
        for (size_t i = 0; i < n; i++) {
            json_t *o = need(json_object());
            json_object_set_new(o, "pid", json_integer(list[i].pid));
            json_object_set_new(o, "device", json_text(list[i].device));
            json_object_set_new(o, "job", list[i].job ? json_integer(list[i].job) : json_null());
            json_array_append_new(all, o);
        }
        limn_jobs_workers_free(&list);
    }
    return all;
}

static void list_json(limn_jobs *store, const struct limn_job *list, size_t n, const uint64_t count[LIMN_JOB_STATES])
{
    json_t *j = json_begin("jobs"), *all = need(json_array()), *counts = need(json_object());
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(all, job_json(&list[i]));
    }
    for (size_t s = 0; s < LIMN_JOB_STATES; s++) {
        json_object_set_new(counts, limn_job_state_name(s), json_integer((json_int_t)count[s]));
    }
    json_object_set_new(j, "jobs", all);
    json_object_set_new(j, "counts", counts);
    json_object_set_new(j, "workers", workers_json(store));
    json_end(j);
}

static void list_table(const struct limn_job *list, size_t n)
{
    struct table t;
    char when[32], what[200];
    table_begin(&t, "rllll", "JOB", "STATE", "SUBMITTED", "WHAT", "");
    for (size_t i = 0; i < n; i++) {
        text_when(list[i].created, when);
        text_progress(&list[i], what);
        table_cell(&t, "%lld", (long long)list[i].id);
        table_cell(&t, "%s", state_text(&list[i]));
        table_cell(&t, "%s", when);
        table_cell(&t, "%.60s", safe(list[i].title));
        table_cell(&t, "%s", safe(what));
    }
    table_end(&t);
}

static int run_list(const struct args *a, limn_jobs *store)
{
    struct limn_jobs_query q = {.states = states_asked(a), .n = (size_t)args_int(a, OPT_LIMIT, 20)};
    struct limn_job *list = NULL;
    size_t n = 0;
    uint64_t count[LIMN_JOB_STATES];
    limn_error err = {0};
    if (limn_jobs_list(store, &q, &list, &n, &err) != LIMN_OK || limn_jobs_count(store, count, &err) != LIMN_OK) {
        limn_jobs_list_free(&list);
        return say_status(&err);
    }
    if (args_has(a, OPT_JSON)) {
        list_json(store, list, n, count);
    } else if (n > 0) {
        list_table(list, n);
    } else {
        say_note("no jobs; limn submit COMMAND ... makes one");
    }
    if (count[LIMN_JOB_INTERRUPTED] > 0) {
        say_note("note: %llu interrupted; they go on when a worker runs: limn worker --background",
                 (unsigned long long)count[LIMN_JOB_INTERRUPTED]);
    }
    limn_jobs_list_free(&list);
    return 0;
}

/* ---- show ---- */

static void show_json(const struct limn_job_detail *d)
{
    json_t *j = json_begin("jobs"), *files = need(json_array()), *one = job_json(&d->job);
    for (size_t i = 0; i < d->n_artifacts; i++) {
        json_t *f = need(json_object());
        json_object_set_new(f, "kind", json_text(d->artifact[i].kind));
        json_object_set_new(f, "path", json_text(d->artifact[i].path));
        json_array_append_new(files, f);
    }
    json_object_set_new(one, "artifacts", files);
    json_object_set_new(one, "error", json_text(d->error));
    json_object_set_new(one, "hint", json_text(d->hint));
    json_object_set_new(one, "folder", json_text(d->folder));
    json_object_set_new(one, "model_sha256", json_text(d->model_hash));
    json_object_set_new(one, "ran_on", json_text(d->device));
    json_object_set_new(one, "ran_by", json_text(d->limn_version));
    json_object_set_new(one, "seed", d->seed >= 0 ? json_integer(d->seed) : json_null());
    json_object_set_new(one, "document", json_loads(d->document, 0, NULL));
    json_object_set_new(j, "job", one);
    json_end(j);
}

static void line(const char *name, const char *value)
{
    if (value[0] != '\0') {
        printf("%-11s %s\n", name, safe(value));
    }
}

static void show_text(const struct limn_job_detail *d)
{
    char buf[200];
    snprintf(buf, sizeof(buf), "%lld  %s", (long long)d->job.id, state_text(&d->job));
    line("job", buf);
    line("what", d->job.title);
    text_when(d->job.created, buf);
    line("submitted", buf);
    text_when(d->job.started, buf);
    line("started", buf);
    text_when(d->job.ended, buf);
    line("ended", buf);
    if (d->job.state == LIMN_JOB_RUNNING) {
        text_progress(&d->job, buf);
        line("progress", buf);
    }
    snprintf(buf, sizeof(buf), "%d", d->job.attempt);
    line("attempts", d->job.attempt > 1 ? buf : "");
    line("error", d->error);
    line("hint", d->hint);
    line("device", d->device[0] ? d->device : d->job.device);
    line("model", d->model_hash);
    line("folder", d->folder);
    for (size_t i = 0; i < d->n_artifacts; i++) {
        line(d->artifact[i].kind, d->artifact[i].path);
    }
    line("document", d->document);
}

static int run_show(const struct args *a, limn_jobs *store, int64_t id)
{
    struct limn_job_detail *d = NULL;
    limn_error err = {0};
    if (limn_jobs_show(store, id, &d, &err) != LIMN_OK) {
        return say_status(&err);
    }
    if (args_has(a, OPT_JSON)) {
        show_json(d);
    } else {
        show_text(d);
    }
    limn_job_detail_free(&d);
    return 0;
}

/* ---- log ---- */

static int print_log(limn_jobs *store, int64_t id, int64_t *after)
{
    static const char *const mark[] = {"error: ", "", "", "| "};
    struct limn_log_line *list = NULL;
    size_t n = 0;
    limn_error err = {0};
    do {
        if (limn_jobs_log(store, id, *after, 0, &list, &n, &err) != LIMN_OK) {
            return say_status(&err);
        }
        for (size_t i = 0; i < n; i++) {
            char when[32];
            text_when(list[i].time, when);
            printf("%s  %s%s\n", when, (unsigned)list[i].level < 4 ? mark[list[i].level] : "", safe(list[i].text));
            *after = list[i].seq;
        }
        limn_jobs_log_free(&list, n);
    } while (n > 0);
    fflush(stdout);
    return 0;
}

static int run_log(const struct args *a, limn_jobs *store, int64_t id)
{
    int64_t after = 0;
    int code = print_log(store, id, &after);
    uint64_t seen = 0, now = 0;
    limn_error err = {0};
    while (code == 0 && args_has(a, OPT_FOLLOW) && signal_caught == 0) {
        struct limn_job_detail *d = NULL;
        if (limn_jobs_changes(store, &now, &err) != LIMN_OK) {
            return say_status(&err);
        }
        code = now != seen ? print_log(store, id, &after) : 0;
        seen = now;
        if (code == 0 && limn_jobs_show(store, id, &d, &err) != LIMN_OK) {
            return say_status(&err);
        }
        bool over = d != NULL && (LIMN_JOB_BIT(d->job.state) & LIMN_JOB_OVER) != 0;
        limn_job_detail_free(&d);
        if (over) {
            return code ? code : print_log(store, id, &after);
        }
        nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    }
    return code;
}

/* ---- cancel, retry, clear ---- */

static int cancel_one(limn_jobs *store, int64_t id, limn_error *err)
{
    return limn_jobs_cancel(store, id, err) == LIMN_OK ? 0 : say_status(err);
}

static int retry_one(limn_jobs *store, int64_t id, limn_error *err)
{
    struct limn_job_detail *d = NULL;
    if (limn_jobs_retry(store, id, err) != LIMN_OK || limn_jobs_show(store, id, &d, err) != LIMN_OK) {
        return say_status(err);
    }
    if (limn_jobs_start_worker(store, NULL, d->job.device, err) != LIMN_OK) {
        say_note("job %lld waits: %s", (long long)id, err->text);
    }
    limn_job_detail_free(&d);
    return 0;
}

static int clear_one(limn_jobs *store, int64_t id, limn_error *err)
{
    return limn_jobs_clear(store, id, 0, NULL, err) == LIMN_OK ? 0 : say_status(err);
}

static int each_state(limn_jobs *store, unsigned states, int (*each)(limn_jobs *, int64_t, limn_error *))
{
    struct limn_jobs_query q = {.states = states, .n = 1000000};
    struct limn_job *list = NULL;
    size_t n = 0;
    limn_error err = {0};
    int code = 0;
    if (limn_jobs_list(store, &q, &list, &n, &err) != LIMN_OK) {
        return say_status(&err);
    }
    for (size_t i = 0; i < n; i++) {
        int one = each(store, list[i].id, &err);
        code = code ? code : one;
    }
    limn_jobs_list_free(&list);
    return code;
}

static int run_clear(const struct args *a, limn_jobs *store)
{
    size_t n = 0;
    limn_error err = {0};
    unsigned states = states_asked(a);
    if (states != 0 && (states & ~LIMN_JOB_OVER) != 0) {
        return say_error(EXIT_USAGE, "jobs clear: --state: only done, failed and cancelled jobs can go; cancel others");
    }
    if (limn_jobs_clear(store, 0, states, &n, &err) != LIMN_OK) {
        return say_status(&err);
    }
    say_note("%zu job%s cleared; their files stay", n, n == 1 ? "" : "s");
    return 0;
}

/* ---- the command ---- */

static const struct verb {
    const char *name;
    unsigned all; /* states that --all means; 0: no --all */
    int (*each)(limn_jobs *store, int64_t id, limn_error *err);
    int (*with)(const struct args *a, limn_jobs *store, int64_t id);
    int (*whole)(const struct args *a, limn_jobs *store);
} verbs[] = {
    {.name = "list", .whole = run_list},
    {.name = "show", .with = run_show},
    {.name = "log", .with = run_log},
    {.name = "cancel",
     .each = cancel_one,
     .all = LIMN_JOB_BIT(LIMN_JOB_QUEUED) | LIMN_JOB_BIT(LIMN_JOB_RUNNING) | LIMN_JOB_BIT(LIMN_JOB_INTERRUPTED)},
    {.name = "retry", .each = retry_one, .all = LIMN_JOB_BIT(LIMN_JOB_FAILED)},
    {.name = "clear", .each = clear_one, .whole = run_clear}};
enum { N_VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static const struct verb *find_verb(const char *name)
{
    const char *names[N_VERBS];
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
        names[i] = verbs[i].name;
    }
    const char *near = limn_text_closest(name, names, N_VERBS);
    say_error(EXIT_USAGE, "jobs: nothing called \"%s\"%s%s (expected list, show, log, cancel, retry or clear)",
              safe(name), near ? "; did you mean " : "", near ? near : "");
    return NULL;
}

static int run_verb(const struct verb *v, const struct args *a, limn_jobs *store)
{
    limn_error err = {0};
    int code = 0;
    if (a->n_pos < 2) {
        if (v->whole != NULL) {
            return v->whole(a, store);
        }
        return v->all != 0 && args_has(a, OPT_ALL) ? each_state(store, v->all, v->each)
                                                   : say_error(EXIT_USAGE, "jobs %s: which one? Give its number%s",
                                                               v->name, v->all ? ", or --all" : "");
    }
    if (v->each == NULL && v->with == NULL) {
        return say_error(EXIT_USAGE, "jobs %s: takes no number (found \"%s\")", v->name, safe(a->pos[1]));
    }
    for (size_t i = 1; i < a->n_pos; i++) {
        int64_t id = 0;
        int one = parse_id(a->pos[i], &id);
        one = one ? one : v->each != NULL ? v->each(store, id, &err) : v->with(a, store, id);
        code = code ? code : one;
    }
    return code;
}

static int run(const struct args *a)
{
    limn_jobs *store = NULL;
    const struct verb *v = find_verb(a->n_pos > 0 ? a->pos[0] : "list");
    int code = v != NULL ? jobs_open(a, &store) : EXIT_USAGE;
    code = code ? code : run_verb(v, a, store);
    limn_jobs_close(&store);
    return code;
}

/* clang-format off */
static const struct option options[] = {
    CHOICE(OPT_STATE, "state", 's', "STATE[,STATE]", NULL, TYPE_CHOICES, choice_state,
           "list, clear: only jobs in these states"),
    NUMBER(OPT_LIMIT, "limit", 'n', "N", "20", TYPE_INT, 1, 1000000, "list: at most N jobs, the newest"),
    FLAG(OPT_ALL, "all", 'a', "cancel: all that wait or run; retry: all that failed"),
    FLAG(OPT_FOLLOW, "follow", 0, "log: go on until the job is over"),
    ROW_STORE,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_jobs = {
    .name = "jobs",
    .operands = "[list|show|log|cancel|retry|clear] [NUMBER...]",
    .summary = "list jobs, look at them, cancel, retry, clear",
    .text =
        "Without more: the newest jobs. show: all about a job, with the paths of its results. log: what it said. "
        "cancel: one that waits goes at once, one that runs within a second, a training when its checkpoint is "
        "written. retry: a failed, cancelled or interrupted job waits again under its number; a training goes on from "
        "its checkpoint. clear: forgets jobs that are over; their files stay.\n"
        "A job is queued, running, done, failed, cancelled or interrupted: then its worker was killed or the machine "
        "started anew, and the next worker goes on with it, three times at most.",
    .example = "limn jobs list --state failed",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_pos = (size_t)-1,
    .run = run,
};
