/* See session.h. */
#include "session.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"

const char *const session_truecolor[] = {"TERM", "xterm-256color", "COLORTERM", "truecolor", "LC_ALL", "C.UTF-8", NULL};
bool session_silent;
static char root[] = "/tmp/limn-pty-XXXXXX";
static char folder[sizeof root + 2]; /* in it: what is typed at the end of its path stays in root */
static bool made;

const char *session_folder(void)
{
    if (!made) {
        char path[200];
        if (mkdtemp(root) == NULL) {
            exit(1);
        }
        snprintf(folder, sizeof folder, "%s/t", root);
        if (mkdir(folder, 0700) != 0) {
            exit(1);
        }
        made = true;
        snprintf(path, sizeof path, "%s/state", folder);
        setenv("LIMN_STATE", path, 1);
        setenv("XDG_CONFIG_HOME", folder, 1);
        setenv("HOME", folder, 1);
    }
    return folder;
}

static void remove_all(const char *path)
{
    DIR *d = opendir(path);
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlinkat(dirfd(d), e->d_name, 0) != 0) {
            char inner[1000];
            snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
            remove_all(inner);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    rmdir(path);
}

void session_folder_remove(void)
{
    if (made) {
        remove_all(root);
        made = false;
    }
}

void session_program(struct session *s, const char *const *argv, const char *const *env, int columns, int rows)
{
    *s = (struct session){.rows = rows, .columns = columns};
    CHECK(pty_open(&s->pty, &(struct pty_start){argv, env, session_folder(), columns, rows, session_silent}));
    s->vt = vterm_new(rows, columns);
    vterm_set_utf8(s->vt, 1);
    s->screen = vterm_obtain_screen(s->vt);
    vterm_screen_enable_altscreen(s->screen, 1);
    vterm_screen_reset(s->screen, 1);
}

void session_start(struct session *s, const char *const *args, const char *const *env, int columns, int rows)
{
    const char *argv[16] = {SESSION_LIMN};
    for (int i = 0; args != NULL && i < 14 && args[i] != NULL; i++) {
        argv[i + 1] = args[i];
    }
    session_program(s, argv, env, columns, rows);
}

bool session_pump(struct session *s, double seconds)
{
    char block[65536];
    const ssize_t n = pty_read(&s->pty, block, sizeof block, seconds);
    if (n <= 0) {
        s->closed = n < 0;
        return false;
    }
    vterm_input_write(s->vt, block, (size_t)n);
    stream_feed(&s->stream, block, (size_t)n);
    s->bytes += (size_t)n;
    if (s->record) {
        s->raw = realloc(s->raw, s->n_raw + (size_t)n + 1);
        memcpy(s->raw + s->n_raw, block, (size_t)n);
        s->n_raw += (size_t)n;
        s->raw[s->n_raw] = '\0';
    }
    const size_t keep = (size_t)n < sizeof s->last ? (size_t)n : sizeof s->last;
    const size_t drop = s->n_last + keep > sizeof s->last ? s->n_last + keep - sizeof s->last : 0;
    s->n_last -= drop;
    memmove(s->last, s->last + drop, s->n_last);
    memcpy(s->last + s->n_last, block + n - (ssize_t)keep, keep);
    s->n_last += keep;
    return true;
}

const char *session_line(const struct session *s, int y)
{
    static char line[8000];
    const VTermRect r = {y, y + 1, 0, s->columns};
    line[vterm_screen_get_text(s->screen, line, sizeof line - 1, r)] = '\0';
    return line;
}

bool session_shows(const struct session *s, const char *text)
{
    for (int y = 0; y < s->rows; y++) {
        if (strstr(session_line(s, y), text) != NULL) {
            return true;
        }
    }
    return false;
}

bool session_wait(struct session *s, const char *text)
{
    for (const double end = pty_clock() + 20; pty_clock() < end;) {
        if (session_shows(s, text)) {
            return true;
        }
        if (!session_pump(s, 0.1) && s->closed) {
            break;
        }
    }
    fprintf(stderr, "\"%s\" did not appear; the screen is:\n", text);
    for (int y = 0; y < s->rows; y++) {
        fprintf(stderr, "|%s\n", session_line(s, y));
    }
    return false;
}

void session_type(struct session *s, const char *keys)
{
    CHECK(pty_type(&s->pty, keys, strlen(keys)));
}

void session_resize(struct session *s, int columns, int rows)
{
    pty_resize(&s->pty, columns, rows);
    vterm_set_size(s->vt, rows, columns);
    s->rows = rows;
    s->columns = columns;
}

void session_settle(struct session *s, double seconds)
{
    while (session_pump(s, seconds)) {
    }
}

void session_leave(struct session *s)
{
    session_type(s, "q");
    for (const double end = pty_clock() + 1; pty_clock() < end && !s->closed;) {
        session_pump(s, 0.05);
    }
    if (!s->closed) {
        session_type(s, "Q");
    }
}

int session_end(struct session *s)
{
    int status = 0;
    for (const double end = pty_clock() + 15; pty_clock() < end;) {
        if (pty_ended(&s->pty, &status)) {
            session_settle(s, 0.05);
            return status;
        }
        if (s->pty.fd < 0 || !session_pump(s, 0.02)) {
            usleep(2000);
        }
    }
    fprintf(stderr, "it does not end\n");
    return -1;
}

bool session_wrote_last(const struct session *s, const char *text)
{
    return memmem(s->last, s->n_last, text, strlen(text)) != NULL;
}

void session_check_restored(struct session *s, const char *what)
{
    const bool same = pty_restored(&s->pty);
    if (!same) {
        fprintf(stderr, "%s: the line discipline differs\n", what);
    }
    CHECK(same);
    if (s->stream.n_bad > 0) {
        fprintf(stderr, "%s: %zu unknown sequences, the first %s\n", what, s->stream.n_bad, s->stream.bad);
    }
    CHECK_INT(s->stream.n_bad, 0);
    if (stream_left(&s->stream) != 0) {
        fprintf(stderr, "%s: mode %ld is left\n", what, stream_left(&s->stream));
    }
    CHECK_INT(stream_left(&s->stream), 0);
}

void session_finish(struct session *s)
{
    pty_close(&s->pty);
    vterm_free(s->vt);
    free(s->raw);
}
