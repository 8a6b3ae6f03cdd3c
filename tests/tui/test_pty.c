/* The real program in a terminal: libvterm shows what it draws, signals and faults end it, and the terminal is as it
 * was afterwards. Waits for conditions, never for a time. */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#include "support/check.h"

struct session {
    pid_t pid;
    int fd;
    struct termios before;
    VTerm *vt;
    VTermScreen *screen;
    int rows, columns;
    size_t bytes;
    char last[64]; /* the end of what it wrote */
    size_t n_last;
};

static char work[] = "/tmp/limn-pty-XXXXXX";

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void start(struct session *s, const char *const *env, int columns, int rows)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    *s = (struct session){.rows = rows, .columns = columns};
    int tty;
    CHECK(openpty(&s->fd, &tty, NULL, NULL, &size) == 0);
    tcgetattr(s->fd, &s->before);
    s->pid = fork();
    if (s->pid == 0) {
        static const char *const clear[] = {"TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LANG", "LINES", "COLUMNS"};
        for (size_t i = 0; i < sizeof clear / sizeof clear[0]; i++) {
            unsetenv(clear[i]);
        }
        for (; *env != NULL; env += 2) {
            setenv(env[0], env[1], 1);
        }
        close(s->fd);
        login_tty(tty);
        if (chdir(work) == 0) {
            execl(LIMN_BINARY_DIR "/tools/limn", "limn", (char *)NULL);
        }
        _exit(126);
    }
    close(tty);
    s->vt = vterm_new(rows, columns);
    vterm_set_utf8(s->vt, 1);
    s->screen = vterm_obtain_screen(s->vt);
    vterm_screen_enable_altscreen(s->screen, 1);
    vterm_screen_reset(s->screen, 1);
}

/* Reads for at most `seconds`; false when nothing came. */
static bool pump(struct session *s, double seconds)
{
    char block[65536];
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    if (poll(&p, 1, (int)(seconds * 1000)) <= 0) {
        return false;
    }
    const ssize_t n = read(s->fd, block, sizeof block);
    if (n <= 0) {
        return false;
    }
    vterm_input_write(s->vt, block, (size_t)n);
    s->bytes += (size_t)n;
    const size_t keep = (size_t)n < sizeof s->last ? (size_t)n : sizeof s->last;
    const size_t drop = s->n_last + keep > sizeof s->last ? s->n_last + keep - sizeof s->last : 0;
    s->n_last -= drop;
    memmove(s->last, s->last + drop, s->n_last);
    memcpy(s->last + s->n_last, block + n - (ssize_t)keep, keep);
    s->n_last += keep;
    return true;
}

static bool shows(const struct session *s, const char *text)
{
    static char line[8000];
    for (int y = 0; y < s->rows; y++) {
        const VTermRect r = {y, y + 1, 0, s->columns};
        const size_t n = vterm_screen_get_text(s->screen, line, sizeof line - 1, r);
        line[n] = '\0';
        if (strstr(line, text) != NULL) {
            return true;
        }
    }
    return false;
}

static bool wait_for(struct session *s, const char *text)
{
    for (const double end = now() + 20; now() < end;) {
        if (shows(s, text)) {
            return true;
        }
        pump(s, 0.1);
    }
    fprintf(stderr, "\"%s\" did not appear\n", text);
    return false;
}

static void type(struct session *s, const char *keys)
{
    CHECK(write(s->fd, keys, strlen(keys)) == (ssize_t)strlen(keys));
}

/* Waits for the end; its status as of waitpid, -1 when it does not come. */
static int end_of(struct session *s)
{
    int status = 0;
    for (const double end = now() + 10; now() < end;) {
        if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
            while (s->fd >= 0 && pump(s, 0.05)) {
            }
            s->pid = 0;
            return status;
        }
        if (s->fd < 0 || !pump(s, 0.02)) {
            usleep(2000);
        }
    }
    fprintf(stderr, "it does not end\n");
    return -1;
}

static void check_restored(struct session *s, const char *what)
{
    struct termios after;
    const bool same = tcgetattr(s->fd, &after) == 0 && after.c_iflag == s->before.c_iflag &&
                      after.c_oflag == s->before.c_oflag && after.c_cflag == s->before.c_cflag &&
                      after.c_lflag == s->before.c_lflag && memcmp(after.c_cc, s->before.c_cc, sizeof after.c_cc) == 0;
    if (!same) {
        fprintf(stderr, "%s: the line discipline differs\n", what);
    }
    CHECK(same);
}

static void finish(struct session *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    if (s->fd >= 0) {
        close(s->fd);
    }
    vterm_free(s->vt);
}

static const char *const truecolor[] = {"TERM", "xterm-256color", "COLORTERM", "truecolor", "LC_ALL", "C.UTF-8", NULL};

static void test_use(void)
{
    struct session s;
    start(&s, truecolor, 80, 24);
    CHECK(wait_for(&s, "No jobs yet"));
    CHECK(wait_for(&s, "quit"));
    type(&s, "?");
    CHECK(wait_for(&s, "Help: Queue"));
    type(&s, "\033");
    type(&s, "2");
    CHECK(wait_for(&s, "b\\x1b]0;owned\\x07.png")); /* a file's name, harmless */
    type(&s, "4");
    CHECK(wait_for(&s, "Devices"));
    type(&s, "1");
    CHECK(wait_for(&s, "No jobs yet"));
    while (pump(&s, 0.5)) {
    }
    const size_t before = s.bytes;
    pump(&s, 2.2); /* idle: not a byte */
    CHECK_INT(s.bytes - before, 0);
    type(&s, "q");
    CHECK_INT(end_of(&s), 0);
    check_restored(&s, "q");
    CHECK(memmem(s.last, s.n_last, "\033[?1049l", 8) != NULL);
    finish(&s);
}

static void test_resize(void)
{
    struct session s;
    start(&s, truecolor, 80, 24);
    CHECK(wait_for(&s, "No jobs yet"));
    for (int i = 0; i < 200; i++) {
        const struct winsize w = {.ws_row = (unsigned short)(1 + i * 7 % 90),
                                  .ws_col = (unsigned short)(1 + i * 37 % 300)};
        ioctl(s.fd, TIOCSWINSZ, &w);
        pump(&s, 0.001);
    }
    const struct winsize w = {.ws_row = 30, .ws_col = 100};
    ioctl(s.fd, TIOCSWINSZ, &w);
    vterm_set_size(s.vt, 30, 100);
    s.rows = 30;
    s.columns = 100;
    type(&s, "\014"); /* redraw */
    CHECK(wait_for(&s, "No jobs yet"));
    type(&s, "q");
    CHECK_INT(end_of(&s), 0);
    check_restored(&s, "resizing");
    finish(&s);
}

static void test_signals(void)
{
    static const int number[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGSEGV, SIGABRT};
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        struct session s;
        start(&s, truecolor, 80, 24);
        CHECK(wait_for(&s, "No jobs yet"));
        kill(s.pid, number[i]);
        const int status = end_of(&s);
        if (i < 4) {
            CHECK(WIFEXITED(status));
            CHECK_INT(WEXITSTATUS(status), 128 + number[i]);
        } else {
            CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) != 0); /* sanitizers make it an exit */
        }
        if (WIFSIGNALED(status) || i < 4) {
            check_restored(&s, "a signal");
            CHECK(memmem(s.last, s.n_last, "\033[?25h", 6) != NULL);
        }
        finish(&s);
    }
}

static void test_sleep(void)
{
    struct session s;
    int status = 0;
    start(&s, truecolor, 80, 24);
    CHECK(wait_for(&s, "No jobs yet"));
    kill(s.pid, SIGSTOP); /* its process group is an orphan, so Ctrl-Z does not stop it here */
    CHECK(waitpid(s.pid, &status, WUNTRACED) == s.pid && WIFSTOPPED(status));
    tcsetattr(s.fd, TCSANOW, &s.before); /* as a shell does */
    vterm_screen_reset(s.screen, 1);
    kill(s.pid, SIGCONT);
    CHECK(wait_for(&s, "No jobs yet"));
    struct termios raw;
    CHECK(tcgetattr(s.fd, &raw) == 0 && (raw.c_lflag & ICANON) == 0);
    type(&s, "\032"); /* sleeps and wakes, or goes on where it cannot sleep */
    kill(s.pid, SIGCONT);
    type(&s, "?");
    CHECK(wait_for(&s, "Help: Queue"));
    type(&s, "\033");
    type(&s, "q");
    kill(s.pid, SIGCONT);
    CHECK_INT(end_of(&s), 0);
    check_restored(&s, "sleeping");
    finish(&s);
}

static void test_closed(void)
{
    struct session s;
    start(&s, truecolor, 80, 24);
    CHECK(wait_for(&s, "No jobs yet"));
    close(s.fd);
    s.fd = -1;
    const double from = now();
    CHECK_INT(WEXITSTATUS(end_of(&s)), 128 + SIGHUP);
    CHECK(now() - from < 5);
    finish(&s);
}

/* A terminal that takes nothing: frames are dropped, keys still work, a signal still ends it. */
static void test_blocked(void)
{
    struct session s;
    int status = 0;
    start(&s, truecolor, 200, 60);
    CHECK(wait_for(&s, "No jobs yet"));
    for (int i = 0; i < 100; i++) { /* each paints all: far more than a terminal holds */
        type(&s, "\014");
        usleep(2000);
    }
    kill(s.pid, SIGTERM);
    for (const double end = now() + 5; now() < end && waitpid(s.pid, &status, WNOHANG) == 0;) {
        usleep(2000);
    }
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 128 + SIGTERM);
    s.pid = 0;
    check_restored(&s, "a blocked terminal");
    finish(&s);
}

static void test_terminals(void)
{
    static const struct {
        const char *term, *locale, *no_color, *shown; /* shown "": refused */
    } each[] = {{"xterm-256color", "C.UTF-8", "", "Jobs ─"},
                {"xterm-256color", "C", "", "Jobs -"},
                {"xterm-256color", "C.UTF-8", "1", "Jobs ─"},
                {"linux", "C.UTF-8", "", "Jobs ─"},
                {"vt100", "C", "", "Jobs -"},
                {"screen-256color", "C.UTF-8", "", "Jobs ─"},
                {"tmux-256color", "C.UTF-8", "", "Jobs ─"},
                {"no-such-terminal", "C.UTF-8", "", "Jobs ─"},
                {"dumb", "C", "", ""}};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        const char *const env[] = {"TERM", each[i].term, "LC_ALL", each[i].locale, "NO_COLOR", each[i].no_color, NULL};
        struct session s;
        start(&s, env, 80, 24);
        if (each[i].shown[0] != '\0') {
            CHECK(wait_for(&s, each[i].shown));
            CHECK(wait_for(&s, "quit"));
            type(&s, "q");
            CHECK_INT(end_of(&s), 0);
        } else {
            CHECK(wait_for(&s, "cannot place the cursor"));
            CHECK_INT(WEXITSTATUS(end_of(&s)), 2);
        }
        check_restored(&s, each[i].term);
        finish(&s);
    }
}

static void remove_all(const char *folder)
{
    DIR *d = opendir(folder);
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlinkat(dirfd(d), e->d_name, 0) != 0) {
            char path[1000];
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
            remove_all(path);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    rmdir(folder);
}

int main(void)
{
    char path[200];
    CHECK(mkdtemp(work) != NULL);
    snprintf(path, sizeof path, "%s/state", work);
    setenv("LIMN_STATE", path, 1);
    setenv("XDG_CONFIG_HOME", work, 1);
    snprintf(path, sizeof path, "%s/b\x1b]0;owned\x07.png", work);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    test_use();
    test_resize();
    test_signals();
    test_sleep();
    test_closed();
    test_blocked();
    test_terminals();
    remove_all(work);
    return check_done();
}
#endif
