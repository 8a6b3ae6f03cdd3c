/* A program on a pseudo terminal, for tests and benches that use it as a person does. What it writes comes as bytes;
 * tests/tui/session.h makes a screen of them. */
#ifndef LIMN_TEST_PTY_H
#define LIMN_TEST_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct pty {
    pid_t pid; /* 0: over */
    int fd;    /* our side of the terminal; -1: closed */
    struct termios before;
};

struct pty_start {
    const char *const *argv; /* [0]: path of the program */
    const char *const *env;  /* name, value, ..., NULL; what says something about the terminal is unset before */
    const char *folder;      /* to run in */
    int columns, rows;
    bool silent; /* what is typed is neither echoed nor acted upon while no program has the terminal */
};

double pty_clock(void); /* seconds, monotonic */
bool pty_open(struct pty *p, const struct pty_start *how);
/* Waits for at most `seconds` for bytes; 0: none came, -1: the terminal is closed. */
ssize_t pty_read(struct pty *p, void *out, size_t size, double seconds);
bool pty_type(struct pty *p, const void *bytes, size_t n);
void pty_resize(struct pty *p, int columns, int rows);
/* Whether the program has ended; then its status as of waitpid. Reads nothing. */
bool pty_ended(struct pty *p, int *status);
/* Whether the line discipline is what it was before the program came. */
bool pty_restored(const struct pty *p);
/* Seconds of processor time of a process; -1: it is not there. */
double process_seconds(pid_t pid);
/* A number of /proc/PID/status in kB, "VmRSS" say; -1: not there. */
long process_kb(pid_t pid, const char *what);
/* Kills what still runs, closes. */
void pty_close(struct pty *p);

#endif
