/* Running one job: the same program as a child process with the job's command line, so that a crash or a lost device
 * ends the job and nothing else. The child is its own process group and gets SIGTERM when the worker dies; it inherits
 * the worker's lock, so that no other worker begins the job anew while it still writes. Its results have a folder of
 * their own; what an earlier attempt wrote may be replaced, and nothing else (events.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jobs.h"

enum { EVENTS_FD = 3, LOCK_FD = 4, TICK_MS = 100 };
enum { GRACE_MS = 500, GRACE_RESUMABLE_MS = 30000 }; /* to end after SIGTERM; a training writes a checkpoint */
enum { STORE_TRIES = 120 };                          /* half a second each, while the disk is full or the store busy */

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

void job_file(const limn_jobs *store, int64_t id, const char *kind, char path[4096])
{
    snprintf(path, 4096, "%s/run/%lld.%s", limn_jobs_folder(store), (long long)id, kind);
}

/* ---- the command line ---- */

struct job_run {
    struct worker *w;
    struct limn_job_detail *d;
    struct job_told told;
    struct document_line line;
    char results[4096];
    bool cancelled;  /* the user wants it to stop */
    bool called_off; /* the worker is to end */
    pid_t pid;
    int status;
};

/* The document as a command line, with what the worker adds. A training goes on once it has told progress, which it
 * does before its first checkpoint: whatever was in its folder before is not continued, and --force does not wipe its
 * own. */
static int make_line(struct job_run *r)
{
    struct document_line *l = &r->line;
    int code = document_line(r->d->document, l);
    if (code != 0) {
        return code;
    }
    if (r->d->job.resumable && r->told.begun) {
        document_line_remove(l, "force");
        if (!document_line_has(l, "resume")) {
            document_line_add(l, "--resume");
        }
    }
    if (option_find(l->command, "output", 6) != NULL && !document_line_has(l, "output")) {
        document_line_add(l, "--output=%s", r->results);
    }
    if (option_find(l->command, "json", 4) != NULL && !document_line_has(l, "json")) {
        document_line_add(l, "--json");
    }
    document_line_add(l, "--progress=jsonl:%d", EVENTS_FD);
    return 0;
}

/* ---- files ---- */

/* In the folder of results and wherever else the program was about to write. */
static void remove_all_litter(const struct job_run *r)
{
    char path[4096], last[4096] = "", *line = NULL;
    size_t cap = 0;
    struct stat info;
    limn_remove_litter(r->results);
    job_file(r->w->store, r->d->job.id, "events", path);
    FILE *f = fopen(path, "re");
    while (f != NULL && getline(&line, &cap, f) > 0) {
        json_t *o = strncmp(line, "{\"event\":\"output\"", 17) == 0 ? json_loads(line, 0, NULL) : NULL;
        const char *to = json_string_value(json_object_get(o, "path"));
        if (to != NULL) {
            snprintf(path, sizeof(path), "%s", to);
            char *slash = stat(path, &info) == 0 && S_ISDIR(info.st_mode) ? NULL : strrchr(path, '/');
            if (slash != NULL) {
                *slash = '\0';
            }
            if (strcmp(path, last) != 0) {
                memcpy(last, path, sizeof(last));
                limn_remove_litter(path);
            }
        }
        json_decref(o);
    }
    free(line);
    if (f != NULL) {
        fclose(f);
    }
}

/* An attempt that was killed may have left half a line. */
static void end_line(int fd)
{
    struct stat info;
    char last = '\n';
    if (fstat(fd, &info) == 0 && info.st_size > 0 && pread(fd, &last, 1, info.st_size - 1) == 1 && last != '\n') {
        (void)!write(fd, "\n", 1);
    }
}

static int open_file(const struct job_run *r, const char *kind, int flags)
{
    char path[4096];
    job_file(r->w->store, r->d->job.id, kind, path);
    return open(path, flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static int prepare_files(struct job_run *r, int fd[3])
{
    limn_error err = {0};
    char folder[4096];
    snprintf(folder, sizeof(folder), "%s/run", limn_jobs_folder(r->w->store));
    if (limn_folder_create(folder, &err) != LIMN_OK || limn_folder_create(r->results, &err) != LIMN_OK) {
        snprintf(r->told.error, sizeof(r->told.error), "%.399s", err.text);
        return EXIT_OUTPUT;
    }
    remove_all_litter(r);
    fd[0] = open_file(r, "events", O_RDWR | O_APPEND);
    fd[1] = open_file(r, "out", O_WRONLY | O_TRUNC);
    fd[2] = open_file(r, "err", O_RDWR | O_APPEND);
    if (fd[0] < 0 || fd[1] < 0 || fd[2] < 0) {
        snprintf(r->told.error, sizeof(r->told.error), "%.300s/run: cannot write: %s", limn_jobs_folder(r->w->store),
                 strerror(errno));
        return EXIT_OUTPUT;
    }
    end_line(fd[0]);
    return 0;
}

/* ---- the child ---- */

static _Noreturn void become_job(const struct job_run *r, const int fd[3], char **argv, pid_t worker)
{
    const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE, SIGXFSZ, SIGTTOU, SIGTSTP};
    int null = open("/dev/null", O_RDONLY);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        signal(signals[i], SIG_DFL);
    }
    /* all descriptors are above the ones that they become: 0 to 2 are open, and these came after the store's */
    int lock = fcntl(r->w->lock, F_DUPFD, 10), events = fcntl(fd[0], F_DUPFD, 10);
    if (null < 0 || lock < 0 || events < 0 || dup2(null, 0) < 0 || dup2(fd[1], 1) < 0 || dup2(fd[2], 2) < 0 ||
        dup2(events, EVENTS_FD) < 0 || dup2(lock, LOCK_FD) < 0 || chdir(r->results) != 0) {
        _exit(EXIT_OUTPUT);
    }
    for (int i = LOCK_FD + 1; i < 64; i++) {
        close(i);
    }
    if (getppid() != worker) { /* died before the signal was asked for */
        _exit(128 + SIGTERM);
    }
    execv("/proc/self/exe", argv);
    _exit(127);
}

static int start_child(struct job_run *r)
{
    int fd[3] = {-1, -1, -1};
    int code = prepare_files(r, fd);
    char **argv = need(calloc((size_t)r->line.argc + 3, sizeof(*argv)));
    char name[] = "limn", command[32];
    snprintf(command, sizeof(command), "%s", r->line.command->name);
    argv[0] = name;
    argv[1] = command;
    memcpy(argv + 2, r->line.argv, (size_t)r->line.argc * sizeof(*argv));
    pid_t worker = getpid();
    r->told.started = clock_now();
    r->pid = code == 0 ? fork() : -1;
    if (r->pid == 0) {
        become_job(r, fd, argv, worker);
    }
    for (int i = 0; i < 3; i++) {
        if (fd[i] >= 0) {
            close(fd[i]);
        }
    }
    free(argv);
    if (code == 0 && r->pid < 0) {
        snprintf(r->told.error, sizeof(r->told.error), "no process could be started: %s", strerror(errno));
        return EXIT_MEMORY;
    }
    if (code == 0) {
        setpgid(r->pid, r->pid); /* here too: whoever is first */
        (void)limn_worker_child(r->w->store, r->d->job.id, (int32_t)r->pid, NULL);
    }
    return code;
}

/* Waits for the end, stores what is told, passes on the wish to stop. */
static void watch(struct job_run *r)
{
    double asked = 0, grace = 1e-3 * (r->d->job.resumable ? GRACE_RESUMABLE_MS : GRACE_MS);
    double read_at = 0;
    for (;;) {
        pid_t got = waitpid(r->pid, &r->status, WNOHANG);
        if (got == r->pid || (got < 0 && errno == ECHILD)) {
            break;
        }
        double now = clock_now();
        bool stop = false;
        if (now - read_at > 0.24) {
            read_at = now;
            (void)told_read(r->w, &r->told, false);
        }
        if (limn_worker_asked(r->w->store, r->w->id, r->d->job.id, &stop, NULL) == LIMN_OK && stop) {
            r->cancelled = true;
        }
        r->called_off = r->called_off || signal_caught != 0;
        if ((r->cancelled || r->called_off) && asked == 0) {
            asked = now;
            kill(-r->pid, SIGTERM);
        } else if (asked > 0 && now - asked > grace) {
            kill(-r->pid, SIGKILL);
        }
        worker_beat(r->w);
        pause_ms(TICK_MS); /* SIGCHLD ends it early */
    }
    kill(-r->pid, SIGKILL); /* what it may have left */
}

/* ---- the end ---- */

/* What the program printed becomes a file among its results. */
static limn_status publish(struct job_run *r, limn_error *err)
{
    char from[4096], to[4096 + 16];
    struct stat info;
    char head[2] = "";
    job_file(r->w->store, r->d->job.id, "out", from);
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &info) == 0 && info.st_size > 0 && pread(fd, head, 1, 0) == 1) {
        bool json = head[0] == '{', lines = r->d->job.resumable;
        const char *kind = json && lines ? "jsonl" : json ? "json" : "text";
        snprintf(to, sizeof(to), "%s/result.%s", r->results, strcmp(kind, "text") == 0 ? "txt" : kind);
        bool ok = fsync(fd) == 0 && rename(from, to) == 0;
        close(fd);
        if (!ok) {
            snprintf(err->text, sizeof(err->text), "%.300s: cannot write: %s", r->results, strerror(errno));
            return LIMN_ERR_IO;
        }
        return limn_worker_artifact(r->w->store, r->d->job.id, kind, to, err);
    }
    if (fd >= 0) {
        close(fd);
    }
    const char *const names[] = {"jsonl", "json", "txt"}; /* renamed already, by a worker that was killed then */
    for (size_t i = 0; i < 3; i++) {
        snprintf(to, sizeof(to), "%s/result.%s", r->results, names[i]);
        if (access(to, R_OK) == 0) {
            return limn_worker_artifact(r->w->store, r->d->job.id, names[i], to, err);
        }
    }
    return LIMN_OK;
}

static const char *hint_for(int code)
{
    switch (code) {
    case EXIT_SOME_FAILED:
        return "limn jobs log says which inputs failed; the results of the others are there";
    case EXIT_USAGE:
        return "limn help COMMAND lists options and their values";
    case EXIT_INPUT:
        return "look at the input that is named; limn jobs retry starts the job again";
    case EXIT_OUTPUT:
        return "make room or choose another place; limn jobs retry starts the job again";
    case EXIT_DEVICE:
        return "limn doctor says what is wrong with the device; limn jobs retry starts the job again";
    case EXIT_MEMORY:
        return "a smaller --batch or input, or --max-memory";
    default:
        return "limn jobs log says more";
    }
}

/* The end of a program that was not asked to stop. */
static void judge(struct job_run *r, int code, int killed, struct limn_job_end *e, char text[500])
{
    const char *last = r->told.error[0] ? r->told.error : r->told.last;
    int number = killed ? killed : code > 128 ? code - 128 : 0;
    *e = (struct limn_job_end){.state = LIMN_JOB_FAILED, .exit_code = killed ? 128 + killed : code, .counts = true};
    e->error = text;
    if (!killed && code == 0) {
        e->state = LIMN_JOB_DONE;
        e->error = NULL;
    } else if (number == SIGKILL || number == SIGTERM || number == SIGHUP || number == SIGINT) {
        e->state = LIMN_JOB_INTERRUPTED;
        snprintf(text, 500, "its program was killed (signal %d)", number);
    } else if (killed) {
        snprintf(text, 500, "its program crashed (signal %d, %s)%s%.300s", killed, strsignal(killed),
                 last[0] ? ": " : "", last);
        e->hint = "limn jobs log says more; limn jobs retry starts the job again";
    } else if (code == EXIT_DEVICE && r->d->job.resumable && r->told.begun) {
        e->state = LIMN_JOB_INTERRUPTED;
        snprintf(text, 500, "%.400s", last[0] ? last : "the device failed");
        pause_ms(1000); /* it may need a moment */
    } else {
        snprintf(text, 500, "%.400s", last[0] ? last : "it ended without saying why");
        e->hint = hint_for(code);
    }
}

/* False when the store would not take it for so long that the worker had better go: then the job counts as interrupted,
 * and the next worker finds the end in the events. */
static bool store_end(struct job_run *r, const struct limn_job_end *e)
{
    limn_error err = {0};
    limn_status st = LIMN_OK;
    for (int i = 0; i < STORE_TRIES && !(signal_caught && i > 5); i++) {
        st = told_read(r->w, &r->told, true) ? LIMN_OK : LIMN_ERR_IO;
        if (st == LIMN_OK && (e->state == LIMN_JOB_DONE || e->exit_code == EXIT_SOME_FAILED)) {
            st = publish(r, &err);
        }
        st = st == LIMN_OK ? limn_worker_end(r->w->store, r->w->id, r->d->job.id, e, &err) : st;
        if (st == LIMN_OK || st == LIMN_ERR_ARG) {
            break;
        }
        say_note("job %lld: %s", (long long)r->d->job.id, err.text);
        pause_ms(500);
    }
    if (st != LIMN_OK) {
        return st == LIMN_ERR_ARG; /* not this worker's any more: nothing to store */
    }
    say_note("job %lld: %s%s%s", (long long)r->d->job.id, limn_job_state_name(e->state), e->error ? ": " : "",
             e->error ? safe(e->error) : "");
    remove_all_litter(r);
    const char *const kinds[] = {"events", "out", "err"};
    for (size_t i = 0; e->state == LIMN_JOB_DONE && i < 3; i++) {
        char path[4096];
        job_file(r->w->store, r->d->job.id, kinds[i], path);
        unlink(path);
    }
    return true;
}

static bool run_to_end(struct job_run *r)
{
    struct limn_job_end e = {.state = LIMN_JOB_FAILED, .counts = true};
    char text[500] = "";
    int code = make_line(r);
    if (code == 0) {
        code = start_child(r);
    } else {
        snprintf(r->told.error, sizeof(r->told.error), "the document is not a job that this limn can run");
    }
    if (code != 0) {
        judge(r, code, 0, &e, text);
        return store_end(r, &e);
    }
    watch(r);
    r->told.exit_code = -1;
    (void)told_read(r->w, &r->told, true);
    int killed = WIFSIGNALED(r->status) ? WTERMSIG(r->status) : 0;
    code = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : 0;
    judge(r, code, killed, &e, text);
    if (r->cancelled && e.state != LIMN_JOB_DONE) {
        e = (struct limn_job_end){.state = LIMN_JOB_CANCELLED, .exit_code = e.exit_code};
    } else if (r->called_off && e.state != LIMN_JOB_DONE) {
        e = (struct limn_job_end){
            .state = LIMN_JOB_INTERRUPTED, .exit_code = e.exit_code, .error = "its worker was told to end"};
    }
    return store_end(r, &e);
}

bool job_run(struct worker *w, int64_t id)
{
    struct job_run r = {.w = w, .told = {.id = id, .exit_code = -1}};
    limn_error err = {0};
    if (limn_jobs_show(w->store, id, &r.d, &err) != LIMN_OK ||
        limn_worker_place(w->store, id, &r.told.read_events, &r.told.read_stderr, &err) != LIMN_OK) {
        say_note("job %lld: %s", (long long)id, err.text);
        limn_job_detail_free(&r.d);
        return false;
    }
    bool stored = false;
    snprintf(r.results, sizeof(r.results), "%s", r.d->folder);
    say_note("job %lld: %s", (long long)id, safe(r.d->job.title));
    (void)told_read(w, &r.told, true); /* of a worker that was killed */
    r.told.begun = r.told.begun || told_began(w->store, id);
    int code = r.told.exit_code;
    struct limn_job_end e;
    char text[500] = "";
    if (code >= 0 && code < 128) { /* it had come to its end, and only the store did not know */
        judge(&r, code, 0, &e, text);
        stored = store_end(&r, &e);
    } else if (r.d->job.attempt > LIMN_JOB_ATTEMPTS) {
        snprintf(text, sizeof(text), "its worker ended %d times before it was done", LIMN_JOB_ATTEMPTS);
        e = (struct limn_job_end){.state = LIMN_JOB_FAILED,
                                  .exit_code = -1,
                                  .error = text,
                                  .hint = "limn jobs log says more; limn jobs retry starts it again"};
        stored = store_end(&r, &e);
    } else {
        r.told.error[0] = r.told.last[0] = '\0';
        stored = run_to_end(&r);
    }
    document_line_finish(&r.line);
    limn_job_detail_free(&r.d);
    return stored;
}
