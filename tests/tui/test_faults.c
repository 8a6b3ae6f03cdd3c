/* What goes wrong around a view: it is put to sleep from a shell, its terminal hangs up, takes nothing for long, or
 * changes its size all the time, and it crashes meanwhile. Jobs go on, memory is bounded, the terminal is given back.
 *
 *   test_faults [SECONDS]   that a terminal takes nothing: 2 */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <limn/gif.h>
#include <limn/worker.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session.h"
#include "support/check.h"

static const char *const colours_256[] = {"TERM", "xterm-256color", "LC_ALL", "C.UTF-8", NULL};
static limn_error err;

/* ---- a job of a shell ---- */

static void start_shell(struct session *s)
{
    static const char *const bash[] = {"/bin/bash", "--norc", "--noprofile", "-i", NULL};
    static const char *const env[] = {
        "TERM", "xterm-256color", "COLORTERM",  "truecolor", "LC_ALL",    "C.UTF-8", "PS1", "shell> ", "PROMPT_COMMAND",
        "",     "LIMN",           SESSION_LIMN, "HISTFILE",  "/dev/null", NULL};
    char path[200];
    snprintf(path, sizeof path, "%s/.inputrc", session_folder());
    FILE *f = fopen(path, "w");
    if (f != NULL) {
        fputs("set enable-bracketed-paste off\n", f); /* so that it is only limn that switches it */
        fclose(f);
    }
    session_program(s, bash, env, 80, 24);
    CHECK(session_wait(s, "shell>"));
}

/* Leaves the front end by Ctrl-Z, edits a line in the shell, and comes back. `way`: how it is woken. */
static void sleep_and_wake(struct session *s, const char *mark)
{
    char text[80];
    session_type(s, "\032");
    CHECK(session_wait(s, "Stopped"));
    snprintf(text, sizeof text, "echo %sx\177-$((40+2))\r", mark); /* the shell's own editing takes the x away */
    session_type(s, text);
    snprintf(text, sizeof text, "%s-42", mark);
    CHECK(session_wait(s, text));
    CHECK_INT(stream_left(&s->stream), 0);
    session_type(s, "fg\r");
    CHECK(session_wait(s, "No jobs yet"));
    CHECK(session_wait(s, "quit"));
}

static void test_shell(void)
{
    static const char *const command[] = {"\"$LIMN\" tui; echo \"[$?]\"\r",
                                          "sh -c '\"$LIMN\" tui; echo \"[$?]\"; exit 0'\r"};
    if (access("/bin/bash", X_OK) != 0) {
        return;
    }
    for (size_t i = 0; i < sizeof command / sizeof command[0]; i++) {
        struct session s;
        start_shell(&s);
        session_type(&s, command[i]);
        CHECK(session_wait(&s, "No jobs yet"));
        sleep_and_wake(&s, "one");
        sleep_and_wake(&s, "two");
        session_type(&s, "\032");
        CHECK(session_wait(&s, "Stopped"));
        session_type(&s, "bg\r"); /* may not draw there: it is stopped again */
        session_type(&s, "echo still-$((40+3))\r");
        CHECK(session_wait(&s, "still-43"));
        session_type(&s, "fg\r");
        CHECK(session_wait(&s, "No jobs yet"));
        session_type(&s, "q");
        for (const double end = pty_clock() + 20; pty_clock() < end && stream_left(&s.stream) != 0;) {
            session_pump(&s, 0.1);
        }
        session_type(&s, "echo over-$((40+4)); exit\r");
        CHECK(session_wait(&s, "over-44"));
        CHECK(i == 0 || session_shows(&s, "[0]")); /* bash went on with its line at the stop, sh after the program */
        CHECK(session_end(&s) >= 0);
        CHECK_INT(stream_left(&s.stream), 0);
        session_finish(&s);
    }
}

/* ---- a hang-up that nobody hears ---- */

static void test_hangup(void)
{
    static const char *const argv[] = {"/bin/sh", "-c", "trap '' HUP; exec \"$LIMN\" tui", NULL};
    const char *const env[] = {"TERM", "xterm-256color", "LC_ALL", "C.UTF-8", "LIMN", SESSION_LIMN, NULL};
    struct session s;
    int status = 0;
    bool ended = false;
    session_program(&s, argv, env, 80, 24);
    CHECK(session_wait(&s, "No jobs yet"));
    close(s.pty.fd);
    s.pty.fd = -1;
    for (const double end = pty_clock() + 5; pty_clock() < end && !ended; usleep(2000)) {
        ended = pty_ended(&s.pty, &status);
    }
    CHECK(ended && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 128 + SIGHUP);
    session_finish(&s);
}

/* ---- a terminal that takes nothing ---- */

/* Noise, so that every frame is large. */
static void make_animation(const char *path)
{
    enum { N = 6, SIDE = 160 };
    static uint8_t rgb[SIDE * SIDE * 3];
    limn_image *frame[N] = {0};
    uint32_t x = 1;
    for (int i = 0; i < N; i++) {
        for (size_t k = 0; k < sizeof rgb; k++) {
            x = x * 1664525 + 1013904223;
            rgb[k] = (uint8_t)(x >> 24);
        }
        CHECK_OK(limn_image_create(SIDE, SIDE, rgb, &frame[i], &err));
    }
    const struct limn_gif_params p = {.frame_s = 0.04};
    CHECK_OK(limn_gif_save((const limn_image *const *)frame, N, &p, path, LIMN_SAVE_FORCE, NULL, &err));
    for (int i = 0; i < N; i++) {
        limn_image_destroy(&frame[i]);
    }
}

static int64_t add_job(limn_jobs *store, const char *title)
{
    static const char document[] = "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"model\": \"m\"}}";
    int64_t id = 0;
    CHECK_OK(limn_jobs_submit(store, &(struct limn_job_params){document, title, "reference", false}, &id, &err));
    return id;
}

/* A job that is over with an animation, and one that runs; returns the latter's number. */
static int64_t fill_store(limn_jobs *store, int64_t *worker)
{
    char path[300];
    snprintf(path, sizeof path, "%s/noise.gif", session_folder());
    make_animation(path);
    int64_t id = add_job(store, "animated"), running;
    CHECK_OK(limn_worker_enter(store, "reference", worker, &err));
    CHECK_OK(limn_worker_take(store, *worker, &id, &err));
    CHECK_OK(limn_worker_artifact(store, id, "gif", path, &err));
    CHECK_OK(limn_worker_end(store, *worker, id, &(struct limn_job_end){.state = LIMN_JOB_DONE}, &err));
    running = add_job(store, "going on");
    CHECK_OK(limn_worker_take(store, *worker, &running, &err));
    return running;
}

static void tell(limn_jobs *store, int64_t id, double part)
{
    const struct limn_job_progress p = {part, "busy", -1, -1, NULL};
    CHECK_OK(limn_worker_begin(store, &err));
    CHECK_OK(limn_worker_progress(store, id, &p, &err));
    CHECK_OK(limn_worker_commit(store, id, 0, 0, &err));
}

static void test_slow(const char *const *env, double seconds, bool crash)
{
    struct session s;
    limn_jobs *store = NULL;
    int64_t worker = 0;
    int status = 0;
    CHECK_OK(limn_jobs_open(NULL, &store, &err));
    const int64_t id = fill_store(store, &worker);
    session_start(&s, (const char *const[]){"tui", NULL}, env, 200, 60);
    CHECK(session_wait(&s, "animated"));
    session_type(&s, "\033[B\r");
    CHECK(session_wait(&s, "noise.gif"));
    session_settle(&s, 0); /* it plays from here on, and nobody looks */
    usleep(300000);
    const long before = process_kb(s.pty.pid, "VmRSS:");
    const double cpu = process_seconds(s.pty.pid), from = pty_clock();
    for (int i = 0; pty_clock() - from < seconds; i++) {
        tell(store, id, 0.1 + i * 1e-4);
        usleep(50000);
    }
    tell(store, id, 0.77);
    const double used = (process_seconds(s.pty.pid) - cpu) / (pty_clock() - from);
    const long after = process_kb(s.pty.pid, "VmRSS:");
    fprintf(stderr, "nothing taken for %.0f s: %ld kB, then %ld kB; %.1f %% of a processor\n", seconds, before, after,
            100 * used);
    CHECK(after > 0 && after - before < 4096);
    if (crash) {
        kill(s.pty.pid, SIGSEGV);
        bool ended = false;
        for (const double end = pty_clock() + 10; pty_clock() < end && !ended; usleep(2000)) {
            ended = pty_ended(&s.pty, &status);
        }
        CHECK(ended && (WIFSIGNALED(status) || WEXITSTATUS(status) != 0));
    } else {
        const size_t bytes = s.bytes;
        session_type(&s, "1");
        CHECK(session_wait(&s, " 77 %")); /* as it is now, not what it was on the way */
        fprintf(stderr, "%zu bytes later the screen is up to date\n", s.bytes - bytes);
        CHECK(s.bytes - bytes < 1000000);
        session_leave(&s);
        CHECK_INT(session_end(&s), 0);
        session_check_restored(&s, "a slow terminal");
    }
    session_finish(&s);
    CHECK_OK(limn_worker_end(store, worker, id, &(struct limn_job_end){.state = LIMN_JOB_DONE}, &err));
    CHECK_OK(limn_jobs_clear(store, 0, 0, NULL, &err));
    limn_jobs_close(&store);
}

/* ---- a store that is not ours ---- */

static void test_theirs(void)
{
    struct session s;
    char path[200];
    snprintf(path, sizeof path, "%s/theirs", session_folder());
    const char *const env[] = {"TERM", "xterm-256color", "LC_ALL", "C.UTF-8", "LIMN_STATE", path, NULL};
    if (geteuid() != 0 || mkdir(path, 0700) != 0 || chown(path, 12345, 12345) != 0) {
        return; /* only root can make one */
    }
    session_start(&s, NULL, env, 100, 30);
    CHECK(session_wait(&s, "another user"));
    session_type(&s, "n");
    session_settle(&s, 0.1);
    session_type(&s, "\0331rcx \r");
    CHECK(session_wait(&s, "another user"));
    session_leave(&s);
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, "somebody else's store");
    CHECK_INT(rmdir(path), 0); /* nothing was put there */
    session_finish(&s);
}

/* ---- sizes ---- */

static void test_storm(const char *const *env)
{
    struct session s;
    session_start(&s, NULL, env, 80, 24);
    CHECK(session_wait(&s, "No jobs yet"));
    for (int i = 0; i < 400; i++) {
        if (i % 25 == 0) {
            session_type(&s, i % 50 == 0 ? "2" : "1"); /* another screen on the way */
        }
        pty_resize(&s.pty, 1 + i * 37 % 300, 1 + i * 7 % 90);
        session_pump(&s, 0.001);
    }
    session_type(&s, "\033");
    session_resize(&s, 100, 30);
    session_type(&s, "1\014");
    CHECK(session_wait(&s, "No jobs yet"));
    session_type(&s, "q");
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, "a storm of sizes");
    session_finish(&s);
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
    session_folder();
    test_shell();
    test_hangup();
    test_theirs();
    test_storm(session_truecolor);
    test_storm(colours_256);
    test_slow(session_truecolor, seconds, false);
    test_slow(colours_256, seconds / 3, false);
    test_slow(session_truecolor, 0.5, true);
    session_folder_remove();
    return check_done();
}
#endif
