/* Whether a process lives. A number alone says little: it may have gone to another process, to one of another start of
 * the machine, or count in another container. So a worker is known by number, start time, boot id and pid namespace;
 * where the process cannot be seen from here, only its last sign of life tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "job/store.h"

enum { BEAT_LIMIT_MS = 30000, STAT_FIELD_STATE = 3, STAT_FIELD_START = 22 };

static size_t read_text(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : 0;
    if (fd >= 0) {
        close(fd);
    }
    buf[n > 0 ? n : 0] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
    return strlen(buf);
}

/* proc(5): "PID (NAME) S ..." where NAME may hold anything, ")" among it. False when there is no such process. */
static bool read_stat(int32_t pid, char *state, int64_t *start)
{
    char path[40], text[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (read_text(path, text, sizeof(text)) == 0) {
        return false;
    }
    char *at = strrchr(text, ')'), *save = NULL;
    int field = STAT_FIELD_STATE;
    *state = '?';
    *start = 0;
    for (char *w = at ? strtok_r(at + 1, " ", &save) : NULL; w != NULL; w = strtok_r(NULL, " ", &save), field++) {
        if (field == STAT_FIELD_STATE) {
            *state = *w;
        } else if (field == STAT_FIELD_START) {
            (void)str_to_i64(w, 0, INT64_MAX, start);
        }
    }
    return true;
}

void proc_self(struct proc *out)
{
    char state;
    memset(out, 0, sizeof(*out));
    out->pid = (int32_t)getpid();
    (void)read_stat(out->pid, &state, &out->start);
    read_text("/proc/sys/kernel/random/boot_id", out->boot, sizeof(out->boot));
    ssize_t n = readlink("/proc/self/ns/pid", out->space, sizeof(out->space) - 1);
    out->space[n > 0 ? n : 0] = '\0';
}

bool proc_alive(const struct proc *p, int64_t last_beat)
{
    struct proc here;
    char state;
    int64_t start = 0, age = store_now() - last_beat;
    proc_self(&here);
    if (strcmp(here.boot, p->boot) != 0 || strcmp(here.space, p->space) != 0) {
        return age < BEAT_LIMIT_MS && age > -BEAT_LIMIT_MS;
    }
    if (here.start == 0) { /* no /proc */
        return kill(p->pid, 0) == 0 || errno == EPERM;
    }
    return read_stat(p->pid, &state, &start) && state != 'Z' && state != 'X' && start == p->start;
}
