/* Host allocation with fault injection, growing arrays, and an arena of chained blocks. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/inject.h"

#define ARENA_BLOCK 16384
#define ARENA_ALIGN 16

/* No object of C may be larger than PTRDIFF_MAX. */
static bool bytes_of(size_t count, size_t size, size_t *bytes)
{
    return mul_size(count, size, bytes) && *bytes <= PTRDIFF_MAX;
}

void *mem_alloc(size_t count, size_t size)
{
    size_t bytes;
    if (!bytes_of(count, size, &bytes) || inject_hit(INJECT_ALLOC)) {
        return NULL;
    }
    return malloc(bytes ? bytes : 1);
}

void *mem_zalloc(size_t count, size_t size)
{
    size_t bytes;
    if (!bytes_of(count, size, &bytes) || inject_hit(INJECT_ALLOC)) {
        return NULL;
    }
    return count && size ? calloc(count, size) : calloc(1, 1);
}

void *mem_realloc(void *ptr, size_t count, size_t size)
{
    size_t bytes;
    if (!bytes_of(count, size, &bytes) || inject_hit(INJECT_ALLOC)) {
        return NULL;
    }
    return realloc(ptr, bytes ? bytes : 1);
}

void mem_free(void *ptr)
{
    free(ptr);
}

char *mem_strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = mem_alloc(n, 1);
    return copy ? memcpy(copy, text, n) : NULL;
}

limn_status err_nomem(limn_error *err, size_t bytes, const char *what)
{
    return err_set(err, LIMN_ERR_NOMEM, "out of memory: %zu bytes for %s", bytes, what);
}

limn_status mem_grow(void *items_ptr, size_t *cap, size_t need, size_t size, limn_error *err)
{
    if (need <= *cap) {
        return LIMN_OK;
    }
    size_t want = *cap < 8 ? 8 : *cap;
    while (want < need) {
        if (!mul_size(want, 2, &want)) {
            return err_nomem(err, need, "a list");
        }
    }
    void *old, *grown;
    memcpy(&old, items_ptr, sizeof(old));
    grown = mem_realloc(old, want, size);
    if (!grown) {
        return err_nomem(err, want * size, "a list");
    }
    memcpy(items_ptr, &grown, sizeof(grown));
    *cap = want;
    return LIMN_OK;
}

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(ARENA_ALIGN) unsigned char data[];
};

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
    size_t bytes, room;
    if (!mul_size(count, size, &bytes) || !align_size(bytes ? bytes : 1, ARENA_ALIGN, &bytes)) {
        return NULL;
    }
    struct arena_block *b = a->head;
    if (!b || b->size - b->used < bytes) {
        size_t payload = bytes > ARENA_BLOCK ? bytes : ARENA_BLOCK;
        if (!add_size(payload, sizeof(*b), &room)) {
            return NULL;
        }
        b = mem_zalloc(1, room);
        if (!b) {
            return NULL;
        }
        b->size = payload;
        b->next = a->head;
        a->head = b;
    }
    void *p = b->data + b->used;
    b->used += bytes;
    return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = arena_alloc(a, n, 1);
    return copy ? memcpy(copy, text, n) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1, 1);
    if (text) {
        va_start(ap, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    return text;
}

void arena_finish(struct arena *a)
{
    while (a->head) {
        struct arena_block *next = a->head->next;
        mem_free(a->head);
        a->head = next;
    }
}
