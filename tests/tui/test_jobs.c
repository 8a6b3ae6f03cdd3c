/* TIMEOUT: 240 */
/* Jobs from the first key to the result in the real program: pictures explained, a counterfactual that plays, a
 * training that is cancelled, what becomes of jobs when one leaves, and a worker that is killed while one looks on. */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <limn/job.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session.h"
#include "support/check.h"

static limn_error err;
static limn_jobs *store;

static enum limn_job_state state_of(int64_t id)
{
    struct limn_job_detail *d = NULL;
    CHECK_OK(limn_jobs_show(store, id, &d, &err));
    const enum limn_job_state st = d != NULL ? d->job.state : LIMN_JOB_STATES;
    limn_job_detail_free(&d);
    return st;
}

/* Until job `id` is in the state, with the screen alive; false when it never is. */
static bool await(struct session *s, int64_t id, enum limn_job_state state)
{
    for (const double end = pty_clock() + 60; pty_clock() < end;) {
        if (state_of(id) == state) {
            return true;
        }
        if (s == NULL || !session_pump(s, 0.05)) {
            usleep(20000);
        }
    }
    fprintf(stderr, "job %lld is %s\n", (long long)id, limn_job_state_name(state_of(id)));
    for (int y = 0; s != NULL && y < s->rows; y++) {
        fprintf(stderr, "| %s\n", session_line(s, y));
    }
    return false;
}

static int32_t worker_pid(void)
{
    struct limn_worker *list = NULL;
    size_t n = 0;
    CHECK_OK(limn_jobs_workers(store, &list, &n, &err));
    const int32_t pid = n > 0 ? list[0].pid : 0;
    limn_jobs_workers_free(&list);
    return pid;
}

static void open_new(struct session *s)
{
    session_start(s, NULL, session_truecolor, 110, 32);
    CHECK(session_wait(s, "Jobs"));
}

static void leave(struct session *s)
{
    session_type(s, "Q");
    CHECK_INT(session_end(s), 0);
    session_finish(s);
}

/* Types the keys of each step and waits for what the screen shows then; returns how many keys. */
struct step {
    const char *keys, *shows;
};
static int follow(struct session *s, const struct step *step)
{
    int n = 0;
    for (; step->keys != NULL; step++) {
        session_type(s, step->keys);
        n += (int)strlen(step->keys);
        CHECK(session_wait(s, step->shows));
    }
    return n;
}

/* From nothing to the first overlay, on the sample photo with the model that is offered. */
static void test_explain(void)
{
    static const struct step way[] = {{"2", "What to do"}, {"\r", "Pictures"},    {"s", "coffee.png"},
                                      {"\r", "Models"},    {"a", "in the queue"}, {NULL, NULL}};
    struct session s;
    open_new(&s);
    const int keys = follow(&s, way) + 1;
    CHECK(await(&s, 1, LIMN_JOB_DONE) && session_wait(&s, "took"));
    session_type(&s, "\r");
    CHECK(session_wait(&s, "Results"));
    fprintf(stderr, "%d keys to the first overlay\n", keys);
    CHECK(keys <= 11);
    leave(&s);
}

/* The bundled classifier and autoencoder are found by themselves; the animation plays without being asked to. */
static void test_shift(void)
{
    static const struct step way[] = {{"2", "What to do"},  {"gjj", "a moving picture"}, {"\r", "Pictures"},
                                      {"s", "sneaker.png"}, {"G\r", "lenet_fashion_ae"}, {"a", "in the queue"},
                                      {NULL, NULL}};
    struct session s;
    open_new(&s);
    const int keys = follow(&s, way) + 1;
    CHECK(await(&s, 2, LIMN_JOB_DONE) && session_wait(&s, "took"));
    session_type(&s, "\r");
    fprintf(stderr, "%d keys to a counterfactual\n", keys);
    CHECK(keys <= 11);
    CHECK(session_wait(&s, "frame 2 of"));
    CHECK(session_wait(&s, "frame 5 of"));
    CHECK(!session_shows(&s, "paused"));
    leave(&s);
}

/* Two classes of small pictures, a folder each. */
static void make_data(void)
{
    char path[500];
    uint8_t rgb[28 * 28 * 3];
    for (int i = 0; i < 24; i++) {
        limn_image *image = NULL;
        for (int k = 0; k < 28 * 28 * 3; k++) {
            rgb[k] = (uint8_t)(i % 2 ? k / 84 * 9 : k % 84 * 3);
        }
        rgb[0] = (uint8_t)i;
        snprintf(path, sizeof path, "%s/data/%s", session_folder(), i % 2 ? "down" : "right");
        CHECK_OK(limn_folder_create(path, &err));
        snprintf(path + strlen(path), sizeof path - strlen(path), "/%d.png", i);
        CHECK_OK(limn_image_create(28, 28, rgb, &image, &err));
        CHECK_OK(limn_image_save(image, path, 0, &err));
        limn_image_destroy(&image);
    }
}

/* The folder and the other fields are as they were the time before. */
static void begin_training(struct session *s, bool first, const char *epochs)
{
    const struct step way[] = {{"2", "What to do"}, {"gjjj\r", "Data sets"}, {NULL, NULL}};
    const struct step then[] = {{"\r", "architecture"}, {"\r", "times through"}, {"\r\025", ">"},
                                {epochs, epochs},       {"\ra", "in the queue"}, {NULL, NULL}};
    follow(s, way);
    if (first) {
        session_type(s, "/data\r");
    }
    CHECK(session_wait(s, "this folder"));
    follow(s, then);
}

static void test_training(void)
{
    char path[500];
    struct session s;
    struct stat info;
    open_new(&s);
    begin_training(&s, true, "1");
    CHECK(await(&s, 3, LIMN_JOB_DONE));
    snprintf(path, sizeof path, "%s/results/3/best.safetensors", limn_jobs_folder(store));
    CHECK(stat(path, &info) == 0 && info.st_size > 0);
    begin_training(&s, false, "100000");
    CHECK(await(&s, 4, LIMN_JOB_RUNNING));
    CHECK(session_wait(&s, "running: epoch"));
    session_type(&s, "c"); /* goes on later: nothing to confirm */
    CHECK(await(&s, 4, LIMN_JOB_CANCELLED));
    CHECK(session_wait(&s, "cancelled, took"));
    session_type(&s, "r"); /* from its checkpoint */
    CHECK(await(&s, 4, LIMN_JOB_RUNNING));
    leave(&s);
}

/* Job 4 runs. Its worker is killed: another one goes on with it, without anybody doing anything. */
static void test_worker(void)
{
    struct session s;
    open_new(&s);
    CHECK(session_wait(&s, "running: epoch"));
    const int32_t first = worker_pid();
    CHECK(first > 1 && kill(first, SIGKILL) == 0);
    int32_t now = first;
    for (const double end = pty_clock() + 60; pty_clock() < end && (now == first || now == 0); now = worker_pid()) {
        session_pump(&s, 0.1);
    }
    CHECK(now != first && now != 0);
    CHECK(await(&s, 4, LIMN_JOB_RUNNING));
    leave(&s);
}

/* Job 4 runs still. */
static void test_leaving(void)
{
    struct session s;
    open_new(&s);
    CHECK(session_wait(&s, "running: epoch"));
    session_type(&s, "q");
    CHECK(session_wait(&s, "Leave limn?"));
    session_type(&s, "s"); /* stay */
    session_type(&s, "?");
    CHECK(session_wait(&s, "Help: Queue"));
    session_type(&s, "\033");
    session_settle(&s, 0.2);
    session_type(&s, "q");
    CHECK(session_wait(&s, "Leave limn?"));
    session_type(&s, "\r"); /* the default: it goes on */
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, "leaving");
    session_finish(&s);
    CHECK_INT(state_of(4), LIMN_JOB_RUNNING);
    open_new(&s);
    CHECK(session_wait(&s, "running: epoch")); /* the new view shows it */
    session_type(&s, "\003");
    CHECK(session_wait(&s, "Leave limn?"));
    session_type(&s, "c");
    CHECK_INT(session_end(&s), 0);
    session_finish(&s);
    CHECK(await(NULL, 4, LIMN_JOB_CANCELLED));
}

/* A job for a device that is not there, before one that is: the queue says why no worker came for the first, tries it
 * ever more rarely, and sees to the other all the same. */
static void test_no_device(void)
{
    static const char document[] = "{\"schema\": 1, \"command\": \"bench\", \"args\": {\"model\": \"recipe:lenet\", "
                                   "\"runs\": 1, \"device\": \"reference\"}}";
    struct session s;
    int64_t lost = 0, fine = 0;
    CHECK_OK(limn_jobs_submit(store, &(struct limn_job_params){document, "of no device", "no-such-device", false},
                              &lost, &err));
    CHECK_OK(limn_jobs_submit(store, &(struct limn_job_params){document, "fine", "reference", false}, &fine, &err));
    open_new(&s);
    CHECK(session_wait(&s, "no worker could be started"));
    CHECK(session_shows(&s, "no-such-device"));
    CHECK(await(&s, fine, LIMN_JOB_DONE));
    CHECK_INT(state_of(lost), LIMN_JOB_QUEUED);
    session_type(&s, "/of no\r");
    CHECK(session_wait(&s, "1 of 1"));
    session_type(&s, "c");
    CHECK(await(&s, lost, LIMN_JOB_CANCELLED));
    session_type(&s, "u");
    CHECK(await(&s, lost, LIMN_JOB_QUEUED));
    session_type(&s, "c");
    CHECK(await(&s, lost, LIMN_JOB_CANCELLED));
    leave(&s);
}

int main(void)
{
    session_folder();
    setenv("LIMN_MODELS", LIMN_SOURCE_DIR "/assets/models", 1);
    CHECK_OK(limn_jobs_open(NULL, &store, &err));
    make_data();
    test_explain();
    test_shift();
    test_training();
    test_worker();
    test_leaving();
    test_no_device();
    int32_t worker;
    for (const double end = pty_clock() + 30; pty_clock() < end && (worker = worker_pid()) > 1;) {
        kill(worker, SIGTERM); /* one after the other */
        usleep(50000);
    }
    limn_jobs_close(&store);
    session_folder_remove();
    return check_done();
}
#endif
