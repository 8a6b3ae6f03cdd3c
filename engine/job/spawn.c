/* Starting a worker. `limn worker --background` puts itself into a session of its own and returns once a worker has
 * taken over, so its exit code says whether one runs and its last line why not; nothing of the caller's terminal is
 * inherited.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job/store.h"

extern char **environ;

/* Reads all, keeps the beginning, ends at the end of the first line. */
static void read_line(int fd, char *buf, size_t size)
{
    char rest[256];
    size_t at = 0;
    for (;;) {
        bool room = at + 1 < size;
        ssize_t n = read(fd, room ? buf + at : rest, room ? size - 1 - at : sizeof(rest));
        if (n == 0 || (n < 0 && errno != EINTR)) {
            break;
        }
        at += room && n > 0 ? (size_t)n : 0;
    }
    buf[at] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
}

static int spawn(const char *program, const char *const argv[], int to, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0) {
        return rc;
    }
    posix_spawnattr_init(&attr);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    rc = rc != 0 ? rc : posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, to, 2);
    rc = rc != 0 ? rc : posix_spawn(pid, program, &actions, &attr, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* One that is entered in the store will look for jobs once more before it leaves. */
static bool has_worker(limn_jobs *s, const char *device)
{
    struct limn_worker *list = NULL;
    size_t n = 0;
    bool found = false;
    if (limn_jobs_workers(s, &list, &n, NULL) == LIMN_OK) {
        for (size_t i = 0; i < n; i++) {
            found = found || strcmp(list[i].device, device) == 0;
        }
        limn_jobs_workers_free(&list);
    }
    return found;
}

limn_status limn_jobs_start_worker(limn_jobs *store, const char *program, const char *device, limn_error *err)
{
    char line[400];
    const char *prefix = "limn: ";
    int fd[2], status = 0;
    pid_t pid = 0;
    JOB_NEED(store);
    JOB_NEED(device);
    if (has_worker(store, device)) {
        return LIMN_OK;
    }
    program = program != NULL ? program : "/proc/self/exe";
    const char *argv[] = {"limn", "worker", "--background", "--device", device, "--store", store->folder, NULL};
    if (pipe2(fd, O_CLOEXEC) != 0) {
        return err_set(err, LIMN_ERR_IO, "a worker could not be started: %s", strerror(errno));
    }
    int rc = spawn(program, argv, fd[1], &pid);
    close(fd[1]);
    if (rc == 0) {
        read_line(fd[0], line, sizeof(line));
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    close(fd[0]);
    if (rc != 0) {
        return err_set(err, LIMN_ERR_IO, "%s: a worker could not be started: %s", program, strerror(rc));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return LIMN_OK;
    }
    const char *why = strncmp(line, prefix, strlen(prefix)) == 0 ? line + strlen(prefix) : line;
    return err_set(err, WIFEXITED(status) && WEXITSTATUS(status) == 5 ? LIMN_ERR_DEVICE : LIMN_ERR_IO,
                   "no worker could be started: %s", why[0] != '\0' ? why : "it ended without a word");
}
