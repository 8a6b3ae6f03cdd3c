/* The job store: states and who may leave which, pages, the change counter, workers that die, processes that take jobs
 * at once, versions, foreign and damaged files, a full disk, failing allocations.
 * TIMEOUT: 120 */
#include <fcntl.h>
#include <limn/worker.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "job/sql.h"
#include "support/check.h"

#define DEVICE "reference"
static const char document[] = "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"model\": \"m\"}}";
static char root[64];
static limn_error err;

static const char *folder(const char *name)
{
    static char path[4][160];
    static int turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof(path[0]), "%s/%s", root, name);
    return p;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static limn_jobs *open_store(const char *name)
{
    limn_jobs *s = NULL;
    CHECK_OK(limn_jobs_open(folder(name), &s, &err));
    if (s == NULL) {
        exit(1);
    }
    return s;
}

static int64_t submit(limn_jobs *s, const char *title)
{
    struct limn_job_params p = {.document = document, .title = title, .device = DEVICE};
    int64_t id = 0;
    CHECK_OK(limn_jobs_submit(s, &p, &id, &err));
    return id;
}

static enum limn_job_state state_of(limn_jobs *s, int64_t id)
{
    struct limn_job_detail *d = NULL;
    enum limn_job_state state = LIMN_JOB_STATES;
    CHECK_OK(limn_jobs_show(s, id, &d, &err));
    if (d != NULL) {
        state = d->job.state;
    }
    limn_job_detail_free(&d);
    return state;
}

static int64_t take(limn_jobs *s, int64_t worker)
{
    int64_t id = -1;
    CHECK_OK(limn_worker_take(s, worker, &id, &err));
    return id;
}

static limn_status end(limn_jobs *s, int64_t worker, int64_t id, enum limn_job_state state)
{
    struct limn_job_end e = {
        .state = state, .exit_code = state == LIMN_JOB_DONE ? 0 : 3, .counts = true, .error = "why"};
    return limn_worker_end(s, worker, id, &e, &err);
}

static void test_states(void)
{
    limn_jobs *s = open_store("states");
    int64_t worker = 0, id = submit(s, "one"), other = submit(s, NULL);
    uint64_t before = 0, after = 0, count[LIMN_JOB_STATES];
    bool stop = true, left = true;
    CHECK_OK(limn_worker_enter(s, DEVICE, &worker, &err));
    CHECK_INT(state_of(s, id), LIMN_JOB_QUEUED);
    CHECK(limn_jobs_retry(s, id, &err) == LIMN_ERR_ARG && limn_jobs_clear(s, id, 0, NULL, &err) == LIMN_ERR_ARG);
    CHECK(limn_jobs_cancel(s, 99, &err) == LIMN_ERR_NOT_FOUND);
    CHECK_INT(take(s, worker), id);
    CHECK_INT(state_of(s, id), LIMN_JOB_RUNNING);
    CHECK_OK(limn_jobs_changes(s, &before, &err));
    struct limn_job_progress p = {0.25, "epoch 1/4", 12.5, 30, "samples"};
    CHECK_OK(limn_worker_progress(s, id, &p, &err));
    CHECK_OK(limn_jobs_changes(s, &after, &err));
    CHECK(after > before);
    CHECK_OK(limn_worker_asked(s, worker, id, &stop, &err));
    CHECK(!stop);
    CHECK_OK(limn_jobs_cancel(s, id, &err)); /* of a running one: asked */
    CHECK_INT(state_of(s, id), LIMN_JOB_RUNNING);
    CHECK_OK(limn_worker_asked(s, worker, id, &stop, &err));
    CHECK(stop);
    CHECK_OK(end(s, worker, id, LIMN_JOB_CANCELLED));
    CHECK(end(s, worker, id, LIMN_JOB_DONE) == LIMN_ERR_ARG); /* it is not running any more */
    CHECK_INT(state_of(s, id), LIMN_JOB_CANCELLED);
    CHECK(limn_jobs_cancel(s, id, &err) == LIMN_ERR_ARG);
    CHECK_OK(limn_jobs_cancel(s, other, &err)); /* of a waiting one: at once */
    CHECK_INT(state_of(s, other), LIMN_JOB_CANCELLED);
    CHECK_INT(take(s, worker), 0);
    CHECK_OK(limn_jobs_retry(s, id, &err));
    CHECK_OK(limn_worker_leave(s, worker, false, &left, &err));
    CHECK(!left); /* there is a job */
    CHECK_INT(take(s, worker), id);
    CHECK_OK(limn_worker_asked(s, worker, id, &stop, &err));
    CHECK(!stop); /* the request to stop went with the first run */
    CHECK_OK(end(s, worker, id, LIMN_JOB_DONE));
    CHECK_INT(state_of(s, id), LIMN_JOB_DONE);
    CHECK(limn_jobs_retry(s, id, &err) == LIMN_ERR_ARG);
    CHECK_OK(limn_jobs_count(s, count, &err));
    CHECK(count[LIMN_JOB_DONE] == 1 && count[LIMN_JOB_CANCELLED] == 1 && count[LIMN_JOB_QUEUED] == 0);
    size_t n = 0;
    CHECK_OK(limn_jobs_clear(s, 0, LIMN_JOB_BIT(LIMN_JOB_DONE), &n, &err));
    CHECK_INT(n, 1);
    CHECK_OK(limn_jobs_clear(s, 0, 0, &n, &err));
    CHECK_INT(n, 1);
    CHECK(submit(s, "later") > other); /* numbers are not used again: they name folders */
    CHECK_OK(limn_worker_leave(s, worker, true, &left, &err));
    CHECK(left);
    CHECK_INT(take(s, worker), 0); /* it is no worker any more */
    limn_jobs_close(&s);
}

/* What a job tells: progress, log, artifacts, provenance, and the place in its files, all or nothing. */
static void test_events(void)
{
    limn_jobs *s = open_store("events");
    int64_t worker = 0, id = submit(s, "told"), events = -1, errors = -1;
    struct limn_log_line *line = NULL;
    struct limn_job_detail *d = NULL;
    size_t n = 0;
    CHECK_OK(limn_worker_enter(s, DEVICE, &worker, &err));
    CHECK_INT(take(s, worker), id);
    CHECK_OK(limn_worker_begin(s, &err));
    CHECK_OK(limn_worker_log(s, id, LIMN_LOG_NOTE, "lost", &err));
    limn_worker_abandon(s);
    CHECK_OK(limn_jobs_log(s, id, 0, 0, &line, &n, &err));
    CHECK(line == NULL && n == 0);
    CHECK_OK(limn_worker_begin(s, &err));
    for (int i = 0; i < 5100; i++) {
        char text[32];
        snprintf(text, sizeof(text), "line %d", i);
        CHECK_OK(limn_worker_log(s, id, LIMN_LOG_MORE, text, &err));
    }
    struct limn_job_progress p = {2, "a", 3, 4, "images"}, same = {-1, NULL, -1, -1, NULL};
    CHECK_OK(limn_worker_progress(s, id, &p, &err));
    CHECK_OK(limn_worker_progress(s, id, &same, &err));
    CHECK_OK(limn_worker_artifact(s, id, "png", "/r/b.png", &err));
    CHECK_OK(limn_worker_artifact(s, id, "npy", "/r/a.npy", &err));
    CHECK_OK(limn_worker_artifact(s, id, "png", "/r/b.png", &err)); /* told again by a second attempt */
    CHECK_OK(limn_worker_provenance(s, id, "abc", "GPU", 7, &err));
    CHECK_OK(limn_worker_provenance(s, id, NULL, NULL, -1, &err));
    CHECK_OK(limn_worker_commit(s, id, 123, 45, &err));
    CHECK_OK(limn_worker_place(s, id, &events, &errors, &err));
    CHECK(events == 123 && errors == 45);
    CHECK_OK(limn_jobs_log(s, id, 0, 10000, &line, &n, &err));
    CHECK_INT(n, 5000);
    CHECK_STR(line[0].text, "line 100");
    int64_t last = line[n - 1].seq;
    limn_jobs_log_free(&line, n);
    CHECK_OK(limn_jobs_log(s, id, last - 1, 0, &line, &n, &err));
    CHECK_INT(n, 1);
    CHECK_STR(line[0].text, "line 5099");
    limn_jobs_log_free(&line, n);
    CHECK_OK(limn_jobs_show(s, id, &d, &err));
    CHECK_NEAR(d->job.part, 1, 0);
    CHECK_STR(d->job.stage, "a");
    CHECK_STR(d->job.rate_unit, "images");
    CHECK_INT(d->n_artifacts, 2);
    CHECK_STR(d->artifact[0].path, "/r/b.png");
    CHECK_STR(d->artifact[1].kind, "npy");
    CHECK_STR(d->model_hash, "abc");
    CHECK_STR(d->document, document);
    CHECK_INT(d->seed, 7);
    CHECK_STR(d->device, "GPU");
    CHECK_STR(d->limn_version, limn_version());
    limn_job_detail_free(&d);
    CHECK_OK(end(s, worker, id, LIMN_JOB_DONE));
    CHECK_OK(limn_jobs_clear(s, id, 0, NULL, &err));
    CHECK(limn_jobs_log(s, id, 0, 0, &line, &n, &err) == LIMN_ERR_NOT_FOUND);
    limn_jobs_close(&s);
}

/* A process that dies with a job leaves it interrupted, three times over; then it fails. */
static void test_death(void)
{
    limn_jobs *s = open_store("death");
    int64_t id = submit(s, "killed"), worker = 0;
    size_t n = 0;
    for (int attempt = 1; attempt <= LIMN_JOB_ATTEMPTS; attempt++) {
        pid_t pid = fork();
        if (pid == 0) {
            limn_jobs *own = NULL;
            int64_t w = 0, got = 0;
            bool ok = limn_jobs_open(folder("death"), &own, NULL) == LIMN_OK &&
                      limn_worker_enter(own, DEVICE, &w, NULL) == LIMN_OK &&
                      limn_worker_take(own, w, &got, NULL) == LIMN_OK && got == id;
            raise(ok ? SIGKILL : SIGTERM);
        }
        siginfo_t info;
        waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT); /* a zombie is as dead as a process that was waited for */
        CHECK_INT(info.si_status, SIGKILL);
        CHECK_OK(limn_jobs_recover(s, &n, &err));
        CHECK_INT(n, 1);
        CHECK_INT(state_of(s, id), LIMN_JOB_INTERRUPTED);
        waitpid(pid, NULL, 0);
        CHECK_OK(limn_jobs_recover(s, &n, &err));
        CHECK_INT(n, 0);
    }
    struct limn_worker *list = NULL;
    CHECK_OK(limn_jobs_workers(s, &list, &n, &err));
    CHECK(list == NULL && n == 0);
    CHECK_OK(limn_worker_enter(s, DEVICE, &worker, &err));
    CHECK_INT(take(s, worker), id);
    CHECK_OK(limn_jobs_workers(s, &list, &n, &err));
    CHECK(n == 1 && list[0].pid == getpid() && list[0].job == id);
    limn_jobs_workers_free(&list);
    CHECK_OK(end(s, worker, id, LIMN_JOB_INTERRUPTED));
    CHECK_INT(state_of(s, id), LIMN_JOB_FAILED);
    CHECK_OK(limn_jobs_retry(s, id, &err));
    CHECK_INT(take(s, worker), id);
    struct limn_job_end clean = {.state = LIMN_JOB_INTERRUPTED, .exit_code = 143};
    CHECK_OK(limn_worker_end(s, worker, id, &clean, &err)); /* the worker was told to end: no attempt is used up */
    struct limn_job_detail *d = NULL;
    CHECK_OK(limn_jobs_show(s, id, &d, &err));
    CHECK(d->job.state == LIMN_JOB_INTERRUPTED && d->job.attempt == 0);
    limn_job_detail_free(&d);
    limn_jobs_close(&s);
}

/* A number that went to another process, another start of the machine, another container. */
static void test_identity(void)
{
    limn_jobs *s = open_store("identity");
    struct sql *db = NULL;
    char path[200];
    int64_t worker = 0, id = submit(s, "x");
    size_t n = 0;
    snprintf(path, sizeof(path), "%s/jobs.db", folder("identity"));
    CHECK_OK(sql_open(path, false, &db, &err));
    struct {
        const char *change;
        bool gone;
    } cases[] = {{"UPDATE worker SET beat = 0", false}, /* seen alive: the sign of life does not matter */
                 {"UPDATE worker SET start = start + 1", true},
                 {"UPDATE worker SET boot = 'other'", false}, /* perhaps another machine: it gave a sign just now */
                 {"UPDATE worker SET boot = 'other', beat = beat - 60000", true},
                 {"UPDATE worker SET space = 'pid:[1]', beat = beat - 60000", true},
                 {"DELETE FROM worker", true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_OK(limn_worker_enter(s, DEVICE, &worker, &err));
        CHECK_INT(take(s, worker), id);
        CHECK_OK(sql_script(db, cases[i].change, &err));
        CHECK_OK(limn_jobs_recover(s, &n, &err));
        CHECK_INT(n, cases[i].gone);
        CHECK_OK(sql_script(db, "DELETE FROM worker", &err));
        CHECK_OK(limn_jobs_recover(s, NULL, &err));
    }
    sql_close(&db);
    limn_jobs_close(&s);
}

/* Eight processes take 200 jobs: each exactly once. Each notes what it took, in the result and in a pipe. */
static void test_taking(void)
{
    enum { PROCESSES = 8, JOBS = 200 };
    limn_jobs *s = open_store("taking");
    int fd[2], seen[JOBS + 1] = {0};
    for (int i = 0; i < JOBS; i++) {
        submit(s, "many");
    }
    CHECK(pipe(fd) == 0);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            limn_jobs *own = NULL;
            int64_t worker = 0, id = 0;
            bool ok = limn_jobs_open(folder("taking"), &own, NULL) == LIMN_OK &&
                      limn_worker_enter(own, DEVICE, &worker, NULL) == LIMN_OK;
            while (ok && limn_worker_take(own, worker, &id, NULL) == LIMN_OK && id != 0) {
                struct limn_job_end e = {.state = LIMN_JOB_DONE};
                ok = write(fd[1], &id, sizeof(id)) == sizeof(id) &&
                     limn_worker_end(own, worker, id, &e, NULL) == LIMN_OK;
            }
            _exit(ok && id == 0 ? 0 : 1);
        }
    }
    close(fd[1]);
    for (int64_t id; read(fd[0], &id, sizeof(id)) == sizeof(id);) {
        CHECK(id >= 1 && id <= JOBS);
        seen[id]++;
    }
    close(fd[0]);
    for (int status = 0; wait(&status) > 0;) {
        CHECK_INT(status, 0);
    }
    for (int i = 1; i <= JOBS; i++) {
        CHECK_INT(seen[i], 1);
    }
    limn_jobs_close(&s);
}

static void test_many(void)
{
    enum { JOBS = 10000, PAGE = 50 };
    limn_jobs *s = open_store("many");
    struct sql *db = NULL;
    struct limn_job *list = NULL;
    char path[200];
    size_t n = 0;
    uint64_t count[LIMN_JOB_STATES];
    submit(s, "first");
    snprintf(path, sizeof(path), "%s/jobs.db", folder("many"));
    CHECK_OK(sql_open(path, false, &db, &err));
    CHECK_OK(sql_run(db, &err,
                     "WITH RECURSIVE k(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM k WHERE i < ?1) INSERT INTO "
                     "job(command, title, device, created, document, state) SELECT 'explain', 'job ' || i, 'reference',"
                     " i, ?2, CASE WHEN i % 100 = 0 THEN 3 ELSE 2 END FROM k",
                     "it", (int64_t)JOBS, document));
    sql_close(&db);
    double t[5] = {seconds()};
    CHECK_OK(limn_jobs_list(s, &(struct limn_jobs_query){.n = PAGE}, &list, &n, &err));
    CHECK(n == PAGE && list[0].id == JOBS && list[PAGE - 1].id == JOBS - PAGE + 1);
    limn_jobs_list_free(&list);
    t[1] = seconds();
    CHECK_OK(limn_jobs_list(s, &(struct limn_jobs_query){.first = JOBS - 10, .n = PAGE}, &list, &n, &err));
    CHECK(n == 10 && list[9].id == 1);
    CHECK_STR(list[9].title, "first");
    limn_jobs_list_free(&list);
    t[2] = seconds();
    CHECK_OK(limn_jobs_list(s, &(struct limn_jobs_query){.states = LIMN_JOB_BIT(LIMN_JOB_FAILED)}, &list, &n, &err));
    CHECK(n == 100 && list[99].id == 100);
    limn_jobs_list_free(&list);
    t[3] = seconds();
    CHECK_OK(limn_jobs_count(s, count, &err));
    CHECK(count[LIMN_JOB_FAILED] == 100 && count[LIMN_JOB_DONE] == JOBS - 101 && count[LIMN_JOB_QUEUED] == 1);
    t[4] = seconds();
    CHECK_OK(limn_jobs_list(s, &(struct limn_jobs_query){.n = JOBS}, &list, &n, &err));
    CHECK_INT(n, JOBS);
    limn_jobs_list_free(&list);
    printf("10000 jobs: first page %.1f ms, last page %.1f ms, failed ones %.1f ms, counts %.1f ms, all %.1f ms\n",
           1e3 * (t[1] - t[0]), 1e3 * (t[2] - t[1]), 1e3 * (t[3] - t[2]), 1e3 * (t[4] - t[3]),
           1e3 * (seconds() - t[4]));
    limn_jobs_close(&s);
}

/* A store of version 1 (no indices, no counter) with a job in it, a later one, another program's, rubbish, nobody's. */
static void test_files(void)
{
    limn_jobs *s = open_store("files");
    struct sql *db = NULL;
    char path[200];
    struct stat info;
    struct limn_job *list = NULL;
    size_t n = 0;
    uint64_t a = 0, b = 0;
    submit(s, "kept");
    limn_jobs_close(&s);
    snprintf(path, sizeof(path), "%s/jobs.db", folder("files"));
    CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
    CHECK(stat(folder("files"), &info) == 0 && (info.st_mode & 0777) == 0700);
    CHECK_OK(sql_open(path, false, &db, &err));
    CHECK_OK(sql_script(db,
                        "DROP INDEX job_state; DROP INDEX job_wait; DROP INDEX log_job; DROP TRIGGER job_insert; DROP "
                        "TRIGGER job_update; DROP TRIGGER job_delete; DROP TRIGGER log_insert; DROP TRIGGER "
                        "artifact_insert; PRAGMA user_version=1",
                        &err));
    sql_close(&db);
    chmod(path, 0644);
    chmod(folder("files"), 0755);
    s = open_store("files");
    CHECK_OK(limn_jobs_list(s, NULL, &list, &n, &err));
    CHECK(n == 1 && strcmp(list[0].title, "kept") == 0);
    limn_jobs_list_free(&list);
    CHECK_OK(limn_jobs_changes(s, &a, &err));
    submit(s, "new");
    CHECK_OK(limn_jobs_changes(s, &b, &err));
    CHECK(b > a); /* the counter is there now */
    CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
    CHECK(stat(folder("files"), &info) == 0 && (info.st_mode & 0777) == 0700);
    limn_jobs_close(&s);

    CHECK_OK(sql_open(path, false, &db, &err));
    CHECK_OK(sql_script(db, "PRAGMA user_version=77", &err));
    CHECK(limn_jobs_open(folder("files"), &s, &err) == LIMN_ERR_FORMAT && strstr(err.text, "77") && !s);
    CHECK_OK(sql_script(db, "PRAGMA user_version=2; PRAGMA application_id=5", &err));
    CHECK(limn_jobs_open(folder("files"), &s, &err) == LIMN_ERR_FORMAT && strstr(err.text, "another program"));
    sql_close(&db);

    mkdir(folder("rubbish"), 0700);
    snprintf(path, sizeof(path), "%s/jobs.db", folder("rubbish"));
    CHECK_OK(file_write_atomic(path, "not a database, but long enough to be looked at", 40, false, &err));
    CHECK(limn_jobs_open(folder("rubbish"), &s, &err) == LIMN_ERR_FORMAT && strstr(err.text, "jobs.db") && !s);
    mkdir(folder("link"), 0700);
    snprintf(path, sizeof(path), "%s/jobs.db", folder("link"));
    CHECK(symlink("/dev/null", path) == 0);
    CHECK(limn_jobs_open(folder("link"), &s, &err) == LIMN_ERR_IO && !s);
    CHECK(limn_jobs_open("/dev/null", &s, &err) == LIMN_ERR_IO &&
          limn_jobs_open("/dev/null/x", &s, &err) == LIMN_ERR_IO);
    CHECK(limn_jobs_open("/proc/1", &s, &err) != LIMN_OK && !s);
    if (geteuid() == 0) {
        mkdir(folder("theirs"), 0700);
        CHECK(chown(folder("theirs"), 12345, 12345) == 0);
        CHECK(limn_jobs_open(folder("theirs"), &s, &err) == LIMN_ERR_IO && strstr(err.text, "another user") && !s);
    }
}

/* Every page of a small store overwritten in turn: each open, list and submit ends with a status. */
static void test_damage(void)
{
    limn_jobs *s = open_store("damage");
    char path[200];
    void *good = NULL;
    size_t size = 0, refused = 0, n = 0;
    for (int i = 0; i < 40; i++) {
        submit(s, "x");
    }
    limn_jobs_close(&s);
    snprintf(path, sizeof(path), "%s/jobs.db", folder("damage"));
    CHECK_OK(file_read_all(path, 1 << 22, &good, &size, &err));
    for (size_t at = 0; at + 512 <= size; at += 2048) {
        char *bad = mem_alloc(size, 1);
        memcpy(bad, good, size);
        memset(bad + at, 0xa5, 512);
        CHECK_OK(file_write_atomic(path, bad, size, true, &err));
        mem_free(bad);
        struct limn_job_params p = {.document = document, .device = DEVICE};
        struct limn_job *list = NULL;
        int64_t id = 0;
        err = (limn_error){0};
        limn_status st = limn_jobs_open(folder("damage"), &s, &err);
        st = st == LIMN_OK ? limn_jobs_list(s, NULL, &list, &n, &err) : st;
        st = st == LIMN_OK ? limn_jobs_submit(s, &p, &id, &err) : st;
        CHECK(st == LIMN_OK || (err.text[0] != '\0' && strchr(err.text, '\n') == NULL));
        CHECK(st != LIMN_ERR_INTERNAL);
        refused += st != LIMN_OK;
        limn_jobs_list_free(&list);
        limn_jobs_close(&s);
    }
    CHECK(refused > 3);
    mem_free(good);
}

static void test_document(void)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"schema\": 2, \"command\": \"explain\", \"args\": {}}",
                                      "{\"schema\": 1, \"command\": \"Explain!\", \"args\": {}}",
                                      "{\"schema\": 1, \"command\": \"explain\"}",
                                      "{\"schema\": 1, \"command\": \"explain\", \"args\": []}",
                                      "{\"schema\": 1, \"command\": \"explain\", \"args\": {}, \"more\": 1}",
                                      "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"--force\": true}}",
                                      "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"a\": null}}",
                                      "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"a\": [[]]}}",
                                      "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"a\": [true]}}",
                                      "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"a\": 1, \"a\": 2}}",
                                      "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"a\": \"\\u0000\"}}",
                                      "{\"schema\": 1.0, \"command\": \"explain\", \"args\": {}}"};
    limn_jobs *s = open_store("document");
    struct limn_job_params p = {.device = DEVICE};
    int64_t id = 0;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        p.document = bad[i];
        CHECK_INT(limn_job_check(bad[i], &err), LIMN_ERR_FORMAT);
        CHECK_INT(limn_jobs_submit(s, &p, &id, &err), LIMN_ERR_FORMAT);
    }
    CHECK_OK(limn_job_check("{\"schema\":1,\"command\":\"train\",\"args\":{\"a-b\":[1,\"x\",2.5],\"c\":true}}", &err));
    p.document = document;
    p.device = "";
    CHECK_INT(limn_jobs_submit(s, &p, &id, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_jobs_submit(s, NULL, &id, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_job_check(NULL, &err), LIMN_ERR_ARG);
    limn_jobs_close(&s);
}

/* Files may not grow: one line that names the store, nothing half done, and all is well once there is room. */
static void test_full(void)
{
    limn_jobs *s = open_store("full");
    struct limn_job_params p = {.document = document, .title = "x", .device = DEVICE};
    struct rlimit old, small = {0};
    int64_t id = 0;
    uint64_t count[LIMN_JOB_STATES];
    limn_status st = LIMN_OK;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
    small = (struct rlimit){100 << 10, old.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    uint64_t done = 0;
    while (done < 100000 && (st = limn_jobs_submit(s, &p, &id, &err)) == LIMN_OK) {
        done++;
    }
    CHECK_INT(st, LIMN_ERR_IO);
    CHECK(strstr(err.text, "jobs.db") != NULL);
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    CHECK_OK(limn_jobs_count(s, count, &err));
    CHECK_INT(count[LIMN_JOB_QUEUED], done);
    CHECK_OK(limn_jobs_submit(s, &p, &id, &err));
    limn_jobs_close(&s);
}

static limn_status whole_use(const char *where)
{
    limn_jobs *s = NULL;
    struct limn_job *list = NULL;
    struct limn_job_detail *d = NULL;
    struct limn_log_line *line = NULL;
    struct limn_worker *workers = NULL;
    struct limn_job_params p = {.document = document, .device = DEVICE};
    int64_t id = 0, worker = 0, got = 0;
    size_t n = 0, n_lines = 0;
    bool left = false;
    limn_status st = LIMN_OK;
    TRY(limn_jobs_open(where, &s, &err));
    TRY(limn_jobs_submit(s, &p, &id, &err));
    TRY(limn_worker_enter(s, DEVICE, &worker, &err));
    TRY(limn_worker_take(s, worker, &got, &err));
    TRY(limn_worker_log(s, got, LIMN_LOG_NOTE, "x", &err));
    TRY(limn_worker_artifact(s, got, "png", "/x.png", &err));
    TRY(limn_jobs_list(s, NULL, &list, &n, &err));
    TRY(limn_jobs_show(s, got, &d, &err));
    TRY(limn_jobs_log(s, got, 0, 0, &line, &n_lines, &err));
    TRY(limn_jobs_workers(s, &workers, &n, &err));
    TRY(end(s, worker, got, LIMN_JOB_DONE));
    TRY(limn_worker_leave(s, worker, true, &left, &err));
out:
    limn_jobs_list_free(&list);
    limn_job_detail_free(&d);
    limn_jobs_log_free(&line, n_lines);
    limn_jobs_workers_free(&workers);
    limn_jobs_close(&s);
    return st;
}

static void test_allocation(void)
{
    bool done = false;
    for (unsigned long k = 1; k < 1000 && !done; k++) {
        char name[32];
        snprintf(name, sizeof(name), "alloc%lu", k % 4);
        inject_arm(INJECT_ALLOC, k, false);
        limn_status st = whole_use(folder(name));
        done = inject_seen(INJECT_ALLOC) < k;
        inject_arm(INJECT_ALLOC, 0, false);
        CHECK(done ? st == LIMN_OK : st == LIMN_ERR_NOMEM);
    }
    CHECK(done);
}

int main(void)
{
    snprintf(root, sizeof(root), "/tmp/limn-store-XXXXXX");
    if (mkdtemp(root) == NULL) {
        return 1;
    }
    test_states();
    test_events();
    test_death();
    test_identity();
    test_taking();
    test_many();
    test_files();
    test_damage();
    test_document();
    test_full();
    test_allocation();
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    CHECK(system(command) == 0);
    return check_done();
}
