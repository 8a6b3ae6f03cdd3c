/* Programs beside the view: see child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(const char *const *argv, int in, int out, int err)
{
    sigset_t none;
    sigemptyset(&none);
    for (int s = 1; s < 32; s++) {
        signal(s, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid(); /* Ctrl-C and a hang-up of the terminal are not for it */
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    char *args[16] = {(char *)"limn"};
    for (int i = 1; i < 15 && argv[i] != NULL; i++) {
        args[i] = (char *)argv[i];
    }
    if (argv[0] != NULL) {
        args[0] = (char *)argv[0];
        execvp(argv[0], args);
    } else {
        execv("/proc/self/exe", args);
    }
    _exit(127);
}

/* What the program will read, whole: a file in memory, so that nobody waits for it to be read. -1: it cannot be made.
 */
static int input_file(const char *text)
{
    const int fd = memfd_create("limn input", MFD_CLOEXEC);
    size_t n = text != NULL ? strlen(text) : 0;
    while (fd >= 0 && n > 0) {
        const ssize_t k = write(fd, text, n);
        if (k < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        text += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
    }
    if (fd >= 0) {
        lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

bool child_start(struct child *c, const char *const *argv, const char *input)
{
    const int in = input_file(input);
    int pipes[2][2] = {{-1, -1}, {-1, -1}};
    const bool ready = in >= 0 && pipe2(pipes[0], O_CLOEXEC) == 0 && pipe2(pipes[1], O_CLOEXEC) == 0;
    const pid_t pid = ready ? fork() : -1;
    if (pid == 0) {
        run(argv, in, pipes[0][1], pipes[1][1]);
    }
    const int ours[] = {in, pipes[0][1], pipes[1][1]};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (ours[i] >= 0) {
            close(ours[i]);
        }
    }
    *c = (struct child){.pid = pid > 0 ? pid : 0, .fd = {pipes[0][0], pipes[1][0]}};
    for (int i = 0; i < 2; i++) {
        if (c->fd[i] >= 0) {
            fcntl(c->fd[i], F_SETFL, O_NONBLOCK);
        }
    }
    if (pid < 0) {
        child_finish(c);
    }
    return pid > 0;
}

static void read_one(struct child *c, int i)
{
    char block[4096];
    while (c->fd[i] >= 0) {
        const ssize_t n = read(c->fd[i], block, sizeof block);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        char *grown = n > 0 && c->n[i] < CHILD_OUT_MAX ? realloc(c->text[i], c->n[i] + (size_t)n + 1) : NULL;
        if (grown != NULL) {
            memcpy(grown + c->n[i], block, (size_t)n);
            c->text[i] = grown;
            c->n[i] += (size_t)n;
            grown[c->n[i]] = '\0';
        } else { /* the end, or far too much */
            close(c->fd[i]);
            c->fd[i] = -1;
        }
    }
}

bool child_read(struct child *c)
{
    if (c->pid == 0) {
        return false;
    }
    read_one(c, 0);
    read_one(c, 1);
    if (c->fd[0] >= 0 || c->fd[1] >= 0) {
        return false;
    }
    while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR) {
    }
    c->pid = 0;
    return true;
}

void child_finish(struct child *c)
{
    for (int i = 0; i < 2; i++) {
        if (c->fd[i] > 0) {
            close(c->fd[i]);
        }
        free(c->text[i]);
    }
    if (c->pid > 0) { /* it goes on; who is left over is init's */
        waitpid(c->pid, &c->status, WNOHANG);
    }
    *c = (struct child){.fd = {-1, -1}};
}

int child_code(const struct child *c)
{
    return WIFEXITED(c->status) ? WEXITSTATUS(c->status) : -1;
}

void child_last_line(const char *text, char *out, size_t size)
{
    size_t n = text != NULL ? strlen(text) : 0;
    while (n > 0 && text[n - 1] == '\n') {
        n--;
    }
    size_t start = n;
    while (start > 0 && text[start - 1] != '\n') {
        start--;
    }
    if (n - start > 6 && strncmp(text + start, "limn: ", 6) == 0) {
        start += 6;
    }
    snprintf(out, size, "%.*s", (int)(n - start), text != NULL ? text + start : "");
}
