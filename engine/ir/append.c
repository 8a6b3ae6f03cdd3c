/* A graph appended to another: what some of its values need, with other values standing for them where they are given.
 * Names get a prefix, so that the same network may be there twice. */
#include <string.h>

#include "ir/graph.h"

void graph_adopt(struct graph *g, struct graph **other)
{
    struct graph *last = *other;
    while (last->adopted != NULL) {
        last = last->adopted;
    }
    last->adopted = g->adopted;
    g->adopted = *other;
    *other = NULL;
}

/* Nodes that the wanted values need, back to those that are given. */
static void mark_needed(const struct graph *src, const struct graph_append *p, bool *need)
{
    for (size_t i = 0; i < p->n_want; i++) {
        need[p->want[i]] = true;
    }
    for (size_t i = src->n_node; i-- > 0;) {
        const struct node *n = &src->node[i];
        bool any = false;
        for (int32_t k = 0; k < n->n_out; k++) {
            any = any || (need[n->out[k]] && p->map[n->out[k]] == VALUE_NONE);
        }
        for (int32_t k = 0; any && !n->dead && k < n->n_in; k++) {
            if (n->in[k] != VALUE_NONE) {
                need[n->in[k]] = true;
            }
        }
    }
}

static const char *with_prefix(struct graph *dst, const char *prefix, const char *name)
{
    return name[0] == '%' ? NULL : prefix[0] != '\0' ? arena_printf(&dst->arena, "%s%s", prefix, name) : name;
}

/* Inputs and constants. */
static limn_status copy_leaf(struct graph *dst, const struct graph *src, const struct graph_append *p, value_id v,
                             limn_error *err)
{
    const struct value *from = &src->value[v];
    const char *name = with_prefix(dst, p->prefix, from->name);
    limn_status st = from->kind == VALUE_INPUT ? graph_input(dst, name, from->shape, &p->map[v], err)
                                               : graph_const(dst, name, from->shape, from->source, &p->map[v], err);
    if (st == LIMN_OK) {
        dst->value[p->map[v]].flags = from->flags & ~(uint32_t)VALUE_OUTPUT;
    }
    return st;
}

static limn_status copy_node(struct graph *dst, const struct graph *src, const struct graph_append *p,
                             const struct node *n, limn_error *err)
{
    value_id in[OP_MAX_IN], out[OP_MAX_OUT];
    limn_status st = LIMN_OK;
    for (int32_t k = 0; k < n->n_in; k++) {
        in[k] = n->in[k] == VALUE_NONE ? VALUE_NONE : p->map[n->in[k]];
    }
    TRY(graph_node(dst, n->op, with_prefix(dst, p->prefix, src->value[n->out[0]].name), n->attrs, n->n_in, in, out,
                   err));
    for (int32_t k = 0; k < n->n_out; k++) {
        value_id v = n->out[k];
        if (p->map[v] != VALUE_NONE) { /* given */
            continue;
        }
        dst->value[out[k]].flags |= src->value[v].flags & VALUE_TAP;
        p->map[v] = out[k];
        if (p->after != NULL) {
            struct builder b = {.g = dst, .err = err};
            p->map[v] = p->after(p->user, &b, v, out[k]);
            TRY(b.status);
        }
    }
out:
    return st;
}

limn_status graph_append(struct graph *dst, const struct graph *src, const struct graph_append *p, limn_error *err)
{
    limn_status st = LIMN_OK;
    bool *need = mem_zalloc(src->n_value + 1, sizeof(*need));
    if (!need) {
        return err_nomem(err, src->n_value, "a graph");
    }
    mark_needed(src, p, need);
    for (size_t i = 0; i < src->n_value; i++) {
        if (need[i] && p->map[i] == VALUE_NONE && src->value[i].kind != VALUE_RESULT) {
            TRY(copy_leaf(dst, src, p, (value_id)i, err));
        }
    }
    for (size_t i = 0; i < src->n_node; i++) {
        const struct node *n = &src->node[i];
        bool any = false;
        for (int32_t k = 0; k < n->n_out && !n->dead; k++) {
            any = any || (need[n->out[k]] && p->map[n->out[k]] == VALUE_NONE);
        }
        if (any) {
            TRY(copy_node(dst, src, p, n, err));
        }
    }
    for (size_t i = 0; i < graph_alias_count(src); i++) {
        value_id v = VALUE_NONE;
        const char *name = graph_alias_at(src, i, &v);
        if (p->map[v] != VALUE_NONE && need[v]) {
            const char *full = with_prefix(dst, p->prefix, name);
            TRY(full ? graph_alias(dst, full, p->map[v], err) : err_nomem(err, 64, "a name"));
        }
    }
out:
    mem_free(need);
    return st;
}
