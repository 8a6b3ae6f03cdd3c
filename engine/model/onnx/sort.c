/* The order of a graph's nodes: depth first without recursion, so that a chain of a million nodes is no problem. First
 * all nodes are ordered (and the broken ones found), then those that no output needs are left out.
 *
 * A node that holds graphs (If) also reads the names of this graph that its inner nodes read. */
#include <string.h>

#include "base/mem.h"
#include "model/onnx/import.h"

struct sort {
    const struct onnx_body *body;
    struct name_map defined; /* name -> (node index + 1), or GIVEN */
    size_t *dep, *dep_at;    /* what node i reads: dep[dep_at[i] .. dep_at[i + 1]] */
    size_t n_dep, cap_dep;
    size_t *order, n_order;
    uint8_t *state; /* of a node: 0 new, 1 open, 2 done */
    limn_error *err;
};

static char given_mark;
#define GIVEN ((void *)&given_mark)

static limn_status define(struct sort *s, const char *name, void *what, const struct onnx_node *n)
{
    if (name[0] == '\0') {
        return LIMN_OK;
    }
    if (name_get(&s->defined, name) != NULL) {
        return err_set(s->err, LIMN_ERR_FORMAT, "value \"%.80s\" is defined twice%s%.80s", name,
                       n != NULL ? ", again by a " : "", n != NULL ? n->op : "");
    }
    return name_put(&s->defined, name, what, s->err);
}

static limn_status define_all(struct sort *s)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < s->body->n_given; i++) {
        TRY(define(s, s->body->given[i], GIVEN, NULL));
    }
    for (size_t i = 0; i < s->body->n_node; i++) {
        const struct onnx_node *n = &s->body->node[i];
        for (size_t k = 0; k < n->n_out; k++) {
            TRY(define(s, n->out[k], (void *)n, n));
        }
    }
out:
    return st;
}

static bool outer_knows(const struct onnx_body *body, const char *name)
{
    for (const struct name_map *const *o = body->outer; o != NULL && *o != NULL; o++) {
        if (name_get(*o, name) != NULL) {
            return true;
        }
    }
    return false;
}

static limn_status add_dep(struct sort *s, const struct onnx_node *from)
{
    limn_status st = mem_grow(&s->dep, &s->cap_dep, s->n_dep + 1, sizeof *s->dep, s->err);
    if (st == LIMN_OK) {
        s->dep[s->n_dep++] = (size_t)(from - s->body->node);
    }
    return st;
}

static limn_status add_inner(struct sort *s, const struct onnx_node *n);

/* What the inner graphs of a node read of this graph; their own names are checked when they are imported. */
static limn_status add_graph(struct sort *s, const struct onnx_graph *g)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < g->n_node + g->n_output; i++) {
        size_t n_in = i < g->n_node ? g->node[i].n_in : 1;
        for (size_t k = 0; k < n_in; k++) {
            void *from = name_get(&s->defined, i < g->n_node ? g->node[i].in[k] : g->output[i - g->n_node].name);
            if (from != NULL && from != GIVEN) {
                TRY(add_dep(s, from));
            }
        }
        if (i < g->n_node) {
            TRY(add_inner(s, &g->node[i])); /* as deep as the reader allows graphs to be */
        }
    }
out:
    return st;
}

static limn_status add_inner(struct sort *s, const struct onnx_node *n)
{
    limn_status st = LIMN_OK;
    for (size_t a = 0; a < n->n_attr && st == LIMN_OK; a++) {
        if (n->attr[a].type == ONNX_ATTR_GRAPH && n->attr[a].graph != NULL) {
            st = add_graph(s, n->attr[a].graph);
        }
    }
    return st;
}

static limn_status add_deps(struct sort *s, size_t i)
{
    const struct onnx_node *n = &s->body->node[i];
    limn_status st = LIMN_OK;
    s->dep_at[i] = s->n_dep;
    for (size_t k = 0; k < n->n_in; k++) {
        void *from = name_get(&s->defined, n->in[k]);
        if (from != NULL && from != GIVEN) {
            TRY(add_dep(s, from));
        } else if (n->in[k][0] != '\0' && from == NULL && !outer_knows(s->body, n->in[k])) {
            st = err_set(s->err, LIMN_ERR_FORMAT, "node \"%.80s\" (%.40s) reads \"%.80s\", which nothing defines",
                         n->name, n->op, n->in[k]);
            goto out;
        }
    }
    TRY(add_inner(s, n));
out:
    s->dep_at[i + 1] = s->n_dep;
    return st;
}

/* Appends node `root` after everything it reads. `stack` and `next` hold the open nodes. */
static limn_status visit(struct sort *s, size_t root, size_t *stack, size_t *next)
{
    size_t depth = 0;
    if (s->state[root] != 0) {
        return LIMN_OK;
    }
    stack[depth] = root;
    next[depth++] = s->dep_at[root];
    s->state[root] = 1;
    while (depth > 0) {
        size_t i = stack[depth - 1];
        if (next[depth - 1] == s->dep_at[i + 1]) {
            s->state[i] = 2;
            s->order[s->n_order++] = i;
            depth--;
            continue;
        }
        size_t d = s->dep[next[depth - 1]++];
        if (s->state[d] == 1) {
            const struct onnx_node *n = &s->body->node[d];
            return err_set(s->err, LIMN_ERR_FORMAT, "node \"%.80s\" (%.40s) reads what it makes: a cycle", n->name,
                           n->op);
        }
        if (s->state[d] == 0) {
            s->state[d] = 1;
            stack[depth] = d;
            next[depth++] = s->dep_at[d];
        }
    }
    return LIMN_OK;
}

/* Leaves in `order` what the outputs need. */
static limn_status keep_live(struct sort *s)
{
    size_t n = 0;
    memset(s->state, 0, s->body->n_node);
    for (size_t i = 0; i < s->body->n_output; i++) {
        void *from = name_get(&s->defined, s->body->output[i]);
        if (from == NULL && !outer_knows(s->body, s->body->output[i])) {
            return err_set(s->err, LIMN_ERR_FORMAT, "output \"%.80s\" is made by no node", s->body->output[i]);
        }
        if (from != NULL && from != GIVEN) {
            s->state[(const struct onnx_node *)from - s->body->node] = 1;
        }
    }
    for (size_t i = s->n_order; i-- > 0;) {
        size_t node = s->order[i];
        for (size_t d = s->dep_at[node]; s->state[node] != 0 && d < s->dep_at[node + 1]; d++) {
            s->state[s->dep[d]] = 1;
        }
    }
    for (size_t i = 0; i < s->n_order; i++) {
        if (s->state[s->order[i]] != 0) {
            s->order[n++] = s->order[i];
        }
    }
    s->n_order = n;
    return LIMN_OK;
}

limn_status onnx_sort(const struct onnx_body *body, size_t **order, size_t *n, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t count = body->n_node;
    struct sort s = {.body = body, .err = err};
    size_t *stack = mem_alloc(count, sizeof *stack), *next = mem_alloc(count, sizeof *next);
    s.dep_at = mem_alloc(count + 1, sizeof *s.dep_at);
    s.order = mem_alloc(count, sizeof *s.order);
    s.state = mem_zalloc(count, 1);
    if (stack == NULL || next == NULL || s.dep_at == NULL || s.order == NULL || s.state == NULL) {
        st = err_nomem(err, 4 * count * sizeof *stack, "the order of the nodes");
        goto out;
    }
    TRY(define_all(&s));
    for (size_t i = 0; i < count; i++) {
        TRY(add_deps(&s, i));
    }
    for (size_t i = 0; i < count; i++) {
        TRY(visit(&s, i, stack, next));
    }
    TRY(keep_live(&s));
    *order = s.order;
    *n = s.n_order;
    s.order = NULL;
out:
    mem_free(stack);
    mem_free(next);
    mem_free(s.dep);
    mem_free(s.dep_at);
    mem_free(s.order);
    mem_free(s.state);
    name_finish(&s.defined);
    return st;
}
