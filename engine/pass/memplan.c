/* Memory planning: buffers that are never live at the same step may share bytes. Items are placed by decreasing size,
 * each into the smallest hole left by the items placed before that live at the same time (greedy by size, best fit; see
 * Pisarchyk & Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020). */
#include "pass/pass.h"

#include <stdlib.h>

#include "base/mem.h"

struct planner {
    struct memplan_item *item;
    size_t *by_offset; /* placed items, ascending offset */
    size_t n_placed;
    uint64_t align, block;
};

struct sort_key {
    uint64_t bytes;
    size_t index;
};

static int compare_size(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    if (x->bytes != y->bytes) {
        return x->bytes > y->bytes ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

static uint64_t round_up(uint64_t v, uint64_t align)
{
    return (v + align - 1) / align * align;
}

/* The first place at or after `at` that is aligned and where `bytes` cross no block boundary. */
static uint64_t fit(const struct planner *p, uint64_t at, uint64_t bytes)
{
    at = round_up(at, p->align);
    if (p->block && bytes && at / p->block != (at + bytes - 1) / p->block) {
        at = (at / p->block + 1) * p->block;
    }
    return at;
}

static bool live_together(const struct memplan_item *a, const struct memplan_item *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static uint64_t best_offset(const struct planner *p, const struct memplan_item *it)
{
    uint64_t end = 0, best = 0, best_gap = UINT64_MAX;
    for (size_t i = 0; i < p->n_placed; i++) {
        const struct memplan_item *other = &p->item[p->by_offset[i]];
        if (!live_together(it, other)) {
            continue;
        }
        uint64_t at = fit(p, end, it->bytes);
        if (at + it->bytes <= other->offset && other->offset - end < best_gap) {
            best = at;
            best_gap = other->offset - end;
        }
        if (other->offset + other->bytes > end) {
            end = other->offset + other->bytes;
        }
    }
    return best_gap != UINT64_MAX ? best : fit(p, end, it->bytes);
}

static void place(struct planner *p, size_t index)
{
    struct memplan_item *it = &p->item[index];
    it->offset = best_offset(p, it);
    size_t at = p->n_placed++;
    while (at > 0 && p->item[p->by_offset[at - 1]].offset > it->offset) {
        p->by_offset[at] = p->by_offset[at - 1];
        at--;
    }
    p->by_offset[at] = index;
}

static limn_status check_items(const struct memplan_item *items, size_t n, uint64_t block, limn_error *err)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (block && items[i].bytes > block) {
            return err_set(err, LIMN_ERR_NOMEM, "a buffer of %llu bytes (expected at most %llu, the largest block)",
                           (unsigned long long)items[i].bytes, (unsigned long long)block);
        }
        /* Placing never reaches further than twice the sum of all (block padding included). */
        if (items[i].bytes > (UINT64_MAX / 8) - sum) {
            return err_set(err, LIMN_ERR_NOMEM, "buffers of more than %llu bytes",
                           (unsigned long long)(UINT64_MAX / 8));
        }
        sum += items[i].bytes;
    }
    return LIMN_OK;
}

limn_status memplan(struct memplan_item *items, size_t n, uint64_t align, uint64_t block_bytes, uint64_t *total,
                    limn_error *err)
{
    limn_status st = check_items(items, n, block_bytes, err);
    struct sort_key *key = mem_alloc(n, sizeof(*key));
    struct planner p = {.item = items, .by_offset = mem_alloc(n, sizeof(size_t)), .align = align, .block = block_bytes};
    uint64_t end = 0;
    if (st == LIMN_OK && (!key || !p.by_offset)) {
        st = err_nomem(err, n * sizeof(*key), "the memory plan");
    }
    if (st != LIMN_OK) {
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        key[i] = (struct sort_key){items[i].bytes, i};
    }
    qsort(key, n, sizeof(*key), compare_size);
    for (size_t i = 0; i < n; i++) {
        place(&p, key[i].index);
        uint64_t top = items[key[i].index].offset + items[key[i].index].bytes;
        end = top > end ? top : end;
    }
    *total = round_up(end, align);
out:
    mem_free(key);
    mem_free(p.by_offset);
    return st;
}
