/* TIMEOUT: 1200
 * Random input for the real program, on a stage full of hostile names: it neither crashes nor hangs, and every byte
 * that it writes is one of its own. What went wrong once is replayed from tests/tui/keys.
 *
 *   test_fuzz [SECONDS [SEED]]   6 s; a failure leaves fuzz-SEED.keys to be replayed:
 *   test_fuzz replay FILE
 *
 * As root it becomes nobody, so that what it types into Export cannot write anywhere. */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <dirent.h>
#include <limn/job.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"
#include "session.h"
#include "storm.h"
#include "support/check.h"

enum { LOG_MAX = 1 << 20, KEYS_PER_SESSION = 4000, HANG_S = 60 };

/* Everything that one session got, to be replayed: "E environment", "R columns rows", "K bytes in hex". */
static char history[LOG_MAX];
static size_t n_history;

static void note_keys(const unsigned char *bytes, size_t n)
{
    if (n_history + 2 * n + 8 < LOG_MAX) {
        n_history += (size_t)snprintf(history + n_history, 4, "K ");
        for (size_t i = 0; i < n; i++) {
            n_history += (size_t)snprintf(history + n_history, 3, "%02x", bytes[i]);
        }
        history[n_history++] = '\n';
    }
}

static void note_size(int columns, int rows)
{
    if (n_history + 40 < LOG_MAX) {
        n_history += (size_t)snprintf(history + n_history, 40, "R %d %d\n", columns, rows);
    }
}

static const char *const *environment(uint32_t i)
{
    static const char *const mono[] = {"TERM", "vt100", "LC_ALL", "C", NULL};
    static const char *const colours_256[] = {"TERM", "xterm-256color", "LC_ALL", "C.UTF-8", NULL};
    static const char *const *const each[] = {session_truecolor, colours_256, session_truecolor, mono};
    return each[i % 4];
}

/* Reads what is there. The screen is not looked at here, the bytes are. */
static void drain(struct session *s, double seconds)
{
    char block[65536];
    ssize_t n;
    while ((n = pty_read(&s->pty, block, sizeof block, seconds)) > 0) {
        stream_feed(&s->stream, block, (size_t)n);
        s->bytes += (size_t)n;
        seconds = 0;
    }
    s->closed = n < 0;
}

/* Whether it still draws when it is asked to. Input may be in the middle of a paste or a sequence. */
static bool lives(struct session *s)
{
    static const char ask[] = "\030\033[201~\033\\\033\014";
    const double from = pty_clock();
    const size_t before = s->bytes;
    pty_type(&s->pty, ask, sizeof ask - 1);
    while (!s->closed && s->bytes == before && pty_clock() - from < HANG_S) {
        drain(s, 0.2);
    }
    return s->bytes > before || s->closed;
}

static bool send(struct session *s, const unsigned char *bytes, size_t n)
{
    note_keys(bytes, n);
    drain(s, 0);
    return !s->closed && pty_type(&s->pty, bytes, n);
}

/* A session is over: as it should be? */
static bool judge(struct session *s, bool alive, const char *name)
{
    int status = 0;
    bool fine = alive;
    if (!s->closed && alive) {
        kill(s->pty.pid, SIGTERM);
    }
    for (const double end = pty_clock() + HANG_S; alive && pty_clock() < end && !pty_ended(&s->pty, &status);) {
        drain(s, 0.02);
    }
    fine = fine && s->pty.pid == 0 && WIFEXITED(status) &&
           (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 128 + SIGTERM);
    if (!fine || s->stream.n_bad > 0) {
        fprintf(stderr, "%s: %s, status %x; %zu unknown sequences: %s\n", name, alive ? "lives" : "hangs",
                (unsigned)status, s->stream.n_bad, s->stream.bad);
    }
    return fine && s->stream.n_bad == 0;
}

static bool one_session(uint64_t seed, double until, size_t *keys)
{
    struct storm storm;
    struct session s;
    unsigned char bytes[STORM_MOST];
    char name[64];
    bool alive = true;
    storm_init(&storm, seed);
    n_history = 0;
    const unsigned env = storm_below(&storm, 4);
    n_history += (size_t)snprintf(history, 60, "E %u\n", env);
    note_size(100, 30);
    session_start(&s, (const char *const[]){"tui", NULL}, environment(env), 100, 30);
    s.stream.graphics = s.stream.cuts = true; /* an answer of the storm may say that there are */
    for (int i = 0; alive && !s.closed && i < KEYS_PER_SESSION && pty_clock() < until; i++) {
        if (storm_below(&storm, 60) == 0) {
            const int columns = 1 + (int)storm_below(&storm, 220), rows = 1 + (int)storm_below(&storm, 70);
            note_size(columns, rows);
            pty_resize(&s.pty, columns, rows);
        }
        const size_t n = storm_next(&storm, bytes);
        send(&s, bytes, n);
        *keys += 1;
        if (i % 32 == 31) {
            alive = lives(&s);
        }
    }
    snprintf(name, sizeof name, "seed %llu", (unsigned long long)seed);
    alive = alive && lives(&s);
    const bool fine = judge(&s, alive, name);
    session_finish(&s);
    return fine;
}

static bool replay(const char *path)
{
    static char line[8192];
    struct session s;
    bool started = false, alive = true;
    int columns = 80, rows = 24;
    FILE *f = fopen(path, "r");
    const char *const *env = session_truecolor;
    while (f != NULL && alive && fgets(line, sizeof line, f) != NULL) {
        unsigned char bytes[4096];
        size_t n = 0;
        unsigned value;
        if (line[0] == 'E') {
            env = environment((uint32_t)strtoul(line + 2, NULL, 10));
        } else if (line[0] == 'R' && sscanf(line + 2, "%d %d", &columns, &rows) == 2 && started) {
            pty_resize(&s.pty, columns, rows);
        } else if (line[0] == 'K') {
            if (!started) {
                session_start(&s, (const char *const[]){"tui", NULL}, env, columns, rows);
                s.stream.graphics = s.stream.cuts = true;
                started = true;
            }
            for (const char *p = line + 2; n < sizeof bytes && sscanf(p, "%2x", &value) == 1; p += 2) {
                bytes[n++] = (unsigned char)value;
            }
            alive = send(&s, bytes, n) ? lives(&s) : alive;
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    const bool fine = started && judge(&s, alive, path);
    if (started) {
        session_finish(&s);
    }
    return fine;
}

static void replay_all(void)
{
    char path[600];
    DIR *d = opendir(LIMN_TEST_DATA "/tui/keys");
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strstr(e->d_name, ".keys") != NULL) {
            snprintf(path, sizeof path, LIMN_TEST_DATA "/tui/keys/%.200s", e->d_name);
            CHECK(replay(path));
        }
    }
    if (d != NULL) {
        closedir(d);
    }
}

static void storm_for(double seconds, uint64_t seed)
{
    const double from = pty_clock();
    size_t keys = 0, sessions = 0;
    for (bool fine = true; fine && pty_clock() - from < seconds; sessions++) {
        fine = one_session(seed + sessions, from + seconds, &keys);
        CHECK(fine);
        if (!fine) {
            char path[64];
            snprintf(path, sizeof path, "fuzz-%llu.keys", (unsigned long long)(seed + sessions));
            FILE *f = fopen(path, "w");
            if (f != NULL) {
                fwrite(history, 1, n_history, f);
                fclose(f);
            }
        }
    }
    fprintf(stderr, "%zu pieces of input in %zu sessions, %.0f s\n", keys, sessions, pty_clock() - from);
}

static void end_workers(void)
{
    limn_jobs *store = NULL;
    struct limn_worker *w = NULL;
    size_t n = 0;
    if (limn_jobs_open(NULL, &store, NULL) == LIMN_OK && limn_jobs_workers(store, &w, &n, NULL) == LIMN_OK) {
        for (size_t i = 0; i < n; i++) {
            if (w[i].pid != getpid()) {
                kill(w[i].pid, SIGTERM);
            }
        }
    }
    limn_jobs_workers_free(&w);
    limn_jobs_close(&store);
}

int main(int argc, char **argv)
{
    const bool again = argc > 2 && strcmp(argv[1], "replay") == 0;
    if (!hostile_as_nobody()) { /* first: the folder is made by whom it shall belong to */
        return 77;
    }
    setenv("VK_DRIVER_FILES", "/dev/null", 0); /* no device, if nobody names one: nothing that takes long */
    setenv("VK_ICD_FILENAMES", "/dev/null", 0);
    hostile_stage();
    session_silent = true;
    if (again) {
        CHECK(replay(argv[2]));
    } else {
        replay_all();
        storm_for(argc > 1 ? strtod(argv[1], NULL) : 6, argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
    }
    end_workers();
    session_folder_remove();
    return check_done();
}
#endif
