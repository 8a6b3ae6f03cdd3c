/* Programs beside the view: see child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

bool child_start(struct child *c, const char *const *argv, const char *input)
{
    int pipes[3][2];
    for (int i = 0; i < 3; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) != 0) {
            for (int k = 0; k < i; k++) {
                close(pipes[k][0]);
                close(pipes[k][1]);
            }
            return false;
        }
    }
    const pid_t pid = fork();
    if (pid == 0) {
        run(argv, pipes[0][0], pipes[1][1], pipes[2][1]);
    }
    const size_t n = input != NULL ? strlen(input) : 0;
    fcntl(pipes[0][1], F_SETFL, O_NONBLOCK);
    bool fine = pid > 0 && (n == 0 || write(pipes[0][1], input, n) == (ssize_t)n);
    close(pipes[0][0]);
    close(pipes[0][1]);
    close(pipes[1][1]);
    close(pipes[2][1]);
    *c = (struct child){.pid = pid > 0 ? pid : 0, .fd = {pipes[1][0], pipes[2][0]}};
    for (int i = 0; i < 2; i++) {
        fcntl(c->fd[i], F_SETFL, O_NONBLOCK);
    }
    if (!fine) {
        child_finish(c);
    }
    return fine;
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
