/* A program whose output is collected without waiting: what may block (drivers, starting a worker) runs in one. */
#ifndef LIMN_TUI_CHILD_H
#define LIMN_TUI_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHILD_OUT_MAX = 1 << 20 };
struct child {
    pid_t pid; /* 0: none runs */
    int fd[2]; /* its output and its errors; -1 closed */
    char *text[2];
    size_t n[2];
    int status; /* as of waitpid, when it is over */
};
/* argv[0] NULL: this program itself. `input` (may be NULL) is what it reads. */
bool child_start(struct child *c, const char *const *argv, const char *input);
/* Reads what is there. True once, when it has ended: then text and status count until child_finish. */
bool child_read(struct child *c);
void child_finish(struct child *c);
/* The last line of its errors or output without "limn: ": what to show of them. */
void child_last_line(const char *text, char *out, size_t size);
int child_code(const struct child *c); /* its exit code; -1 when it did not end by itself */

#endif
