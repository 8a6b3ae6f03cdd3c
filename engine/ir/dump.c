/* The graph as text, for people: one line per live node, and as Graphviz. */
#include "ir/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *data;
    size_t used, cap;
    limn_status status;
    limn_error *err;
};

static void put(struct text *t, const char *fmt, ...) LIMN_PRINTF(2, 3);
static void put(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (t->status != LIMN_OK || n < 0) {
        return;
    }
    t->status = mem_grow(&t->data, &t->cap, t->used + (size_t)n + 1, 1, t->err);
    if (t->status == LIMN_OK) {
        va_start(ap, fmt);
        vsnprintf(t->data + t->used, t->cap - t->used, fmt, ap);
        va_end(ap);
        t->used += (size_t)n;
    }
}

static void put_attr(struct text *t, const struct attr_desc *d, const void *attrs)
{
    const unsigned char *p = (const unsigned char *)attrs + d->offset;
    int32_t i[5];
    float f[3];
    switch (d->type) {
    case ATTR_F32:
        memcpy(f, p, sizeof(f[0]));
        put(t, " %s=%g", d->name, (double)f[0]);
        break;
    case ATTR_F32X3:
        memcpy(f, p, sizeof(f));
        put(t, " %s=%g,%g,%g", d->name, (double)f[0], (double)f[1], (double)f[2]);
        break;
    case ATTR_I32X3:
        memcpy(i, p, 3 * sizeof(i[0]));
        put(t, " %s=%d,%d,%d", d->name, i[0], i[1], i[2]);
        break;
    case ATTR_I32X5:
        memcpy(i, p, 5 * sizeof(i[0]));
        put(t, " %s=%d,%d,%d,%d,%d", d->name, i[0], i[1], i[2], i[3], i[4]);
        break;
    case ATTR_I32:
    case ATTR_BOOL:
        memcpy(i, p, sizeof(i[0]));
        put(t, " %s=%d", d->name, i[0]);
        break;
    }
}

static void put_node(struct text *t, const struct graph *g, const struct node *n)
{
    char shape[SHAPE_TEXT_MAX];
    const struct value *out = &g->value[n->out[0]];
    put(t, "%s %s = %s(", out->name, shape_text(&out->shape, shape), n->op->name);
    for (int32_t i = 0; i < n->n_in; i++) {
        put(t, "%s%s", i ? ", " : "", n->in[i] == VALUE_NONE ? "-" : g->value[n->in[i]].name);
    }
    put(t, ")");
    for (uint32_t i = 0; i < n->op->n_attrs; i++) {
        put_attr(t, &n->op->attrs[i], n->attrs);
    }
    put(t, "%s%s\n", out->flags & VALUE_OUTPUT ? " [output]" : "", out->flags & VALUE_TAP ? " [tap]" : "");
}

static limn_status finish(struct text *t, char **out)
{
    if (t->status != LIMN_OK) {
        mem_free(t->data);
        return t->status;
    }
    *out = t->data;
    return LIMN_OK;
}

limn_status graph_dump_text(const struct graph *g, char **out, limn_error *err)
{
    struct text t = {.err = err};
    put(&t, "# %zu nodes, %zu values\n", g->n_node, g->n_value);
    for (size_t i = 0; i < g->n_node; i++) {
        if (!g->node[i].dead) {
            put_node(&t, g, &g->node[i]);
        }
    }
    return finish(&t, out);
}

limn_status graph_dump_dot(const struct graph *g, char **out, limn_error *err)
{
    struct text t = {.err = err};
    char shape[SHAPE_TEXT_MAX];
    put(&t, "digraph limn {\n  node [shape=box, fontname=monospace];\n");
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        if (n->dead) {
            continue;
        }
        put(&t, "  n%zu [label=\"%s\\n%s\\n%s\"];\n", i, g->value[n->out[0]].name, n->op->name,
            shape_text(&g->value[n->out[0]].shape, shape));
        for (int32_t k = 0; k < n->n_in; k++) {
            if (n->in[k] != VALUE_NONE && g->value[n->in[k]].producer >= 0) {
                put(&t, "  n%d -> n%zu;\n", g->value[n->in[k]].producer, i);
            }
        }
    }
    put(&t, "}\n");
    return finish(&t, out);
}
