/* The job store where things go wrong: versions, foreign and damaged files, a full disk, failing allocations. */
#include <limn/worker.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "job/job_test.h"

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
    begin_tests();
    test_files();
    test_damage();
    test_full();
    test_allocation();
    return end_tests();
}
