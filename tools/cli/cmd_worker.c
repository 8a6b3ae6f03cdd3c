/* limn worker: runs the jobs of one device. One process per device, by a lock that its children inherit: a new worker
 * waits until what an old one left behind has ended. With --background it is in a session of its own before anything
 * else happens (a fork, setsid, another fork), and whoever started it waits only until it has taken over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jobs.h"
#include "rows.h"

enum { IDLE_TICK_MS = 200, LOCK_TICK_MS = 50, LOCK_WAIT_S = 60, ORPHAN_GRACE_S = 35, LOG_BYTES_MAX = 1 << 20 };

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void on_child(int number)
{
    (void)number; /* only ends a pause */
}

/* ---- background ---- */

/* Returns in the process that is to be the worker, which says by one byte on *tell how it went; the others never. */
static int go_background(int *tell)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) != 0) {
        return say_error(EXIT_OUTPUT, "worker: no pipe: %s", strerror(errno));
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        return say_error(EXIT_MEMORY, "worker: no process could be started: %s", strerror(errno));
    }
    if (pid > 0) {
        unsigned char code = EXIT_OUTPUT;
        close(fd[1]);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        while (read(fd[0], &code, 1) < 0 && errno == EINTR) {
        }
        _exit(code);
    }
    close(fd[0]);
    setsid();
    if (fork() != 0) { /* the leader of the session goes: no terminal can become the worker's */
        _exit(0);
    }
    signal(SIGHUP, SIG_IGN);
    *tell = fd[1];
    return 0;
}

static void tell_starter(int *tell, int code)
{
    unsigned char byte = (unsigned char)code;
    if (*tell >= 0) {
        (void)!write(*tell, &byte, 1);
        close(*tell);
        *tell = -1;
    }
}

/* From here on messages go to FOLDER/worker-KEY.log, which starts anew when it has grown. */
static void talk_to_log(const limn_jobs *store, const char *key)
{
    char path[4096];
    struct stat info;
    snprintf(path, sizeof(path), "%s/worker-%s.log", limn_jobs_folder(store), key);
    bool large = stat(path, &info) == 0 && info.st_size > LOG_BYTES_MAX;
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (large ? O_TRUNC : 0), 0600);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, 0);
    dup2(log >= 0 ? log : null, 1);
    dup2(log >= 0 ? log : null, 2);
    if (log > 2) {
        close(log);
    }
    if (null > 2) {
        close(null);
    }
    (void)!chdir("/");
}

/* ---- the only one ---- */

static int32_t worker_of(limn_jobs *store, const char *key)
{
    struct limn_worker *list = NULL;
    size_t n = 0;
    int32_t pid = 0;
    if (limn_jobs_workers(store, &list, &n, NULL) == LIMN_OK) {
        for (size_t i = 0; i < n; i++) {
            pid = strcmp(list[i].device, key) == 0 ? list[i].pid : pid;
        }
        limn_jobs_workers_free(&list);
    }
    return pid;
}

/* Whether the process runs this program: its number may have gone to another one. */
static bool runs_limn(int32_t pid)
{
    char link[40];
    struct stat a, b;
    snprintf(link, sizeof(link), "/proc/%d/exe", pid);
    return stat(link, &a) == 0 && stat("/proc/self/exe", &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The program of a job whose worker was killed. It got SIGTERM then; a training writes its checkpoint. */
static void end_orphan(limn_jobs *store, const char *key, bool kill_it)
{
    int32_t pid = 0;
    (void)limn_jobs_recover(store, NULL, NULL);
    if (limn_worker_orphan(store, key, &pid, NULL) == LIMN_OK && pid > 1 && runs_limn(pid)) {
        kill(-pid, kill_it ? SIGKILL : SIGTERM);
    }
}

/* 0 with the lock, -1 when another worker lives, or an exit code after a message. */
static int take_lock(limn_jobs *store, const char *key, int *lock)
{
    char path[4096];
    double began = clock_now();
    bool ended = false;
    snprintf(path, sizeof(path), "%s/worker-%s.lock", limn_jobs_folder(store), key);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return say_error(EXIT_OUTPUT, "%s: cannot write: %s", safe(path), strerror(errno));
    }
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        double waited = clock_now() - began;
        int32_t other = worker_of(store, key);
        if (other != 0 || signal_caught) {
            close(fd);
            say_note("a worker for this device runs already (process %d)", other);
            return -1;
        }
        if (waited > LOCK_WAIT_S) {
            close(fd);
            return say_error(EXIT_OUTPUT, "%s: held by a process that is no worker and does not end", safe(path));
        }
        if (waited > 0.3 && (!ended || waited > ORPHAN_GRACE_S)) {
            end_orphan(store, key, waited > ORPHAN_GRACE_S);
            ended = true;
        }
        pause_ms(LOCK_TICK_MS);
    }
    *lock = fd;
    return 0;
}

/* ---- the work ---- */

void worker_beat(struct worker *w)
{
    double now = clock_now();
    if (now - w->beat > 5) {
        w->beat = now;
        (void)limn_worker_beat(w->store, w->id, NULL);
    }
}

/* What a run left behind is wanted no more once its job is done or off the list. The worker that stored the end of a
 * job may have been killed before it took the files away. */
static bool run_is_over(limn_jobs *store, int64_t id)
{
    struct limn_job_detail *job = NULL;
    limn_status st = limn_jobs_show(store, id, &job, NULL);
    bool over = st == LIMN_ERR_NOT_FOUND || (st == LIMN_OK && job->job.state == LIMN_JOB_DONE);
    limn_job_detail_free(&job);
    return over;
}

static void sweep(limn_jobs *store)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/run", limn_jobs_folder(store));
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        long long id = strtoll(e->d_name, NULL, 10);
        if (id > 0 && run_is_over(store, id)) {
            unlinkat(dirfd(d), e->d_name, 0);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
}

static int work(struct worker *w, double idle)
{
    limn_error err = {0};
    double since = clock_now();
    bool left = false;
    int failed = 0;
    while (!left && signal_caught == 0) {
        int64_t id = 0;
        limn_status st = limn_worker_take(w->store, w->id, &id, &err);
        if (st == LIMN_OK && id != 0) {
            if (!job_run(w, id)) {
                break; /* the job becomes interrupted when this process is gone */
            }
            since = clock_now();
            failed = 0;
            continue;
        }
        if (st == LIMN_OK && clock_now() - since >= idle) {
            st = limn_worker_leave(w->store, w->id, false, &left, &err);
        }
        failed = st == LIMN_OK ? 0 : failed + 1;
        if (failed > 100) { /* the store is gone or damaged */
            return say_status(&err);
        }
        if (!left) {
            worker_beat(w);
            (void)limn_jobs_recover(w->store, NULL, NULL);
            pause_ms(IDLE_TICK_MS);
        }
    }
    if (!left) {
        (void)limn_worker_leave(w->store, w->id, true, &left, NULL);
    }
    return 0;
}

static int start_work(limn_jobs *store, const char *key, double idle, int *tell)
{
    struct worker w = {.store = store, .lock = -1, .beat = clock_now()};
    limn_error err = {0};
    bool background = *tell >= 0;
    int code = take_lock(store, key, &w.lock);
    if (code != 0) {
        return code < 0 ? 0 : code;
    }
    sweep(store);
    limn_status st = limn_jobs_recover(store, NULL, &err);
    st = st == LIMN_OK ? limn_worker_enter(store, key, &w.id, &err) : st;
    if (st != LIMN_OK) {
        return say_status(&err);
    }
    if (background) {
        talk_to_log(store, key);
        tell_starter(tell, 0);
    }
    struct sigaction sa = {.sa_handler = on_child};
    sigemptyset(&sa.sa_mask);
    sigaction(SIGCHLD, &sa, NULL);
    say_note("worker for %s, process %d", key, (int)getpid());
    code = work(&w, idle);
    say_note("worker leaves");
    close(w.lock);
    return code;
}

static int run(const struct args *a)
{
    limn_jobs *store = NULL;
    char key[40];
    int tell = -1;
    int code = args_has(a, OPT_BACKGROUND) ? go_background(&tell) : 0;
    code = code ? code : device_key(args_text(a, OPT_DEVICE, NULL), key);
    code = code ? code : jobs_open(a, &store);
    code = code ? code : start_work(store, key, args_has(a, OPT_ONCE) ? 0 : args_real(a, OPT_IDLE, 30), &tell);
    limn_jobs_close(&store);
    tell_starter(&tell, code);
    return code;
}

/* clang-format off */
static const struct option options[] = {
    VALUE(OPT_DEVICE, "device", 'd', "DEVICE", NULL, TYPE_TEXT,
          "whose jobs to run, see `limn devices` (default: the device that limn chooses)"),
    NUMBER(OPT_IDLE, "idle", 0, "SECONDS", "30", TYPE_REAL, 0, 1e9, "leave when no job has come for so long"),
    FLAG(OPT_ONCE, "once", 0, "run what waits, then leave"),
    FLAG(OPT_BACKGROUND, "background", 0, "in a session of its own; returns once the worker has taken over"),
    ROW_STORE,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_worker = {
    .name = "worker",
    .operands = "",
    .summary = "run the jobs of a device",
    .text =
        "Runs the jobs that wait for a device, one after another, each as a process of its own. limn submit starts a "
        "worker when there is none; only one works for a device. SIGTERM ends it: a training that runs writes its "
        "checkpoint, and the next worker goes on. With --background its messages go to worker-DEVICE.log beside the "
        "queue.",
    .example = "limn worker --background --idle 3600",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
};
