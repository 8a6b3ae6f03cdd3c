/* Bytes on their way to a terminal: a buffer that grows. */
#ifndef LIMN_TUI_BYTES_H
#define LIMN_TUI_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes { /* zero: empty */
    char *data;
    size_t n, cap;
    bool failed; /* out of memory: some are missing; until bytes_clear */
};

void bytes_add(struct bytes *b, const void *data, size_t n);
void bytes_text(struct bytes *b, const char *text);
void bytes_printf(struct bytes *b, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* at most 255 bytes */
void bytes_base64(struct bytes *b, const void *data, size_t n);
void bytes_drop(struct bytes *b, size_t n); /* the first n */
void bytes_clear(struct bytes *b);          /* keeps the memory */
void bytes_finish(struct bytes *b);

#endif
