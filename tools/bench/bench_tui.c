/* What the front end costs a connection and how quickly it answers: the real `limn tui` on a pseudo terminal of 120x40,
 * truecolor, against the limits of its design. Fails when one is passed.
 *
 *   bench_tui [PART...]   parts: quiet, animation, echo, many; all of them
 *
 * Bytes are those that the terminal gets; a frame ends with its synchronized update. Animations are GIFs of bench_gif's
 * sequences, as limn writes them. Echo is measured while a real job uses all processors. */
#include <limn/gif.h>
#include <limn/worker.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gif_sequences.h"
#include "job/sql.h"
#include "support/pty.h"

#define LIMN LIMN_BINARY_DIR "/tools/limn"
enum { COLUMNS = 120, ROWS = 40, FRAMES_MAX = 4000, JOBS = 10000 };

static char folder[] = "/tmp/limn-bench-tui-XXXXXX";
static int over;
static limn_error err;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench_tui: %s: %s\n", what, err.text);
    exit(1);
}

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        if ((call) != LIMN_OK) {                                                                                       \
            fail(#call);                                                                                               \
        }                                                                                                              \
    } while (0)

static void row(const char *what, const char *detail, double value, double limit, const char *unit)
{
    const bool fine = value <= limit;
    printf("%-34s %-36s %10.1f %10.1f %-4s %s\n", what, detail, value, limit, unit, fine ? "ok" : "OVER");
    fflush(stdout);
    over += !fine;
}

/* ---- the program, its bytes cut into frames ---- */

struct frame {
    size_t bytes;
    double end; /* when it was whole */
};
struct view {
    struct pty pty;
    double started, first; /* first: the first byte after `first` was set to 0 */
    size_t bytes, frame_bytes, matched, n;
    struct frame frame[FRAMES_MAX];
};

static void feed(struct view *v, const char *bytes, size_t n)
{
    static const char end[] = "\033[?2026l";
    const double now = pty_clock();
    v->bytes += n;
    v->first = v->first == 0 ? now : v->first;
    for (size_t i = 0; i < n; i++) {
        v->frame_bytes++;
        v->matched = bytes[i] == end[v->matched] ? v->matched + 1 : bytes[i] == end[0];
        if (v->matched == sizeof end - 1) {
            if (v->n < FRAMES_MAX) {
                v->frame[v->n++] = (struct frame){v->frame_bytes, now};
            }
            v->matched = v->frame_bytes = 0;
        }
    }
}

static bool pump(struct view *v, double seconds)
{
    char block[65536];
    const ssize_t n = pty_read(&v->pty, block, sizeof block, seconds);
    if (n > 0) {
        feed(v, block, (size_t)n);
    }
    return n > 0;
}

/* All that comes within `seconds`. */
static void pump_for(struct view *v, double seconds)
{
    for (double end = pty_clock() + seconds, left; (left = end - pty_clock()) > 0;) {
        pump(v, left);
    }
}

static void quiet(struct view *v, double seconds)
{
    const double end = pty_clock() + 20;
    while (pty_clock() < end && pump(v, seconds)) {
    }
    v->n = v->bytes = v->frame_bytes = 0;
}

static bool next_frame(struct view *v, size_t n)
{
    for (const double end = pty_clock() + 20; v->n < n && pty_clock() < end;) {
        pump(v, 0.1);
    }
    return v->n >= n;
}

static void start(struct view *v, const char *state)
{
    static const char *const argv[] = {LIMN, "tui", "--no-worker", NULL};
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, state);
    const char *const env[] = {"TERM", "xterm-256color",  "COLORTERM", "truecolor", "LC_ALL", "C.UTF-8", "LIMN_STATE",
                               path,   "XDG_CONFIG_HOME", folder,      NULL};
    memset(v, 0, sizeof *v);
    v->started = pty_clock();
    if (!pty_open(&v->pty, &(struct pty_start){argv, env, folder, COLUMNS, ROWS, false})) {
        fail("no pseudo terminal");
    }
}

static void stop(struct view *v)
{
    int status;
    pty_type(&v->pty, "Q", 1); /* no question about jobs */
    for (const double end = pty_clock() + 5; pty_clock() < end && !pty_ended(&v->pty, &status);) {
        pump(v, 0.02);
    }
    pty_close(&v->pty);
}

static limn_jobs *open_store(const char *state)
{
    char path[200];
    limn_jobs *s = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, state);
    MUST(limn_jobs_open(path, &s, &err));
    return s;
}

static const char document[] = "{\"schema\": 1, \"command\": \"train\", \"args\": {\"task\": \"classifier\", "
                               "\"data\": \"/data/fashion\", \"epochs\": 12, \"batch\": 64}}";

static int64_t submit(limn_jobs *s, const char *title)
{
    int64_t id = 0;
    MUST(limn_jobs_submit(s, &(struct limn_job_params){document, title, "reference", true}, &id, &err));
    return id;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double percentile(double *v, size_t n, double part)
{
    qsort(v, n, sizeof *v, by_size);
    return n > 0 ? v[(size_t)(part * (double)(n - 1) + 0.5)] : 1e9;
}

/* ---- idle, progress ---- */

static void bench_quiet(struct view *v)
{
    limn_jobs *s = open_store("quiet");
    int64_t worker = 0, id = submit(s, "train classifier fashion: resnet20");
    char text[160];
    double most = 0, sum = 0;
    enum { UPDATES = 40 };
    MUST(limn_worker_enter(s, "reference", &worker, &err));
    start(v, "quiet");
    if (!next_frame(v, 1)) {
        fail("no first frame");
    }
    row("first frame", "queue", (double)v->frame[0].bytes / 1e3, 80, "kB");
    quiet(v, 1.2);
    pump_for(v, 5);
    row("idle", "bytes in 5 s", (double)v->bytes, 0, "B");
    MUST(limn_worker_take(s, worker, &id, &err));
    quiet(v, 0.6);
    for (int i = 1; i <= UPDATES; i++) {
        const double from = pty_clock();
        const size_t before = v->bytes;
        snprintf(text, sizeof text, "epoch %d/12", 1 + i / 4);
        const struct limn_job_progress p = {i / 50.0, text, 812.3 + i, 140 - i, "samples"};
        MUST(limn_worker_begin(s, &err));
        MUST(limn_worker_progress(s, id, &p, &err));
        if (i % 4 == 0) {
            snprintf(text, sizeof text, "epoch %d: loss 0.%04d, validation 0.87%02d of 6000", i / 4, 4131 - i, i);
            MUST(limn_worker_log(s, id, LIMN_LOG_MORE, text, &err));
        }
        MUST(limn_worker_commit(s, id, i, 0, &err));
        pump_for(v, 0.25 - (pty_clock() - from));
        const double bytes = (double)(v->bytes - before);
        most = bytes > most ? bytes : most;
        sum += bytes;
    }
    row("progress at 4 Hz", "bytes an update, mean", sum / UPDATES, 500, "B");
    row("progress at 4 Hz", "bytes an update, most", most, 500, "B");
    stop(v);
    limn_jobs_close(&s);
}

/* ---- animations ---- */

static void make_gif(const char *name, const char *photos, const char *path)
{
    struct sequence q;
    limn_image *frame[SEQUENCE_FRAMES] = {0};
    size_t i = 0;
    while (i < sequence_count() && strcmp(sequence_name(i), name) != 0) {
        i++;
    }
    MUST(sequence_open(i, photos, &q, &err));
    for (size_t k = 0; k < SEQUENCE_FRAMES; k++) {
        struct image im = {0};
        MUST(sequence_frame(&q, k, &im, &err));
        MUST(limn_image_create(im.width, im.height, im.rgb, &frame[k], &err));
        image_finish(&im);
    }
    const struct limn_gif_params p = {.ping_pong = true};
    MUST(limn_gif_save((const limn_image *const *)frame, SEQUENCE_FRAMES, &p, path, LIMN_SAVE_FORCE, NULL, &err));
    for (size_t k = 0; k < SEQUENCE_FRAMES; k++) {
        limn_image_destroy(&frame[k]);
    }
    sequence_close(&q);
}

static void bench_animation(struct view *v, const char *name, const char *photos, double limit)
{
    limn_jobs *s = open_store(name);
    int64_t worker = 0, id = submit(s, name);
    char path[300], what[64];
    double size[FRAMES_MAX];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/%s.gif", folder, name);
    make_gif(name, photos, path);
    MUST(limn_worker_enter(s, "reference", &worker, &err));
    MUST(limn_worker_take(s, worker, &id, &err));
    MUST(limn_worker_artifact(s, id, "gif", path, &err));
    MUST(limn_worker_end(s, worker, id, &(struct limn_job_end){.state = LIMN_JOB_DONE}, &err));
    start(v, name);
    next_frame(v, 1);
    quiet(v, 0.3);
    pty_type(&v->pty, "\r", 1);
    if (!next_frame(v, 1)) {
        fail("no picture");
    }
    const double first = (double)v->frame[0].bytes, from = v->frame[0].end;
    pump_for(v, 6);
    double sum = 0;
    for (size_t i = 1; i < v->n; i++) {
        sum += size[n++] = (double)v->frame[i].bytes;
    }
    if (n < 10) {
        fail("it does not play");
    }
    snprintf(what, sizeof what, "%s, %.1f frames/s", name, (double)n / (v->frame[v->n - 1].end - from));
    row("first picture", name, first / 1e3, 80, "kB");
    row("frame, mean", what, sum / (double)n / 1e3, limit, "kB");
    row("frame, 95th percentile", name, percentile(size, n, 0.95) / 1e3, limit, "kB");
    stop(v);
    limn_jobs_close(&s);
}

/* ---- keys while a job runs ---- */

static void run_limn(const char *const *argv)
{
    const pid_t pid = fork();
    if (pid == 0) {
        execv(LIMN, (char *const *)argv);
        _exit(127);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    if (status != 0) {
        fail(argv[1]);
    }
}

static void end_workers(limn_jobs *s)
{
    struct limn_worker *w = NULL;
    size_t n = 0;
    for (const double end = pty_clock() + 10; pty_clock() < end; usleep(50000)) {
        MUST(limn_jobs_workers(s, &w, &n, &err));
        for (size_t i = 0; i < n; i++) {
            kill(w[i].pid, SIGTERM);
        }
        limn_jobs_workers_free(&w);
        if (n == 0) {
            break;
        }
    }
}

static bool running(limn_jobs *s)
{
    uint64_t count[LIMN_JOB_STATES] = {0};
    return limn_jobs_count(s, count, &err) == LIMN_OK && count[LIMN_JOB_RUNNING] > 0;
}

static void bench_echo(struct view *v)
{
    enum { KEYS = 200 };
    static const char *const key[] = {"\033[B", "\033[A", "?", "x", "\177", "\033"}; /* each changes the screen */
    double took[KEYS];
    char path[200];
    snprintf(path, sizeof path, "%s/echo", folder);
    setenv("LIMN_STATE", path, 1);
    run_limn((const char *const[]){"limn", "submit", "--quiet", "bench", "recipe:resnet18", "--device", "cpu", "--runs",
                                   "1000", NULL});
    limn_jobs *s = open_store("echo");
    submit(s, "waits for another device");
    for (const double end = pty_clock() + 20; !running(s) && pty_clock() < end;) {
        usleep(20000);
    }
    start(v, "echo");
    next_frame(v, 1);
    pump_for(v, 2);
    for (size_t i = 0; i < KEYS; i++) {
        const char *k = key[i % 6];
        const double from = pty_clock();
        v->first = 0;
        pty_type(&v->pty, k, strlen(k));
        while (v->first == 0 && pty_clock() - from < 2) {
            pump(v, 0.5);
        }
        took[i] = 1e3 * ((v->first > 0 ? v->first : pty_clock()) - from);
        if (k[0] == '\033' && k[1] == '\0') { /* a lone escape waits for what may follow */
            took[i] = took[0];
        }
        pump_for(v, 0.03 + 0.001 * (double)(i * 37 % 50));
    }
    if (!running(s)) {
        fail("the job did not run");
    }
    row("key to first byte, job on all CPUs", "median", percentile(took, KEYS, 0.5), 50, "ms");
    row("key to first byte, job on all CPUs", "95th percentile", percentile(took, KEYS, 0.95), 50, "ms");
    row("key to first byte, job on all CPUs", "99th percentile", percentile(took, KEYS, 0.99), 50, "ms");
    stop(v);
    end_workers(s);
    limn_jobs_close(&s);
}

/* ---- many jobs ---- */

static void fill(const char *state)
{
    limn_jobs *s = open_store(state);
    struct sql *db = NULL;
    char path[220];
    submit(s, "first");
    limn_jobs_close(&s);
    snprintf(path, sizeof path, "%s/%s/jobs.db", folder, state);
    MUST(sql_open(path, false, &db, &err));
    MUST(sql_run(
        db, &err,
        "WITH RECURSIVE k(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM k WHERE i < ?1) INSERT INTO "
        "job(command, title, device, created, ended, document, state) SELECT 'explain', 'explain squeezenet1_0 "
        "photo ' || i || '.png: gradcam', 'reference', i, i, ?2, CASE WHEN i % 100 = 0 THEN 3 ELSE 2 END FROM k",
        "it", (int64_t)JOBS, document));
    MUST(sql_script(db,
                    "INSERT INTO artifact(job, path, kind, seq) SELECT id, '/r/' || id || '.png', 'png', 1 FROM job;"
                    "INSERT INTO log(job, time, level, text) SELECT id, 1, 1, 'line ' || id FROM job",
                    &err));
    sql_close(&db);
}

static void bench_many(struct view *v)
{
    enum { OPENS = 10, KEYS = 100 };
    static const struct {
        const char *key[2], *name;
    } each[] = {{{"\033[B", "\033[B"}, "down"},
                {{"\033[6~", "\033[6~"}, "page down"},
                {{"G", "g"}, "end, begin"},
                {{"\033[5~", "\033[6~"}, "page up, down"}};
    double took[KEYS];
    fill("many");
    for (int i = 0; i < OPENS; i++) {
        start(v, "many");
        next_frame(v, 1);
        took[i] = 1e3 * (v->frame[0].end - v->started);
        stop(v);
    }
    row("10,000 jobs", "start to first frame, median", percentile(took, OPENS, 0.5), 100, "ms");
    row("10,000 jobs", "start to first frame, most of 10", percentile(took, OPENS, 1), 100, "ms");
    start(v, "many");
    next_frame(v, 1);
    quiet(v, 0.3);
    for (size_t k = 0; k < sizeof each / sizeof each[0]; k++) {
        double bytes = 0;
        char name[60];
        for (int i = 0; i < KEYS; i++) {
            v->n = v->bytes = 0;
            const double from = pty_clock();
            pty_type(&v->pty, each[k].key[i % 2], strlen(each[k].key[i % 2]));
            next_frame(v, 1);
            took[i] = 1e3 * (v->frame[0].end - from);
            pump_for(v, 0.005);
            bytes += (double)v->bytes;
        }
        snprintf(name, sizeof name, "%s, %.0f bytes: 95th percentile", each[k].name, bytes / KEYS);
        row("10,000 jobs, a key to its frame", name, percentile(took, KEYS, 0.95), 50, "ms");
    }
    stop(v);
}

static void bench_animations(struct view *v)
{
    static const struct {
        const char *name;
        double limit;
    } each[] = {{"local-grey", 5}, {"local-jet", 5}, {"warp-jet", 40}, {"crossfade", 40}};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        bench_animation(v, each[i].name, LIMN_SOURCE_DIR "/assets/photos", each[i].limit);
    }
}

static bool named(int argc, char **argv, const char *part)
{
    bool found = argc < 2;
    for (int i = 1; i < argc; i++) {
        found = found || strcmp(argv[i], part) == 0;
    }
    return found;
}

int main(int argc, char **argv)
{
    static struct view v;
    static const struct {
        const char *name;
        void (*run)(struct view *v);
    } part[] = {{"quiet", bench_quiet}, {"animation", bench_animations}, {"echo", bench_echo}, {"many", bench_many}};
    char command[100];
    if (mkdtemp(folder) == NULL) {
        fail("no temporary folder");
    }
    printf("%-34s %-36s %10s %10s\n", "120x40, truecolor", "", "found", "limit");
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        if (named(argc, argv, part[i].name)) {
            part[i].run(&v);
        }
    }
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) != 0 || over > 0;
}
