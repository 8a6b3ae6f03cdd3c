/* Files. Reading never maps memory (a file truncated meanwhile must not raise SIGBUS); writing is atomic. */
#ifndef LIMN_BASE_FILE_H
#define LIMN_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct file; /* a regular file open for reading */

/* Opens without blocking on FIFOs; anything but a regular file is refused. */
limn_status file_open(const char *path, struct file **out, limn_error *err);
/* The same on a descriptor, which is closed on failure; `path` names it in errors. */
limn_status file_adopt(int fd, const char *path, struct file **out, limn_error *err);
uint64_t file_size(const struct file *f); /* at the time of opening */
const char *file_path(const struct file *f);
/* Reads exactly n bytes at an offset; a short file is LIMN_ERR_FORMAT naming the offset. */
limn_status file_read_at(struct file *f, uint64_t offset, void *dst, size_t n, limn_error *err);
void file_close(struct file **f); /* NULL-safe */

/* The whole file, at most max_bytes (LIMN_ERR_FORMAT beyond). Free *data with mem_free. One NUL byte follows the
 * content. */
limn_status file_read_all(const char *path, size_t max_bytes, void **data, size_t *size, limn_error *err);

/* Writes a temporary file beside `path`, fsyncs it, renames it over `path`. Without `force` an existing path is refused
 * (also when another process creates it meanwhile). On failure nothing is left behind. */
limn_status file_write_atomic(const char *path, const void *data, size_t size, bool force, limn_error *err);

/* The same for content that comes in pieces and never stands in memory as a whole. Nothing is at `path` before commit.
 */
struct file_writer;
limn_status file_writer_open(const char *path, bool force, struct file_writer **out, limn_error *err);
limn_status file_writer_add(struct file_writer *w, const void *data, size_t n, limn_error *err);
/* Publishes the file. Frees the writer also on failure, then nothing is left behind. */
limn_status file_writer_commit(struct file_writer **w, limn_error *err);
void file_writer_abort(struct file_writer **w); /* NULL-safe */

bool file_exists(const char *path);
bool dir_exists(const char *path);
/* Removes from a folder what killed processes left of files that they were writing; those of living ones are locked. */
void dir_remove_litter(const char *path);
/* mkdir -p; an existing directory is fine. */
limn_status dir_ensure(const char *path, limn_error *err);
/* The XDG directory for `kind` ("CACHE", "DATA", "STATE", "CONFIG") with "/limn" added; empty string when no HOME. */
void dir_xdg(const char *kind, char *buf, size_t size);

#endif
