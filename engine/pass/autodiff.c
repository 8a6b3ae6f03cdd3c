/* Reverse-mode differentiation, graph to graph.
 *
 * Walks the nodes backwards from y; each node's vjp (or the rule that replaces it) turns the cotangents of its
 * outputs into cotangents of its inputs by emitting ordinary nodes at the end of the graph. Several contributions to
 * one value are summed with add nodes. A value is of interest only when it depends on one of `wrt`, so nothing is
 * emitted below the lowest target. Nodes emitted here are never visited by the same call, and a later call may
 * differentiate through them. */
#include "pass/pass.h"

#include "ops/ops.h"

struct reverse {
    struct builder b;
    const struct autodiff *opt;
    size_t n_value, n_node; /* of the graph as it was found */
    bool *reach;            /* per value: depends on some wrt */
    value_id *cot;          /* per value: its cotangent so far, or VALUE_NONE */
    struct shape *shapes;   /* scratch of one op_call */
    bool *need;
    value_id *gin;
};

static vjp_fn rule_for(const struct autodiff *opt, const struct op *op)
{
    for (size_t i = 0; opt != NULL && i < opt->n_rules; i++) {
        if (opt->rules[i].op == op) {
            return opt->rules[i].vjp;
        }
    }
    return op->vjp;
}

static bool node_reached(const struct reverse *r, const struct node *n)
{
    for (int32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] != VALUE_NONE && r->reach[n->in[i]]) {
            return true;
        }
    }
    return false;
}

static void mark_reach(struct reverse *r, const value_id *wrt, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        r->reach[wrt[i]] = true;
    }
    for (size_t i = 0; i < r->n_node; i++) {
        const struct node *node = &r->b.g->node[i];
        if (node->dead || rule_for(r->opt, node->op) == NULL || !node_reached(r, node)) {
            continue;
        }
        for (int32_t k = 0; k < node->n_out; k++) {
            r->reach[node->out[k]] = true;
        }
    }
}

static void accumulate(struct reverse *r, const struct node *n, int32_t input)
{
    value_id v = n->in[input], g = r->gin[input];
    if (g == VALUE_NONE || r->b.status != LIMN_OK) {
        return;
    }
    const struct shape *want = &r->b.g->value[v].shape, *have = &r->b.g->value[g].shape;
    if (!shape_equal(want, have)) {
        char a[SHAPE_TEXT_MAX], b[SHAPE_TEXT_MAX];
        r->b.status = err_set(r->b.err, LIMN_ERR_INTERNAL, "gradient of %s in input %d has shape %s, expected %s",
                              n->op->name, (int)input, shape_text(have, a), shape_text(want, b));
        return;
    }
    r->cot[v] = r->cot[v] == VALUE_NONE ? g : build_add(&r->b, r->cot[v], g);
}

static void reverse_node(struct reverse *r, size_t index)
{
    struct node n = r->b.g->node[index]; /* a copy: emitting nodes moves the array */
    value_id gout[OP_MAX_OUT];
    bool any = false;
    if (n.dead || !node_reached(r, &n)) {
        return;
    }
    for (int32_t k = 0; k < n.n_out; k++) {
        gout[k] = r->cot[n.out[k]];
        any = any || (gout[k] != VALUE_NONE && r->reach[n.out[k]]);
    }
    if (!any) {
        return;
    }
    for (int32_t i = 0; i < n.n_in; i++) {
        r->need[i] = n.in[i] != VALUE_NONE && r->reach[n.in[i]];
        r->gin[i] = VALUE_NONE;
    }
    struct op_call call;
    graph_call(r->b.g, &n, r->shapes, &call);
    rule_for(r->opt, n.op)(&(struct vjp){.b = &r->b,
                                         .call = &call,
                                         .in = n.in,
                                         .out = n.out,
                                         .gout = gout,
                                         .need = r->need,
                                         .gin = r->gin,
                                         .user = r->opt ? r->opt->user : NULL});
    for (int32_t i = 0; i < n.n_in; i++) {
        if (r->need[i]) {
            accumulate(r, &n, i);
        }
    }
}

static limn_status reverse_init(struct reverse *r, limn_error *err)
{
    const struct graph *g = r->b.g;
    r->n_value = g->n_value;
    r->n_node = g->n_node;
    r->reach = mem_zalloc(r->n_value, sizeof(*r->reach));
    r->cot = mem_alloc(r->n_value, sizeof(*r->cot));
    r->shapes = mem_alloc(OP_MAX_IN + OP_MAX_OUT, sizeof(*r->shapes));
    r->need = mem_alloc(OP_MAX_IN, sizeof(*r->need));
    r->gin = mem_alloc(OP_MAX_IN, sizeof(*r->gin));
    if (r->reach == NULL || r->cot == NULL || r->shapes == NULL || r->need == NULL || r->gin == NULL) {
        return err_nomem(err, r->n_value * sizeof(*r->cot), "differentiation");
    }
    for (size_t i = 0; i < r->n_value; i++) {
        r->cot[i] = VALUE_NONE;
    }
    return LIMN_OK;
}

static limn_status check_request(const struct graph *g, value_id y, value_id seed, const value_id *wrt, size_t n,
                                 limn_error *err)
{
    bool known = y >= 0 && (size_t)y < g->n_value && seed >= 0 && (size_t)seed < g->n_value;
    for (size_t i = 0; i < n; i++) {
        known = known && wrt[i] >= 0 && (size_t)wrt[i] < g->n_value;
    }
    if (!known) {
        return err_set(err, LIMN_ERR_INTERNAL, "differentiation of a value that is not in the graph");
    }
    if (!shape_equal(&g->value[y].shape, &g->value[seed].shape)) {
        char a[SHAPE_TEXT_MAX], b[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_SHAPE, "gradient seed has shape %s, expected %s of %s",
                       shape_text(&g->value[seed].shape, a), shape_text(&g->value[y].shape, b), g->value[y].name);
    }
    return LIMN_OK;
}

limn_status autodiff(struct graph *g, const struct autodiff *opt, value_id y, value_id seed, const value_id *wrt,
                     size_t n, value_id *grad, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct reverse r = {.b = {.g = g, .status = LIMN_OK, .err = err}, .opt = opt};
    TRY(check_request(g, y, seed, wrt, n, err));
    TRY(reverse_init(&r, err));
    mark_reach(&r, wrt, n);
    if (r.reach[y]) {
        r.cot[y] = seed;
    }
    for (size_t i = r.n_node; i-- > 0 && r.b.status == LIMN_OK;) {
        reverse_node(&r, i);
    }
    for (size_t i = 0; i < n; i++) {
        if (r.cot[wrt[i]] == VALUE_NONE) {
            r.cot[wrt[i]] = build_fill(&r.b, g->value[wrt[i]].shape, 0.0f);
        }
    }
    TRY(r.b.status);
    for (size_t i = 0; i < n; i++) {
        grad[i] = r.cot[wrt[i]];
    }
out:
    mem_free(r.reach);
    mem_free(r.cot);
    mem_free(r.shapes);
    mem_free(r.need);
    mem_free(r.gin);
    return st;
}
