/* The job store: states and who may leave which, pages, the change counter, workers that die, processes that take jobs
 * at once, documents.
 * TIMEOUT: 120 */
#include <limn/worker.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "job/job_test.h"

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
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

/* Who only asks whether something changed sees a dead worker too. */
static void test_death_seen(void)
{
    limn_jobs *s = open_store("seen");
    int64_t worker = 0, id = submit(s, "x");
    uint64_t before = 0, after = 0;
    struct sql *db = NULL;
    char path[200];
    CHECK_OK(limn_worker_enter(s, DEVICE, &worker, &err));
    CHECK_INT(take(s, worker), id);
    snprintf(path, sizeof(path), "%s/jobs.db", folder("seen"));
    CHECK_OK(sql_open(path, false, &db, &err));
    CHECK_OK(limn_jobs_changes(s, &before, &err));
    CHECK_OK(sql_script(db, "UPDATE worker SET start = start + 1", &err));
    for (int i = 0; i < 50 && after <= before; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        CHECK_OK(limn_jobs_changes(s, &after, &err));
    }
    CHECK(after > before);
    CHECK_INT(state_of(s, id), LIMN_JOB_INTERRUPTED);
    sql_close(&db);
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

/* By text and number, in every order, among the 10,000 of test_many. */
static void check_found(limn_jobs *s)
{
    struct limn_job *list = NULL;
    size_t n = 0;
    struct limn_jobs_query q = {.text = "JOB 99", .order = LIMN_JOBS_OLDEST};
    uint64_t matches = 0;
    CHECK_OK(limn_jobs_list(s, &q, &list, &n, &err));
    CHECK_OK(limn_jobs_matches(s, &q, &matches, &err));
    CHECK(n == 111 && matches == 111 && list[0].id == 99 && list[110].id == 9999); /* 99, 990.., 9900.. */
    limn_jobs_list_free(&list);
    q.states = LIMN_JOB_BIT(LIMN_JOB_FAILED);
    q.order = LIMN_JOBS_BY_STATE;
    CHECK_OK(limn_jobs_list(s, &q, &list, &n, &err));
    CHECK(n == 1 && list[0].id == 9900);
    limn_jobs_list_free(&list);
    q = (struct limn_jobs_query){.text = "1", .n = 1, .order = LIMN_JOBS_BY_STATE};
    CHECK_OK(limn_jobs_list(s, &q, &list, &n, &err));
    CHECK(n == 1 && list[0].id == 1); /* by its number; the only one that waits */
    limn_jobs_list_free(&list);
    q = (struct limn_jobs_query){.text = "' OR 1=1 --"};
    CHECK_OK(limn_jobs_matches(s, &q, &matches, &err));
    CHECK(matches == 0);
    q.order = (enum limn_job_order)7;
    CHECK(limn_jobs_list(s, &q, &list, &n, &err) == LIMN_ERR_ARG);
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
    double t[6] = {seconds()};
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
    check_found(s);
    t[5] = seconds();
    CHECK_OK(limn_jobs_list(s, &(struct limn_jobs_query){.n = JOBS}, &list, &n, &err));
    CHECK_INT(n, JOBS);
    limn_jobs_list_free(&list);
    printf("10000 jobs: first page %.1f ms, last page %.1f ms, failed ones %.1f ms, counts %.1f ms, found by text, "
           "twice and sorted %.1f ms, all %.1f ms\n",
           1e3 * (t[1] - t[0]), 1e3 * (t[2] - t[1]), 1e3 * (t[3] - t[2]), 1e3 * (t[4] - t[3]), 1e3 * (t[5] - t[4]),
           1e3 * (seconds() - t[5]));
    limn_jobs_close(&s);
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

int main(void)
{
    begin_tests();
    test_states();
    test_events();
    test_death();
    test_death_seen();
    test_identity();
    test_taking();
    test_many();
    test_document();
    return end_tests();
}
