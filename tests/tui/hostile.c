/* See hostile.h. */
#include "hostile.h"

#include <grp.h>
#include <fcntl.h>
#include <limn/worker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell.h"
#include "session.h"
#include "support/check.h"

static limn_error err;

static const struct {
    const char *text, *more; /* `more` over and over up to 220 bytes */
} names[HOSTILE_NAMES] = {
    {"\x1b]0;owned\x07", NULL},     /* title */
    {"\x1b[31;5mred", NULL},        /* colours */
    {"\x1b[2J\x1b[H", NULL},        /* an empty screen */
    {"\x1bP1$r0m\x1b\\", NULL},     /* DCS */
    {"\x1b_Gi=1;AAAA\x1b\\", NULL}, /* APC */
    {"\x1b^private\x1b\\", NULL},   /* PM */
    {"\xc2\x9b"
     "31;5mred",
     NULL}, /* CSI as one character */
    {"\xc2\x9d"
     "0;owned\xc2\x9c",
     NULL}, /* OSC likewise */
    {"\x9b"
     "31m\x9d"
     "0;owned\x9c",
     NULL},                                           /* and as one byte */
    {"\xff\xfe\xc0\xaf\x80", NULL},                   /* never UTF-8 */
    {"\xe2\x80\xaegnp.exe", NULL},                    /* turned round */
    {"\xe2\x81\xa6in\xe2\x81\xa9\xe2\x80\x8f", NULL}, /* isolated */
    {"\nline\r\nline", NULL},                         /* more lines */
    {"\ttab\b\b\b\b\b\bback\v\f", NULL},              /* moves */
    {"\x0e\x0f\x05\x11\x13", NULL},                   /* other letters, an answer, flow control */
    {"\x7f\x7f\x7f\x7f", NULL},                       /* delete */
    {"e", "\xcc\x81"},                                /* accents without end */
    {"", "\xe7\x8c\xab"},                             /* wide ones */
    {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xef\xb8\x8f", NULL}, /* joined */
    {"", "a"},                                                                                          /* long */
    {"\xed\xa0\x80\xf4\x90\x80\x80\xe0\x80\xaf", NULL}, /* no characters, written as such */
    {"\xe7\x8c", NULL},                                 /* cut off */
    {"\xe2\x80\xa8\xe2\x80\xa9\xc2\x85", NULL},         /* line and paragraph separators, next line */
    {"\xf3\xa0\x81\x81\xef\xbb\xbf\xe2\x80\x8b", NULL}, /* not to be seen */
    {"%s%n%d\\x1b[31m$(reboot)`x`\x1b", NULL},          /* for programs */
    {"\x1b[?1049l\x1b[?25h\x1b[?1000l", NULL},          /* modes */
    {"\x1b"
     "c\x1b#8",
     NULL},                                             /* reset, alignment pattern */
    {"\xc2\xad\xd8\x9c\xef\xbf\xbe\xef\xbf\xbf", NULL}, /* soft, turned, no characters */
    {"\x1b]52;c;aGk=\x07\x1b]8;;http:x\x1b\\", NULL},   /* clipboard, link */
};

const char *hostile_name(size_t i)
{
    static char text[240];
    size_t n = (size_t)snprintf(text, sizeof text, "n%02zu%s", i, names[i].text);
    while (names[i].more != NULL && n + strlen(names[i].more) <= 220) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", names[i].more);
    }
    return text;
}

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
static void make_jobs(void)
{
    limn_jobs *store = NULL;
    int64_t worker = 0, id = 0;
    char path[600];
    CHECK_OK(limn_jobs_open(NULL, &store, &err));
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
    limn_jobs_close(&store);
}

void hostile_stage(void)
{
    session_folder();
    make_pictures();
    make_models();
    make_jobs();
}

const char *hostile_folder(void)
{
    return session_folder();
}

void hostile_end(void)
{
    session_folder_remove();
}

bool hostile_as_nobody(void)
{
    enum { NOBODY = 65534 };
    if (geteuid() != 0) {
        return true;
    }
    CHECK(setgroups(0, NULL) == 0 && setegid(NOBODY) == 0 && seteuid(NOBODY) == 0);
    const bool enters = faccessat(AT_FDCWD, LIMN_BINARY_DIR "/tools/limn", X_OK, AT_EACCESS) == 0 &&
                        faccessat(AT_FDCWD, LIMN_TEST_DATA "/tui/keys", R_OK | X_OK, AT_EACCESS) == 0;
    CHECK(seteuid(0) == 0 && setegid(0) == 0);
    return enters && setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
}
