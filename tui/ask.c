/* Asking and waiting: see ask.h. */
#include "ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int64_t steady_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *cannot(const struct caps *caps)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return "standard input and output are not both a terminal";
    }
    if (!caps->ask) {
        return "terminals of this type are not asked";
    }
    return tcgetpgrp(STDIN_FILENO) != getpgrp() ? "not in the foreground" : NULL;
}

static bool write_all(const struct bytes *b)
{
    size_t at = 0;
    while (at < b->n) {
        const ssize_t n = write(STDOUT_FILENO, b->data + at, b->n - at);
        if (n > 0) {
            at += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
    return !b->failed;
}

static void take(struct answers *a, unsigned char *input, size_t *n)
{
    size_t at = 0;
    while (at < *n) {
        bool part = false;
        const size_t k = probe_take(a, input + at, *n - at, false, &part);
        if (k == 0 && part) {
            break;
        }
        at += k > 0 ? k : 1; /* a key */
    }
    *n -= at;
    memmove(input, input + at, *n);
}

static void listen(struct answers *a)
{
    unsigned char input[512];
    size_t n = 0;
    const int64_t end = steady_ms() + PROBE_CAP_MS;
    for (int64_t now; !(a->got & ANSWER_FENCE) && (now = steady_ms()) < end;) {
        struct pollfd p = {STDIN_FILENO, POLLIN, 0};
        if (poll(&p, 1, (int)(end - now)) <= 0) {
            continue; /* a signal; or it is time */
        }
        const ssize_t k = read(STDIN_FILENO, input + n, sizeof input - n);
        if (k <= 0) {
            return;
        }
        n += (size_t)k;
        take(a, input, &n);
    }
}

bool ask_terminal(const struct caps *caps, struct answers *out, const char **why)
{
    struct termios before, raw;
    struct bytes b = {0};
    int waiting = 0;
    *out = (struct answers){0};
    *why = cannot(caps);
    if (*why != NULL || tcgetattr(STDIN_FILENO, &before) != 0) {
        return false;
    }
    raw = before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    if (ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0) {
        *why = "something was typed already";
    } else {
        probe_questions(caps, &b);
        bytes_text(&b, "\r\033[K"); /* whatever a terminal made of them */
        if (write_all(&b)) {
            listen(out);
        }
    }
    bytes_finish(&b);
    tcsetattr(STDIN_FILENO, *why == NULL && !(out->got & ANSWER_FENCE) ? TCSAFLUSH : TCSANOW, &before);
    return *why == NULL;
}

void ask_cell_size(struct caps *caps)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        const int32_t w = size.ws_xpixel / size.ws_col, h = size.ws_ypixel / size.ws_row;
        if (w > 1 && w < 256 && h > 1 && h < 256) {
            caps->cell_width = w;
            caps->cell_height = h;
        }
    }
}
