/* See pty.h. */
#include "support/pty.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

double pty_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void become(const struct pty_start *how, int tty)
{
    static const char *const clear[] = {"TERM",         "COLORTERM",   "NO_COLOR", "LC_ALL",  "LANG", "LINES",
                                        "TERM_PROGRAM", "VTE_VERSION", "TMUX",     "COLUMNS", "STY"};
    for (size_t i = 0; i < sizeof clear / sizeof clear[0]; i++) {
        unsetenv(clear[i]);
    }
    for (const char *const *e = how->env; *e != NULL; e += 2) {
        setenv(e[0], e[1], 1);
    }
    login_tty(tty);
    if (how->folder == NULL || chdir(how->folder) == 0) {
        execv(how->argv[0], (char *const *)how->argv);
    }
    _exit(126);
}

bool pty_open(struct pty *p, const struct pty_start *how)
{
    const struct winsize size = {.ws_row = (unsigned short)how->rows, .ws_col = (unsigned short)how->columns};
    int tty;
    *p = (struct pty){.fd = -1};
    if (openpty(&p->fd, &tty, NULL, NULL, &size) != 0) {
        return false;
    }
    tcgetattr(p->fd, &p->before);
    if (how->silent) {
        p->before.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
        p->before.c_iflag &= ~(tcflag_t)IXON;
        tcsetattr(p->fd, TCSANOW, &p->before);
    }
    fcntl(p->fd, F_SETFD, FD_CLOEXEC);
    p->pid = fork();
    if (p->pid == 0) {
        close(p->fd);
        become(how, tty);
    }
    close(tty);
    return p->pid > 0;
}

ssize_t pty_read(struct pty *p, void *out, size_t size, double seconds)
{
    struct pollfd set = {.fd = p->fd, .events = POLLIN};
    if (p->fd < 0) {
        return -1;
    }
    if (poll(&set, 1, (int)(seconds * 1000 + 0.999)) <= 0) {
        return 0;
    }
    const ssize_t n = read(p->fd, out, size);
    return n > 0 ? n : -1;
}

bool pty_type(struct pty *p, const void *bytes, size_t n)
{
    return write(p->fd, bytes, n) == (ssize_t)n;
}

void pty_resize(struct pty *p, int columns, int rows)
{
    const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    ioctl(p->fd, TIOCSWINSZ, &size);
}

bool pty_ended(struct pty *p, int *status)
{
    if (p->pid > 0 && waitpid(p->pid, status, WNOHANG) == p->pid) {
        p->pid = 0;
        return true;
    }
    return false;
}

bool pty_restored(const struct pty *p)
{
    struct termios now;
    const struct termios *old = &p->before;
    return tcgetattr(p->fd, &now) == 0 && now.c_iflag == old->c_iflag && now.c_oflag == old->c_oflag &&
           now.c_cflag == old->c_cflag && now.c_lflag == old->c_lflag &&
           memcmp(now.c_cc, old->c_cc, sizeof now.c_cc) == 0;
}

static bool read_proc(pid_t pid, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    FILE *f = fopen(path, "re");
    const size_t n = f != NULL ? fread(text, 1, size - 1, f) : 0;
    text[n] = '\0';
    if (f != NULL) {
        fclose(f);
    }
    return n > 0;
}

double process_seconds(pid_t pid)
{
    char text[1024];
    unsigned long user = 0, kernel = 0;
    const char *at = read_proc(pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    if (at == NULL || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2) {
        return -1;
    }
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

long process_kb(pid_t pid, const char *what)
{
    char text[4096];
    const char *at = read_proc(pid, "status", text, sizeof text) ? strstr(text, what) : NULL;
    return at != NULL ? strtol(at + strlen(what) + 1, NULL, 10) : -1;
}

void pty_close(struct pty *p)
{
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    if (p->fd >= 0) {
        close(p->fd);
    }
    *p = (struct pty){.fd = -1};
}
