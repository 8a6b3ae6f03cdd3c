/* Gates of the backward pass, moved to where they fuse.
 *
 * 1. A gate that looks at an activation's input looks at its output instead: lo < x < hi says the same of both, and
 * then
 *    nothing but the activation reads the input.
 * 2. Behind a concatenation of activations m_i, the backward pass slices the gradient and gates each slice by its
 * m_i. The
 *    gate by the concatenation itself, before slicing, is the same numbers: one kernel in place of many, and one that
 *    fuses with what computes the gradient. */
#include <math.h>
#include <string.h>

#include "ops/ops.h"
#include "pass/optimise.h"

static bool is_gate(const struct node *n)
{
    return !n->dead && n->op == &op_act_gate;
}

static limn_status gates_on_outputs(struct graph *g, limn_error *err)
{
    int32_t *act = mem_alloc(g->n_value, sizeof(*act)); /* per value: the activation that reads it */
    if (act == NULL) {
        return err_nomem(err, g->n_value * sizeof(*act), "moving gates");
    }
    for (size_t i = 0; i < g->n_value; i++) {
        act[i] = -1;
    }
    for (size_t i = 0; i < g->n_node; i++) {
        struct node *n = &g->node[i];
        if (!n->dead && (n->op == &op_relu || n->op == &op_relu6)) {
            act[n->in[0]] = (int32_t)i;
        } else if (is_gate(n) && n->n_in > 1 && n->in[1] != VALUE_NONE && act[n->in[1]] >= 0) {
            const struct act_gate_attrs *a = n->attrs;
            const struct node *m = &g->node[act[n->in[1]]];
            if (a->lo == 0.0f && (m->op == &op_relu ? isinf(a->hi) : a->hi == 6.0f)) {
                n->in[1] = m->out[0];
            }
        }
    }
    mem_free(act);
    return LIMN_OK;
}

/* Where value m is an input of a concatenation: which one, and the first index of m in it. */
struct part {
    int32_t concat; /* node, -1 */
    int32_t begin;
};

static void find_parts(const struct graph *g, struct part *part)
{
    for (size_t i = 0; i < g->n_value; i++) {
        part[i].concat = -1;
    }
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        if (n->dead || n->op != &op_concat) {
            continue;
        }
        const int32_t axis = ((const struct concat_attrs *)n->attrs)->axis;
        for (int32_t k = 0, at = 0; axis >= 0 && k < n->n_in; k++) {
            part[n->in[k]] = (struct part){(int32_t)i, at};
            at += g->value[n->in[k]].shape.dim[axis];
        }
    }
}

/* True when slice `s` cuts exactly the part of the concatenation that `m` is. */
static bool cuts_part(const struct graph *g, const struct node *s, value_id m, const struct part *part)
{
    const struct slice_attrs *a = s->attrs;
    const struct node *c = &g->node[part->concat];
    const int32_t axis = ((const struct concat_attrs *)c->attrs)->axis;
    const struct shape *shape = &g->value[m].shape;
    if (!shape_equal(&g->value[s->in[0]].shape, &g->value[c->out[0]].shape)) {
        return false;
    }
    for (int32_t i = 0; i < shape->rank; i++) {
        if (a->step[i] != 1 || a->begin[i] != (i == axis ? part->begin : 0) || a->size[i] != shape->dim[i]) {
            return false;
        }
    }
    return true;
}

struct hoist {
    struct graph *g;
    int32_t *uses;     /* per value */
    int32_t *gate;     /* per value: the last gate that reads it as its gradient, -1 */
    struct part *part; /* per value */
};

/* The gate behind slice `s` when it is the slice's only reader and fits a concatenation; else NULL. */
static struct node *gate_of(const struct hoist *h, const struct node *s)
{
    value_id cut = s->out[0];
    if (s->op != &op_slice || h->uses[cut] != 1 || h->gate[cut] < 0) {
        return NULL;
    }
    struct node *n = &h->g->node[h->gate[cut]];
    value_id m = n->n_in > 1 ? n->in[1] : VALUE_NONE;
    if (m == VALUE_NONE || h->part[m].concat < 0 || !cuts_part(h->g, s, m, &h->part[m])) {
        return NULL;
    }
    return n;
}

/* Whether all readers of gradient v, the first of them node `first`, are slices with gates by parts of one
 * concatenation. */
static bool all_gated(const struct hoist *h, value_id v, size_t first, const struct node *like)
{
    int32_t found = 0;
    for (size_t i = first; i < h->g->n_node && found < h->uses[v]; i++) {
        const struct node *s = &h->g->node[i];
        for (int32_t k = 0; !s->dead && k < s->n_in; k++) {
            if (s->in[k] != v) {
                continue;
            }
            const struct node *n = gate_of(h, s);
            if (n == NULL || memcmp(n->attrs, like->attrs, sizeof(struct act_gate_attrs)) != 0 ||
                h->part[n->in[1]].concat != h->part[like->in[1]].concat) {
                return false;
            }
            found++;
        }
    }
    return found == h->uses[v]; /* a flag counts as a use that is no slice */
}

/* The first slice's place takes the gate of the whole; each gate's place takes its slice of that. */
static limn_status hoist_gates(struct hoist *h, value_id v, size_t first, limn_error *err)
{
    struct graph *g = h->g;
    const value_id whole = g->node[first].out[0];
    const struct node like = *gate_of(h, &g->node[first]);
    value_id *in = arena_alloc(&g->arena, 2, sizeof(*in));
    if (in == NULL) {
        return err_nomem(err, 2 * sizeof(*in), "moving gates");
    }
    in[0] = v;
    in[1] = g->node[h->part[like.in[1]].concat].out[0];
    for (size_t i = g->n_node; i-- > first;) { /* the first slice last: it says how to recognise the others */
        struct node *s = &g->node[i];
        struct node *n = !s->dead && s->op == &op_slice && s->in[0] == v ? gate_of(h, s) : NULL;
        if (n != NULL) {
            n->op = s->op;
            n->attrs = s->attrs;
            n->n_in = 1;
            n->in = arena_alloc(&g->arena, 1, sizeof(*n->in));
            if (n->in == NULL) {
                return err_nomem(err, sizeof(*n->in), "moving gates");
            }
            n->in[0] = whole;
            s->dead = true;
        }
    }
    struct node *n = &g->node[first];
    n->dead = false;
    n->op = like.op;
    n->attrs = like.attrs;
    n->in = in;
    n->n_in = 2;
    h->uses[whole] = h->uses[v];
    g->value[whole].shape = g->value[v].shape; /* a generated name that only the gate read */
    return LIMN_OK;
}

static limn_status gates_before_slices(struct graph *g, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct hoist h = {.g = g};
    h.uses = mem_alloc(g->n_value, sizeof(*h.uses));
    h.gate = mem_alloc(g->n_value, sizeof(*h.gate));
    h.part = mem_alloc(g->n_value, sizeof(*h.part));
    if (h.uses == NULL || h.gate == NULL || h.part == NULL) {
        TRY(err_nomem(err, g->n_value * sizeof(*h.part), "moving gates"));
    }
    graph_count_uses(g, h.uses);
    find_parts(g, h.part);
    for (size_t i = 0; i < g->n_value; i++) {
        h.gate[i] = -1;
    }
    for (size_t i = 0; i < g->n_node; i++) {
        if (is_gate(&g->node[i])) {
            h.gate[g->node[i].in[0]] = (int32_t)i;
        }
    }
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *s = &g->node[i], *like = s->dead ? NULL : gate_of(&h, s);
        bool movable = like != NULL && g->value[s->out[0]].name[0] == '%' && h.part[like->in[1]].concat < (int32_t)i;
        if (movable && all_gated(&h, s->in[0], i, like)) {
            TRY(hoist_gates(&h, s->in[0], i, err));
        }
    }
out:
    mem_free(h.uses);
    mem_free(h.gate);
    mem_free(h.part);
    return st;
}

limn_status optimise_gate(struct graph *g, limn_error *err)
{
    limn_status st = gates_on_outputs(g, err);
    return st == LIMN_OK ? gates_before_slices(g, err) : st;
}
