/* External data: tensors whose bytes lie in another file beside the model. The model only names a file; what it names
 * must be a regular file with one name, below the model's own directory, reached without symbolic links, so that a
 * model cannot make the program read what its author should not see.
 *
 * Source: the ONNX IR on external data; openat2(2). */
#include "model/onnx/onnx_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "base/str.h"

#define LOCATION_MAX 4095
#define FILES_MAX 1024 /* kept open */

struct onnx_external { /* a file that is open */
    struct onnx_external *next;
    const char *location;
    struct file *file;
};

static limn_status location_bad(const char *location, const char *what, limn_error *err)
{
    return err_set(err, LIMN_ERR_FORMAT, "external data \"%.100s\": %s", location, what);
}

/* A relative path of plain names. */
static limn_status check_location(const char *location, limn_error *err)
{
    size_t n = strlen(location);
    if (n == 0) {
        return err_set(err, LIMN_ERR_FORMAT, "external data without a location");
    }
    if (n > LOCATION_MAX) {
        return err_set(err, LIMN_ERR_FORMAT, "external data: location of %zu bytes (expected at most %d)", n,
                       LOCATION_MAX);
    }
    if (location[0] == '/' || strchr(location, '\\') != NULL) {
        return location_bad(location, "not a path relative to the model", err);
    }
    for (const char *p = location; *p != '\0';) {
        size_t len = strcspn(p, "/");
        if (len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.')) {
            return location_bad(location, "a path with \"..\", \".\" or empty parts", err);
        }
        p += len;
        if (*p == '/' && *++p == '\0') {
            return location_bad(location, "names a directory", err);
        }
    }
    return LIMN_OK;
}

/* Component by component, none of them a link. */
static int open_walking(int dir, const char *location)
{
    int at = dup(dir);
    char name[LOCATION_MAX + 1];
    while (at >= 0) {
        size_t len = strcspn(location, "/");
        bool last = location[len] == '\0';
        memcpy(name, location, len);
        name[len] = '\0';
        int flags = last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY;
        int fd = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC);
        int why = errno;
        close(at);
        errno = why;
        if (fd < 0 || last) {
            return fd;
        }
        at = fd;
        location += len + 1;
    }
    return -1;
}

static int open_beneath(int dir, const char *location, bool by_kernel)
{
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    if (by_kernel) {
        long fd = syscall(SYS_openat2, dir, location, &how, sizeof how);
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM && errno != EINVAL && errno != E2BIG)) {
            return (int)fd;
        } /* no such call here, or a sandbox that does not know it */
    }
    return open_walking(dir, location);
}

static const char *open_failed(int why)
{
    return why == ELOOP || why == ENOTDIR ? "reached through a symbolic link, or not below the model's directory"
           : why == EXDEV                 ? "not below the model's directory"
                                          : strerror(why);
}

limn_status onnx_external_open(const char *dir, const char *location, bool by_kernel, struct file **out,
                               limn_error *err)
{
    struct stat info;
    limn_status st = check_location(location, err);
    if (st != LIMN_OK) {
        return st;
    }
    int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) {
        return err_set(err, LIMN_ERR_READ, "%s: cannot open: %s", dir, strerror(errno));
    }
    int fd = open_beneath(at, location, by_kernel);
    int why = errno;
    close(at);
    if (fd < 0) {
        return err_set(err, LIMN_ERR_READ, "external data \"%.100s\": cannot open: %s", location, open_failed(why));
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return location_bad(location, "not a regular file", err);
    }
    if (info.st_nlink != 1) {
        close(fd);
        return location_bad(location, "has several names (hard links); a copy with one name is needed", err);
    }
    return file_adopt(fd, location, out, err);
}

/* The file of that name, opened once. */
static limn_status external_get(struct onnx_file *f, const char *location, struct file **out, limn_error *err)
{
    size_t n = 0;
    for (struct onnx_external *e = f->external; e != NULL; e = e->next, n++) {
        if (strcmp(e->location, location) == 0) {
            *out = e->file;
            return LIMN_OK;
        }
    }
    if (n == FILES_MAX) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "external data in more than %d files", FILES_MAX);
    }
    struct onnx_external *e = arena_alloc(&f->arena, 1, sizeof *e);
    char *name = arena_strdup(&f->arena, location);
    if (e == NULL || name == NULL) {
        return err_nomem(err, sizeof *e, "external data");
    }
    limn_status st = onnx_external_open(f->dir, location, true, &e->file, err);
    if (st == LIMN_OK) {
        e->location = name;
        e->next = f->external;
        f->external = e;
        *out = e->file;
    }
    return st;
}

/* Decimal, not negative. */
static limn_status number(const char *key, const char *text, uint64_t *out, limn_error *err)
{
    int64_t v = 0;
    if (text[0] == '\0') {
        return LIMN_OK;
    }
    if (text[strspn(text, "0123456789")] != '\0' || !str_to_i64(text, 0, INT64_MAX, &v)) {
        return err_set(err, LIMN_ERR_FORMAT, "external data: %s \"%.40s\" (expected a decimal number)", key, text);
    }
    *out = (uint64_t)v;
    return LIMN_OK;
}

limn_status onnx_external_find(struct onnx_file *f, const struct onnx_place *place, uint64_t bytes,
                               struct onnx_bytes *out, uint64_t *at, limn_error *err)
{
    uint64_t offset = 0, length = bytes;
    struct file *file = NULL;
    limn_status st = LIMN_OK;
    if (f->dir == NULL) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "external data of a model that is no file");
    }
    TRY(number("offset", place->offset, &offset, err));
    TRY(number("length", place->length, &length, err));
    if (length != bytes) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "external data: length %llu (expected %llu by type and dimensions)",
                    (unsigned long long)length, (unsigned long long)bytes));
    }
    TRY(external_get(f, place->location, &file, err));
    if (offset > file_size(file) || bytes > file_size(file) - offset) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "external data \"%.100s\": %llu bytes at offset %llu, the file has %llu",
                    place->location, (unsigned long long)bytes, (unsigned long long)offset,
                    (unsigned long long)file_size(file)));
    }
    *out = (struct onnx_bytes){.file = file, .size = file_size(file)};
    *at = offset;
out:
    return st;
}

void onnx_external_close(struct onnx_external **list)
{
    for (struct onnx_external *e = *list; e != NULL; e = e->next) {
        file_close(&e->file);
    }
    *list = NULL; /* their memory is the model's */
}
