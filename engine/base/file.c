/* Reading with pread and atomic writing: temporary file in the same directory, fsync, link or rename, fsync of the
 * directory. Nothing is ever left half-written. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/inject.h"
#include "base/mem.h"

struct file {
    int fd;
    uint64_t size;
    char *path;
};

limn_status file_open(const char *path, struct file **out, limn_error *err)
{
    int fd = inject_hit(INJECT_FILE) ? (errno = EIO, -1) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return err_set(err, LIMN_ERR_READ, "%s: cannot open: %s", path, strerror(errno));
    }
    return file_adopt(fd, path, out, err);
}

limn_status file_adopt(int fd, const char *path, struct file **out, limn_error *err)
{
    struct stat info;
    struct file *f = NULL;
    limn_status st = LIMN_OK;
    if (fstat(fd, &info) != 0) {
        st = err_set(err, LIMN_ERR_READ, "%s: cannot open: %s", path, strerror(errno));
        goto out;
    }
    if (!S_ISREG(info.st_mode)) {
        st = err_set(err, LIMN_ERR_READ, "%s: %s (expected a regular file)", path,
                     S_ISDIR(info.st_mode) ? "is a directory" : "is a device, pipe or socket");
        goto out;
    }
    f = mem_zalloc(1, sizeof(*f));
    if (!f || !(f->path = mem_strdup(path))) {
        st = err_nomem(err, sizeof(*f), "an open file");
        goto out;
    }
    f->fd = fd;
    f->size = (uint64_t)info.st_size;
    *out = f;
    return LIMN_OK;
out:
    close(fd);
    mem_free(f);
    return st;
}

uint64_t file_size(const struct file *f)
{
    return f->size;
}

const char *file_path(const struct file *f)
{
    return f->path;
}

limn_status file_read_at(struct file *f, uint64_t offset, void *dst, size_t n, limn_error *err)
{
    unsigned char *p = dst;
    while (n) {
        ssize_t got = inject_hit(INJECT_FILE) ? (errno = EIO, -1) : pread(f->fd, p, n, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_set(err, LIMN_ERR_READ, "%s: offset %llu: %s", f->path, (unsigned long long)offset,
                           strerror(errno));
        }
        if (got == 0) {
            return err_set(err, LIMN_ERR_FORMAT, "%s: offset %llu: file ends (expected %zu more bytes)", f->path,
                           (unsigned long long)offset, n);
        }
        p += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return LIMN_OK;
}

void file_close(struct file **f)
{
    if (f && *f) {
        close((*f)->fd);
        mem_free((*f)->path);
        mem_free(*f);
        *f = NULL;
    }
}

limn_status file_read_all(const char *path, size_t max_bytes, void **data, size_t *size, limn_error *err)
{
    struct file *f = NULL;
    unsigned char *buf = NULL;
    limn_status st = file_open(path, &f, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (f->size > max_bytes) {
        st = err_set(err, LIMN_ERR_FORMAT, "%s: %llu bytes (expected at most %zu)", path, (unsigned long long)f->size,
                     max_bytes);
        goto out;
    }
    buf = mem_alloc((size_t)f->size + 1, 1);
    if (!buf) {
        st = err_nomem(err, (size_t)f->size + 1, path);
        goto out;
    }
    TRY(file_read_at(f, 0, buf, (size_t)f->size, err));
    buf[f->size] = 0;
    *data = buf;
    *size = (size_t)f->size;
    buf = NULL;
out:
    mem_free(buf);
    file_close(&f);
    return st;
}

static bool write_all(int fd, const unsigned char *p, size_t n)
{
    while (n) {
        ssize_t put = inject_hit(INJECT_FILE) ? (errno = EIO, -1) : write(fd, p, n);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return false;
        }
        p += put;
        n -= (size_t)put;
    }
    return true;
}

/* Splits "dir/name"; the directory of a bare name is ".". */
static void split_path(const char *path, char *dir, size_t size)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        snprintf(dir, size, ".");
    } else {
        snprintf(dir, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    }
}

/* Without force, link() refuses an existing name even when another process makes it at this moment. File systems
 * without hard links get the check followed by a rename. */
static bool publish(const char *tmp, const char *path, bool force)
{
    if (inject_hit(INJECT_FILE)) {
        errno = EIO;
        return false;
    }
    if (force) {
        return rename(tmp, path) == 0;
    }
    if (link(tmp, path) == 0) {
        unlink(tmp);
        return true;
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK) {
        return false;
    }
    if (file_exists(path)) {
        errno = EEXIST;
        return false;
    }
    return rename(tmp, path) == 0;
}

#define TMP_PREFIX ".limn-"
#define TMP_NAME TMP_PREFIX "XXXXXX" /* of files that are being written */

struct file_writer {
    char path[4096], dir[4096], tmp[4096 + 32];
    int fd;
    bool force;
};

static limn_status write_failed(const struct file_writer *w, int why, limn_error *err)
{
    return err_set(err, LIMN_ERR_IO, "%s: cannot write: %s", w->path, strerror(why));
}

limn_status file_writer_open(const char *path, bool force, struct file_writer **out, limn_error *err)
{
    struct stat info;
    if (strlen(path) >= sizeof((struct file_writer *)0)->path) {
        return err_set(err, LIMN_ERR_IO, "%.80s...: path longer than %zu bytes", path,
                       sizeof((struct file_writer *)0)->path - 1);
    }
    if (lstat(path, &info) == 0) {
        if (!force) {
            return err_set(err, LIMN_ERR_IO, "%s: exists (use --force to overwrite)", path);
        }
        if (!S_ISREG(info.st_mode)) {
            return err_set(err, LIMN_ERR_IO, "%s: exists and is not a regular file", path);
        }
    }
    struct file_writer *w = mem_zalloc(1, sizeof(*w));
    if (!w) {
        return err_nomem(err, sizeof(*w), "a file to write");
    }
    w->force = force;
    snprintf(w->path, sizeof(w->path), "%s", path);
    split_path(path, w->dir, sizeof(w->dir));
    snprintf(w->tmp, sizeof(w->tmp), "%s/" TMP_NAME, w->dir);
    w->fd = inject_hit(INJECT_FILE) ? (errno = EIO, -1) : mkostemp(w->tmp, O_CLOEXEC);
    if (w->fd < 0) {
        limn_status st = write_failed(w, errno, err);
        mem_free(w);
        return st;
    }
    (void)flock(w->fd, LOCK_EX | LOCK_NB); /* a temporary file that nobody holds was left by a killed process */
    *out = w;
    return LIMN_OK;
}

limn_status file_writer_add(struct file_writer *w, const void *data, size_t n, limn_error *err)
{
    return write_all(w->fd, data, n) ? LIMN_OK : write_failed(w, errno, err);
}

limn_status file_writer_commit(struct file_writer **writer, limn_error *err)
{
    struct file_writer *w = *writer;
    limn_status st = LIMN_OK;
    mode_t mask = umask(0);
    umask(mask);
    bool ok = fchmod(w->fd, 0666 & ~mask) == 0 && fsync(w->fd) == 0;
    int why = errno;
    ok = close(w->fd) == 0 && ok;
    w->fd = -1;
    if (ok && !publish(w->tmp, w->path, w->force)) {
        ok = false;
        why = errno;
    }
    if (!ok) {
        st = write_failed(w, why, err);
        file_writer_abort(writer);
        return st;
    }
    int dirfd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd >= 0) {
        fsync(dirfd); /* best effort: some file systems refuse it */
        close(dirfd);
    }
    mem_free(w);
    *writer = NULL;
    return LIMN_OK;
}

void file_writer_abort(struct file_writer **w)
{
    if (w && *w) {
        if ((*w)->fd >= 0) {
            close((*w)->fd);
        }
        unlink((*w)->tmp);
        mem_free(*w);
        *w = NULL;
    }
}

limn_status file_write_atomic(const char *path, const void *data, size_t size, bool force, limn_error *err)
{
    struct file_writer *w = NULL;
    limn_status st = file_writer_open(path, force, &w, err);
    if (st != LIMN_OK) {
        return st;
    }
    st = file_writer_add(w, data, size, err);
    if (st == LIMN_OK) {
        st = file_writer_commit(&w, err);
    }
    file_writer_abort(&w);
    return st;
}

void dir_remove_litter(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, TMP_PREFIX, strlen(TMP_PREFIX)) != 0 || strlen(e->d_name) != strlen(TMP_NAME)) {
            continue;
        }
        int fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
            unlinkat(dirfd(d), e->d_name, 0);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
}

bool file_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

bool dir_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

limn_status dir_ensure(const char *path, limn_error *err)
{
    char part[4096];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(part)) {
        return err_set(err, LIMN_ERR_IO, "directory path of %zu bytes (expected 1 to %zu)", n, sizeof(part) - 1);
    }
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            return err_set(err, LIMN_ERR_IO, "%s: cannot make directory: %s", part, strerror(errno));
        }
    }
    if (!dir_exists(path)) {
        return err_set(err, LIMN_ERR_IO, "%s: exists and is not a directory", path);
    }
    return LIMN_OK;
}

void dir_xdg(const char *kind, char *buf, size_t size)
{
    static const struct {
        const char *kind, *fallback;
    } dirs[] = {{"CACHE", ".cache"}, {"DATA", ".local/share"}, {"STATE", ".local/state"}, {"CONFIG", ".config"}};
    char variable[32];
    snprintf(variable, sizeof(variable), "XDG_%s_HOME", kind);
    const char *set = getenv(variable), *home = getenv("HOME");
    buf[0] = '\0';
    if (set && set[0] == '/') {
        snprintf(buf, size, "%s/limn", set);
        return;
    }
    for (size_t i = 0; home && home[0] == '/' && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        if (strcmp(dirs[i].kind, kind) == 0) {
            snprintf(buf, size, "%s/%s/limn", home, dirs[i].fallback);
        }
    }
}
