/* Merges nodes that compute the same thing: same operator, attributes and inputs. Methods ask for their gradients
 * one by one; this makes them share the common part of the backward pass. Works because attributes are plain data
 * without padding and operators are pure. A node whose result is flagged or carries a user's name stays. */
#include "pass/optimise.h"

#include <string.h>

struct merge {
    struct graph *g;
    value_id *to;  /* per value: what stands for it */
    int32_t *head; /* hash chains of node indices */
    int32_t *next;
    size_t mask;
};

static size_t node_hash(const struct node *n)
{
    uint64_t h = (uint64_t)(uintptr_t)n->op;
    for (int32_t k = 0; k < n->n_in; k++) {
        h = (h ^ (uint64_t)(uint32_t)n->in[k]) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    return (size_t)(h ^ h >> 32);
}

static bool node_equal(const struct node *a, const struct node *b)
{
    return a->op == b->op && a->n_in == b->n_in && memcmp(a->in, b->in, (size_t)a->n_in * sizeof(*a->in)) == 0 &&
           (a->op->attr_bytes == 0 || memcmp(a->attrs, b->attrs, a->op->attr_bytes) == 0);
}

static bool replaceable(const struct graph *g, const struct node *n)
{
    for (int32_t k = 0; k < n->n_out; k++) {
        const struct value *v = &g->value[n->out[k]];
        if (v->flags != 0 || v->name[0] != '%') {
            return false;
        }
    }
    return true;
}

static void merge_node(struct merge *m, size_t index)
{
    struct node *n = &m->g->node[index];
    for (int32_t k = 0; k < n->n_in; k++) {
        n->in[k] = n->in[k] == VALUE_NONE ? VALUE_NONE : m->to[n->in[k]];
    }
    size_t slot = node_hash(n) & m->mask;
    for (int32_t i = m->head[slot]; i >= 0; i = m->next[i]) {
        const struct node *same = &m->g->node[i];
        if (node_equal(same, n) && replaceable(m->g, n)) {
            for (int32_t k = 0; k < n->n_out; k++) {
                m->to[n->out[k]] = same->out[k];
            }
            n->dead = true;
            return;
        }
    }
    m->next[index] = m->head[slot];
    m->head[slot] = (int32_t)index;
}

limn_status optimise_same(struct graph *g, limn_error *err)
{
    size_t slots = 64;
    while (slots < 2 * g->n_node) {
        slots *= 2;
    }
    struct merge m = {.g = g, .mask = slots - 1};
    m.to = mem_alloc(g->n_value, sizeof(*m.to));
    m.head = mem_alloc(slots, sizeof(*m.head));
    m.next = mem_alloc(g->n_node, sizeof(*m.next));
    limn_status st = LIMN_OK;
    if (m.to == NULL || m.head == NULL || m.next == NULL) {
        st = err_nomem(err, slots * sizeof(*m.head), "merging nodes");
    } else {
        for (size_t i = 0; i < g->n_value; i++) {
            m.to[i] = (value_id)i;
        }
        for (size_t i = 0; i < slots; i++) {
            m.head[i] = -1;
        }
        for (size_t i = 0; i < g->n_node; i++) {
            if (!g->node[i].dead) {
                merge_node(&m, i);
            }
        }
    }
    mem_free(m.to);
    mem_free(m.head);
    mem_free(m.next);
    return st;
}
