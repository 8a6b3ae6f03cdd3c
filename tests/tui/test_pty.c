/* The real program in a terminal: libvterm shows what it draws, signals and faults end it, and the terminal is as it
 * was afterwards. Waits for conditions, never for a time. */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session.h"
#include "support/check.h"

static void test_use(void)
{
    struct session s;
    session_start(&s, NULL, session_truecolor, 80, 24);
    CHECK(session_wait(&s, "No jobs yet"));
    CHECK(session_wait(&s, "quit"));
    session_type(&s, "?");
    CHECK(session_wait(&s, "Help: Queue"));
    session_type(&s, "\033");
    session_type(&s, "2");
    CHECK(session_wait(&s, "What to do"));
    session_type(&s, "\r");
    CHECK(session_wait(&s, "b\\x1b]0;owned\\x07.png")); /* a file's name, harmless */
    session_type(&s, "6");
    CHECK(session_wait(&s, "Devices"));
    session_type(&s, "1");
    CHECK(session_wait(&s, "No jobs yet"));
    while (session_pump(&s, 0.5)) {
    }
    const size_t before = s.bytes;
    session_pump(&s, 2.2); /* idle: not a byte */
    CHECK_INT(s.bytes - before, 0);
    session_type(&s, "q");
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, "q");
    CHECK(session_wrote_last(&s, "\033[?1049l"));
    session_finish(&s);
}

static void test_resize(void)
{
    struct session s;
    session_start(&s, NULL, session_truecolor, 80, 24);
    CHECK(session_wait(&s, "No jobs yet"));
    for (int i = 0; i < 200; i++) {
        const struct winsize w = {.ws_row = (unsigned short)(1 + i * 7 % 90),
                                  .ws_col = (unsigned short)(1 + i * 37 % 300)};
        ioctl(s.pty.fd, TIOCSWINSZ, &w);
        session_pump(&s, 0.001);
    }
    const struct winsize w = {.ws_row = 30, .ws_col = 100};
    ioctl(s.pty.fd, TIOCSWINSZ, &w);
    vterm_set_size(s.vt, 30, 100);
    s.rows = 30;
    s.columns = 100;
    session_type(&s, "\014"); /* redraw */
    CHECK(session_wait(&s, "No jobs yet"));
    session_type(&s, "q");
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, "resizing");
    session_finish(&s);
}

static void test_signals(void)
{
    static const int number[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGSEGV, SIGABRT};
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        struct session s;
        session_start(&s, NULL, session_truecolor, 80, 24);
        CHECK(session_wait(&s, "No jobs yet"));
        kill(s.pty.pid, number[i]);
        const int status = session_end(&s);
        if (i < 4) {
            CHECK(WIFEXITED(status));
            CHECK_INT(WEXITSTATUS(status), 128 + number[i]);
        } else {
            CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) != 0); /* sanitizers make it an exit */
        }
        if (WIFSIGNALED(status) || i < 4) {
            session_check_restored(&s, "a signal");
            CHECK(session_wrote_last(&s, "\033[?25h"));
        }
        session_finish(&s);
    }
}

static void test_sleep(void)
{
    struct session s;
    int status = 0;
    session_start(&s, NULL, session_truecolor, 80, 24);
    CHECK(session_wait(&s, "No jobs yet"));
    kill(s.pty.pid, SIGSTOP); /* its process group is an orphan, so Ctrl-Z does not stop it here */
    CHECK(waitpid(s.pty.pid, &status, WUNTRACED) == s.pty.pid && WIFSTOPPED(status));
    tcsetattr(s.pty.fd, TCSANOW, &s.pty.before); /* as a shell does */
    vterm_screen_reset(s.screen, 1);
    kill(s.pty.pid, SIGCONT);
    CHECK(session_wait(&s, "No jobs yet"));
    struct termios raw;
    CHECK(tcgetattr(s.pty.fd, &raw) == 0 && (raw.c_lflag & ICANON) == 0);
    session_type(&s, "\032"); /* sleeps and wakes, or goes on where it cannot sleep */
    kill(s.pty.pid, SIGCONT);
    session_type(&s, "?");
    CHECK(session_wait(&s, "Help: Queue"));
    session_type(&s, "\033");
    session_type(&s, "q");
    kill(s.pty.pid, SIGCONT);
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, "sleeping");
    session_finish(&s);
}

static void test_closed(void)
{
    struct session s;
    session_start(&s, NULL, session_truecolor, 80, 24);
    CHECK(session_wait(&s, "No jobs yet"));
    close(s.pty.fd);
    s.pty.fd = -1;
    const double from = pty_clock();
    CHECK_INT(WEXITSTATUS(session_end(&s)), 128 + SIGHUP);
    CHECK(pty_clock() - from < 5);
    session_finish(&s);
}

/* A terminal that takes nothing: frames are dropped, keys still work, a signal still ends it. */
static void test_blocked(void)
{
    struct session s;
    int status = 0;
    session_start(&s, NULL, session_truecolor, 200, 60);
    CHECK(session_wait(&s, "No jobs yet"));
    for (int i = 0; i < 100; i++) { /* each paints all: far more than a terminal holds */
        session_type(&s, "\014");
        usleep(2000);
    }
    kill(s.pty.pid, SIGTERM);
    bool ended = false;
    for (const double end = pty_clock() + 5; pty_clock() < end && !ended; usleep(2000)) {
        ended = pty_ended(&s.pty, &status);
    }
    CHECK(ended && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 128 + SIGTERM);
    session_settle(&s, 0.05);
    s.stream.n_bad = 0; /* a frame ends in the middle where the rest was thrown away */
    session_check_restored(&s, "a blocked terminal");
    session_finish(&s);
}

/* A command line that is to succeed, in the session's folder. */
static void run_limn(const char *arguments)
{
    char command[800];
    snprintf(command, sizeof command, "cd %s && " LIMN_BINARY_DIR "/tools/limn %s >/dev/null 2>&1", session_folder(),
             arguments);
    CHECK_INT(system(command), 0);
}

/* The viewer over the maps of a job: keys redraw at once, and what is missing is offered. */
static void test_viewer(void)
{
    struct session s;
    run_limn("submit --no-worker explain recipe:lenet " LIMN_SOURCE_DIR
             "/assets/photos/digit7.png --device reference --class top3 --maps");
    run_limn("worker --device reference --once");
    session_start(&s, NULL, session_truecolor, 100, 30);
    CHECK(session_wait(&s, "results "));
    session_type(&s, "3");
    CHECK(session_wait(&s, "Classes"));
    CHECK(session_wait(&s, "opacity  50 %"));
    session_type(&s, "O");
    CHECK(session_wait(&s, "opacity  60 %"));
    session_type(&s, "oo");
    CHECK(session_wait(&s, "opacity  40 %"));
    session_type(&s, ">d");
    CHECK(session_wait(&s, "less     class"));
    CHECK(session_wait(&s, "difference"));
    session_type(&s, "dv");
    CHECK(session_wait(&s, "heat map, jet"));
    session_type(&s, "[");
    CHECK(session_wait(&s, "There is no such map yet"));
    session_type(&s, "]<");
    CHECK(session_wait(&s, "heat map, jet"));
    session_type(&s, "n");
    CHECK(session_wait(&s, "\"schema\": 1"));
    session_type(&s, "y");
    CHECK(session_wait(&s, "clipboard"));
    session_type(&s, "q");
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, "the viewer");
    session_finish(&s);
    run_limn("jobs clear");
}

int main(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/b\x1b]0;owned\x07.png", session_folder());
    close(open(path, O_CREAT | O_WRONLY, 0600));
    test_use();
    test_resize();
    test_signals();
    test_sleep();
    test_closed();
    test_blocked();
    test_viewer();
    session_folder_remove();
    return check_done();
}
#endif
