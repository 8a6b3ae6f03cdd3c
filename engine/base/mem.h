/* Host memory: every allocation of the engine passes through here, so that tests can fail the k-th one. */
#ifndef LIMN_BASE_MEM_H
#define LIMN_BASE_MEM_H

#include <stddef.h>

#include "base/status.h"

/* NULL when out of memory, when count * size overflows, or when a fault is injected. A zero-size request returns a
 * unique pointer. Free with mem_free. */
void *mem_alloc(size_t count, size_t size);
void *mem_zalloc(size_t count, size_t size);
/* Like realloc: the old block stays valid when NULL is returned. */
void *mem_realloc(void *ptr, size_t count, size_t size);
void mem_free(void *ptr); /* NULL is allowed */
char *mem_strdup(const char *text);

/* "out of memory: NEED bytes for WHAT" */
limn_status err_nomem(limn_error *err, size_t bytes, const char *what);

/* Makes room for `need` elements in a growing array: *items (element size `size`) of capacity *cap. */
limn_status mem_grow(void *items_ptr, size_t *cap, size_t need, size_t size, limn_error *err);

/* An arena: many allocations, freed together. Zero-initialise with {0}; finish with arena_finish. */
struct arena {
    struct arena_block *head;
};
void *arena_alloc(struct arena *a, size_t count, size_t size); /* zeroed; NULL when out of memory */
char *arena_strdup(struct arena *a, const char *text);
char *arena_printf(struct arena *a, const char *fmt, ...) LIMN_PRINTF(2, 3);
void arena_finish(struct arena *a); /* a zeroed arena is allowed; leaves it zeroed */

#endif
