/* Names, labels, titles, messages and log lines that hold control sequences, on every screen of the real program: every
 * byte that it writes is text or one of limn's own sequences. In truecolor, in 256 colours and in the C locale. */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <limn/worker.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"
#include "hostile.h"
#include "session.h"
#include "support/check.h"

static limn_error err;

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* As a text in JSON; what is no UTF-8 only by its number. */
static const char *json_name(size_t i, char out[1500])
{
    const char *name = hostile_name(i), *p = name;
    size_t n = 0;
    bool fine = true;
    for (uint32_t c; (c = utf8_next(&p)) != 0;) {
        fine = fine && c != 0xfffd;
    }
    for (p = fine ? name : "no UTF-8"; *p != '\0'; p++) {
        const unsigned char c = (unsigned char)*p;
        n += (size_t)snprintf(out + n, 1500 - n, c < 0x20 || c == '"' || c == '\\' || c == 0x7f ? "\\u%04x" : "%c", c);
    }
    return out;
}

static void make_pictures(void)
{
    uint8_t rgb[8 * 8 * 3];
    char path[600];
    limn_image *image = NULL;
    memset(rgb, 99, sizeof rgb);
    CHECK_OK(limn_image_create(8, 8, rgb, &image, &err));
    for (size_t i = 0; i < HOSTILE_NAMES; i++) {
        snprintf(path, sizeof path, "%s/%s.png", session_folder(), hostile_name(i));
        CHECK_OK(limn_image_save(image, path, LIMN_SAVE_FORCE, &err));
    }
    limn_image_destroy(&image);
    snprintf(path, sizeof path, "%s/%s", session_folder(), hostile_name(0));
    mkdir(path, 0700);
}

/* A model for every name: the file, title and labels have it, the latter from the card or from a file. */
static void make_models(void)
{
    static char card[20000];
    char path[600], text[1500], target[600];
    snprintf(path, sizeof path, "%s/models", session_folder());
    mkdir(path, 0700);
    setenv("LIMN_MODELS", path, 1);
    for (size_t i = 0; i < HOSTILE_NAMES; i++) {
        size_t n = (size_t)snprintf(card, sizeof card,
                                    "{\"arch\": \"lenet\", \"title\": \"%s\", \"licence\": \"MIT\", \"input\": [1, 28, "
                                    "28], \"mean\": [0], \"std\": [1], \"range\": 1, \"resize\": 28, \"layer\": "
                                    "\"relu2\", \"labels\": ",
                                    json_name(i, text));
        for (size_t k = 0; k < 10 && i % 2 == 0; k++) {
            n += (size_t)snprintf(card + n, sizeof card - n, "%s\"%s\"", k ? ", " : "[",
                                  json_name((i + k) % HOSTILE_NAMES, text));
        }
        snprintf(card + n, sizeof card - n, i % 2 == 0 ? "]}" : "\"labels\"}");
        snprintf(path, sizeof path, "%s/models/%s.json", session_folder(), hostile_name(i));
        write_file(path, card);
        snprintf(path, sizeof path, "%s/models/%s.safetensors", session_folder(), hostile_name(i));
        snprintf(target, sizeof target, "%s/assets/models/lenet_fashion.safetensors", LIMN_SOURCE_DIR);
        CHECK(symlink(target, path) == 0);
    }
    card[0] = '\0';
    for (size_t k = 0; k < 10; k++) {
        snprintf(text, sizeof text, "%.220s", hostile_name(k));
        text[strcspn(text, "\n")] = '.';
        snprintf(card + strlen(card), sizeof card - strlen(card), "%s\n", text);
    }
    snprintf(path, sizeof path, "%s/models/labels", session_folder());
    write_file(path, card);
}

static int64_t add_job(limn_jobs *store, size_t i)
{
    char document[6000], text[1500];
    int64_t id = 0;
    json_name(i, text);
    snprintf(document, sizeof document,
             "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"model\": \"%s\", \"image\": [\"/%s\", \"/x\"], "
             "\"class\": \"%s\", \"device\": \"cpu\"}}",
             text, text, text);
    CHECK_OK(
        limn_jobs_submit(store, &(struct limn_job_params){document, hostile_name(i), "reference", false}, &id, &err));
    return id;
}

/* A job for every name: most have failed with it, some are done, one runs. All told it in every way. */
static void make_jobs(limn_jobs *store)
{
    int64_t worker = 0, id = 0;
    char path[600];
    CHECK_OK(limn_worker_enter(store, "reference", &worker, &err));
    for (size_t i = 0; i < HOSTILE_NAMES; i++) {
        const char *name = hostile_name(i);
        add_job(store, i);
        CHECK_OK(limn_worker_take(store, worker, &id, &err));
        const struct limn_job_progress p = {0.5, name, 3, 4, name};
        snprintf(path, sizeof path, "%s/%s.png", session_folder(), name);
        CHECK_OK(limn_worker_begin(store, &err));
        CHECK_OK(limn_worker_progress(store, id, &p, &err));
        for (int level = 0; level < 4; level++) {
            CHECK_OK(limn_worker_log(store, id, (enum limn_log_level)level, name, &err));
        }
        CHECK_OK(limn_worker_artifact(store, id, "png", path, &err));
        CHECK_OK(limn_worker_artifact(store, id, name, name, &err));
        CHECK_OK(limn_worker_provenance(store, id, name, name, 7, &err));
        CHECK_OK(limn_worker_commit(store, id, 0, 0, &err));
        const bool fine = i % 3 == 1;
        struct limn_job_end e = {.state = fine ? LIMN_JOB_DONE : LIMN_JOB_FAILED, .exit_code = fine ? 0 : 3};
        e.error = fine ? NULL : name;
        e.hint = fine ? NULL : name;
        if (i + 1 < HOSTILE_NAMES) {
            CHECK_OK(limn_worker_end(store, worker, id, &e, &err));
        }
    }
}

static void keys(struct session *s, const char *text)
{
    session_type(s, text);
    session_settle(s, 0.006);
}

static void go(struct session *s, enum view_id view)
{
    const char text[3] = {'\033', (char)('1' + view), '\0'};
    keys(s, text);
}

/* Whether the screen shows the number of a name. */
static bool shows_name(struct session *s, size_t i)
{
    char text[8];
    snprintf(text, sizeof text, "n%02zu", i);
    return session_wait(s, text);
}

/* The queue with details and log of every job, and, with `all`, what is seen of each on the other screens. */
static void look_at_jobs(struct session *s, bool all)
{
    static const enum view_id others[] = {VIEW_VIEWER, VIEW_LOG, VIEW_COMPARE, VIEW_EXPORT};
    go(s, VIEW_QUEUE);
    keys(s, "g");
    for (size_t i = HOSTILE_NAMES; i-- > 0;) {
        go(s, VIEW_QUEUE);
        CHECK(shows_name(s, i));
        for (size_t k = 0; all && k < sizeof others / sizeof others[0]; k++) {
            go(s, others[k]);
        }
        go(s, VIEW_QUEUE);
        keys(s, "c");                         /* says that it is over */
        keys(s, i % 2 == 0 ? " " : "\033[B"); /* marked for Compare and Export, and on */
    }
    go(s, VIEW_COMPARE);
    keys(s, "n");
    keys(s, "\033[C");
    go(s, VIEW_EXPORT);
    keys(s, "\033[B\033[B");
}

/* Pictures, then models, layers and classes of one of them; its card comes from the screen of models. */
static void look_at_models(struct session *s, size_t n)
{
    go(s, VIEW_NEW);
    keys(s, "\t"); /* from what to do to the pictures */
    CHECK(shows_name(s, 5));
    for (size_t i = 0; i < HOSTILE_NAMES; i++) {
        keys(s, "\033[B"); /* each in the preview */
    }
    for (size_t i = 0; i < n; i++) {
        go(s, VIEW_MODELS);
        CHECK(shows_name(s, i));
        keys(s, "g");
        for (size_t k = 0; k < i; k++) {
            keys(s, "\033[B");
        }
        keys(s, "\r"); /* a new job with it */
        for (int field = 0; field < 12; field++) {
            keys(s, "\t");
            keys(s, "\033[6~");
            keys(s, "/n0");
            keys(s, "\177\177\r");
        }
    }
}

/* What is typed is shown as well. */
static void type_names(struct session *s)
{
    static const char *const begin[] = {"?", ":"};
    for (size_t i = 0; i < HOSTILE_NAMES; i++) {
        go(s, VIEW_QUEUE);
        keys(s, begin[i % 2]);
        for (const char *p = hostile_name(i); *p != '\0'; p++) {
            if (*p != '\x1b' && *p != '\r' && *p != '\n' && *p != 3 && *p != 26) { /* these do something */
                pty_type(&s->pty, p, 1);
            }
        }
        session_settle(s, 0.006);
    }
    go(s, VIEW_QUEUE);
}

static void look(const char *const *env, bool strict, bool ascii, bool all)
{
    struct session s;
    session_start(&s, (const char *const[]){"tui", NULL}, env, 160, 50);
    s.stream.strict = strict;
    look_at_jobs(&s, all);
    look_at_models(&s, all ? 6 : 2);
    if (all) {
        type_names(&s);
        session_resize(&s, 80, 24);
        look_at_jobs(&s, false);
    }
    session_leave(&s);
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, env[1]);
    if (ascii) {
        CHECK_INT(s.stream.n_high, 0);
    }
    session_finish(&s);
}

int main(void)
{
    static const char *const colours_256[] = {"TERM", "xterm-256color", "LC_ALL", "C.UTF-8", NULL};
    static const char *const c_locale[] = {"TERM", "xterm", "COLORTERM", "truecolor", "LC_ALL", "C", NULL};
    limn_jobs *store = NULL;
    session_folder();
    make_pictures();
    make_models();
    CHECK_OK(limn_jobs_open(NULL, &store, &err));
    make_jobs(store);
    look(session_truecolor, true, false, true);
    look(colours_256, false, false, false);
    look(c_locale, true, true, false);
    limn_jobs_close(&store);
    session_folder_remove();
    return check_done();
}
#endif
