/* A map from the names of the file to anything: open addressing, linear probing, at most half full. */
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/onnx/import.h"

struct name_slot {
    const char *name;
    void *what;
};

/* The slot of a name, or the free one where it would go. */
static struct name_slot *slot_of(const struct name_map *m, const char *name)
{
    size_t i = (size_t)rng_mix(rng_hash_text(name)) & (m->cap - 1);
    while (m->slot[i].name != NULL && strcmp(m->slot[i].name, name) != 0) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->slot[i];
}

static limn_status grow(struct name_map *m, limn_error *err)
{
    struct name_map bigger = {.cap = m->cap > 0 ? 2 * m->cap : 64, .n = m->n};
    bigger.slot = mem_zalloc(bigger.cap, sizeof *bigger.slot);
    if (bigger.slot == NULL) {
        return err_nomem(err, bigger.cap * sizeof *bigger.slot, "a map of names");
    }
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slot[i].name != NULL) {
            *slot_of(&bigger, m->slot[i].name) = m->slot[i];
        }
    }
    mem_free(m->slot);
    *m = bigger;
    return LIMN_OK;
}

limn_status name_put(struct name_map *m, const char *name, void *what, limn_error *err)
{
    if (2 * (m->n + 1) > m->cap) {
        limn_status st = grow(m, err);
        if (st != LIMN_OK) {
            return st;
        }
    }
    struct name_slot *s = slot_of(m, name);
    m->n += s->name == NULL;
    *s = (struct name_slot){name, what};
    return LIMN_OK;
}

void *name_get(const struct name_map *m, const char *name)
{
    return m->cap > 0 ? slot_of(m, name)->what : NULL;
}

void name_finish(struct name_map *m)
{
    mem_free(m->slot);
    *m = (struct name_map){0};
}
