/* The buffer of bytes.h. */
#include "bytes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_add(struct bytes *b, const void *data, size_t n)
{
    if (n > b->cap - b->n) {
        const size_t cap = 2 * (b->n + n) + 4096;
        char *grown = b->failed ? NULL : realloc(b->data, cap);
        if (grown == NULL) {
            b->failed = true;
            return;
        }
        b->data = grown;
        b->cap = cap;
    }
    if (n > 0) {
        memcpy(b->data + b->n, data, n);
        b->n += n;
    }
}

void bytes_text(struct bytes *b, const char *text)
{
    bytes_add(b, text, strlen(text));
}

void bytes_printf(struct bytes *b, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0) {
        bytes_add(b, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    }
}

void bytes_base64(struct bytes *b, const void *data, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i += 3) {
        const size_t k = n - i < 3 ? n - i : 3;
        const uint32_t v =
            (uint32_t)p[i] << 16 | (k > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (k > 2 ? (uint32_t)p[i + 2] : 0);
        const char four[4] = {digit[v >> 18], digit[v >> 12 & 63], k > 1 ? digit[v >> 6 & 63] : '=',
                              k > 2 ? digit[v & 63] : '='};
        bytes_add(b, four, 4);
    }
}

void bytes_drop(struct bytes *b, size_t n)
{
    n = n < b->n ? n : b->n;
    b->n -= n;
    if (b->n > 0) {
        memmove(b->data, b->data + n, b->n);
    }
}

void bytes_clear(struct bytes *b)
{
    b->n = 0;
    b->failed = false;
}

void bytes_finish(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}
