/* Signals: see term_signals.h. Handlers write a byte to a pipe; those of a crash restore the terminal first. */
#include "term_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static struct {
    int pipe[2];
    struct termios before;
    struct sigaction old[32];
    uint32_t handled; /* bits of `old` */
} s = {.pipe = {-1, -1}};

/* A crash may come while a text is replaced: the other one is written then. */
static struct {
    char text[1024];
    size_t n;
} reset[2];
static volatile sig_atomic_t reset_at, taken, stop_signal, resized, asked_sleep;

static void wake(void)
{
    const int kept = errno;
    const ssize_t n = write(s.pipe[1], "", 1);
    (void)n; /* a full pipe wakes as well */
    errno = kept;
}

static void on_stop(int number)
{
    stop_signal = number;
    wake();
}

static void on_note(int number)
{
    if (number == SIGTSTP) {
        asked_sleep = 1;
    } else {
        resized = 1;
    }
    wake();
}

void signals_restore(void)
{
    if (taken) {
        taken = 0;
        const ssize_t n = write(STDOUT_FILENO, reset[reset_at].text, reset[reset_at].n);
        (void)n;
        tcsetattr(STDIN_FILENO, TCSANOW, &s.before);
    }
}

static void on_crash(int number)
{
    if (taken) {
        tcflush(STDOUT_FILENO, TCOFLUSH); /* a terminal that takes nothing shall not keep us here */
    }
    signals_restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void handle(int number, void (*f)(int), int flags)
{
    struct sigaction sa = {.sa_handler = f, .sa_flags = flags}, old;
    sigemptyset(&sa.sa_mask);
    if (sigaction(number, NULL, &old) == 0 && (old.sa_handler != SIG_IGN || f == on_note)) {
        sigaction(number, &sa, NULL);
        s.old[number] = old;
        s.handled |= 1u << number;
    }
}

bool signals_open(const struct termios *before)
{
    static char stack[1 << 15];
    static const int stop[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT}, note[] = {SIGWINCH, SIGTSTP, SIGCONT};
    static const int crash[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    stop_signal = 0;
    s.before = *before;
    if (pipe2(s.pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
        return false;
    }
    sigaltstack(&own, NULL);
    for (size_t i = 0; i < sizeof stop / sizeof stop[0]; i++) {
        handle(stop[i], on_stop, 0);
    }
    for (size_t i = 0; i < sizeof note / sizeof note[0]; i++) {
        handle(note[i], on_note, SA_RESTART);
    }
    for (size_t i = 0; i < sizeof crash / sizeof crash[0]; i++) {
        handle(crash[i], on_crash, (int)SA_ONSTACK);
    }
    return true;
}

void signals_close(void)
{
    for (int i = 1; i < 32; i++) {
        if (s.handled >> i & 1) {
            sigaction(i, &s.old[i], NULL);
        }
    }
    s.handled = 0;
    if (s.pipe[0] >= 0) {
        close(s.pipe[0]);
        close(s.pipe[1]);
    }
    s.pipe[0] = s.pipe[1] = -1;
}

int signals_descriptor(void)
{
    return s.pipe[0];
}

int signals_stopped(void)
{
    return stop_signal;
}

void signals_resized(void)
{
    resized = 1;
    wake();
}

unsigned signals_drain(void)
{
    char rest[64];
    unsigned got = 0;
    while (read(s.pipe[0], rest, sizeof rest) > 0) {
    }
    if (asked_sleep) {
        asked_sleep = 0;
        got |= SIGNAL_SLEEP;
    }
    if (resized) {
        resized = 0;
        got |= SIGNAL_RESIZED;
    }
    return got;
}

void signals_reset_text(const char *text, size_t n)
{
    const int next = 1 - reset_at;
    reset[next].n = n < sizeof reset[next].text ? n : sizeof reset[next].text;
    memcpy(reset[next].text, text, reset[next].n);
    reset_at = next;
}

void signals_taken(bool yes)
{
    taken = yes;
}
