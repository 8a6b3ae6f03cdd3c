/* The reference executor: every node by its operator's `ref`, in double precision, one after another.
 *
 * A buffer lives from its producer to its last reader; outputs, inputs and what stage 1 reads of stage 0 stay.
 * Constants are kept as the float32 numbers of their source and widened at each use. For tests and for machines
 * without Vulkan. */
#include <string.h>

#include "base/mem.h"
#include "exec/exec.h"

enum { KEEP = INT32_MAX };

struct ref_exec {
    struct exec base;
    double **val;     /* per value: its numbers, or NULL */
    float **constant; /* per value */
    int32_t *last;    /* per value: node after which it is freed; KEEP */
    uint8_t *stage;   /* per node */
    struct shape *shapes;
    const double **in;
    uint64_t bytes, peak, weight_bytes;
    size_t n_value; /* of the graph at creation */
    uint32_t n_run;
};

static void ref_drop(struct ref_exec *e, value_id v)
{
    if (e->val[v] != NULL) {
        e->bytes -= shape_elems(&e->base.graph->value[v].shape) * sizeof(double);
        mem_free(e->val[v]);
        e->val[v] = NULL;
    }
}

static limn_status ref_hold(struct ref_exec *e, value_id v, limn_error *err)
{
    const struct value *value = &e->base.graph->value[v];
    size_t n = shape_elems(&value->shape);
    if (e->val[v] != NULL) {
        return LIMN_OK;
    }
    e->val[v] = mem_alloc(n, sizeof(double));
    if (e->val[v] == NULL) {
        return err_nomem(err, n * sizeof(double), value->name);
    }
    e->bytes += n * sizeof(double);
    e->peak = e->bytes > e->peak ? e->bytes : e->peak;
    return LIMN_OK;
}

static limn_status ref_fetch_inputs(struct ref_exec *e, const struct node *n, limn_error *err)
{
    for (int32_t k = 0; k < n->n_in; k++) {
        value_id v = n->in[k];
        if (v == VALUE_NONE) {
            e->in[k] = NULL;
            continue;
        }
        const struct value *value = &e->base.graph->value[v];
        if (value->kind == VALUE_CONST && e->val[v] == NULL) {
            limn_status st = ref_hold(e, v, err);
            if (st != LIMN_OK) {
                return st;
            }
            for (size_t i = 0, count = shape_elems(&value->shape); i < count; i++) {
                e->val[v][i] = (double)e->constant[v][i];
            }
        }
        if (e->val[v] == NULL) {
            return err_set(err, LIMN_ERR_ARG, "%s \"%s\" has no numbers yet",
                           value->kind == VALUE_INPUT ? "input" : "value", value->name);
        }
        e->in[k] = e->val[v];
    }
    return LIMN_OK;
}

static limn_status ref_node(struct ref_exec *e, size_t index, limn_error *err)
{
    const struct graph *g = e->base.graph;
    const struct node *n = &g->node[index];
    double *out[OP_MAX_OUT];
    limn_status st = LIMN_OK;
    TRY(ref_fetch_inputs(e, n, err));
    for (int32_t k = 0; k < n->n_out; k++) {
        TRY(ref_hold(e, n->out[k], err));
        out[k] = e->val[n->out[k]];
    }
    struct op_call call;
    graph_call(g, n, e->shapes, &call);
    n->op->ref(&call, e->in, out);
    e->n_run++;
out:
    for (int32_t k = 0; k < n->n_in; k++) {
        value_id v = n->in[k];
        if (v != VALUE_NONE && (g->value[v].kind == VALUE_CONST || e->last[v] == (int32_t)index)) {
            ref_drop(e, v);
        }
    }
    for (int32_t k = 0; k < n->n_out; k++) {
        if (e->last[n->out[k]] < 0) { /* nobody reads it */
            ref_drop(e, n->out[k]);
        }
    }
    return st;
}

/* What this run made of a state is the state of the next. */
static void ref_carry_states(struct ref_exec *e, int first, int last)
{
    const struct graph *g = e->base.graph;
    for (size_t k = 0; k < g->n_state; k++) {
        const struct graph_state *s = &g->state[k];
        int stage = e->stage[g->value[s->next].producer];
        if (stage >= first && stage <= last && e->val[s->next] && e->val[s->value]) {
            memcpy(e->val[s->value], e->val[s->next], shape_elems(&g->value[s->value].shape) * sizeof(double));
        }
    }
}

static limn_status ref_start(struct exec *base, int first, int last, limn_error *err)
{
    struct ref_exec *e = (struct ref_exec *)base;
    e->n_run = 0;
    for (size_t i = 0; i < base->graph->n_node; i++) {
        if (!base->graph->node[i].dead && e->stage[i] >= first && e->stage[i] <= last) {
            limn_status st = ref_node(e, i, err);
            if (st != LIMN_OK) {
                return st;
            }
        }
    }
    ref_carry_states(e, first, last);
    return LIMN_OK;
}

static limn_status ref_set(struct exec *base, value_id input, const float *data, size_t n, limn_error *err)
{
    struct ref_exec *e = (struct ref_exec *)base;
    const struct value *v = &base->graph->value[input];
    if (v->kind != VALUE_INPUT || n != shape_elems(&v->shape)) {
        return err_set(err, LIMN_ERR_ARG, "\"%s\" set with %zu numbers, expected an input of %zu", v->name, n,
                       shape_elems(&v->shape));
    }
    limn_status st = ref_hold(e, input, err);
    for (size_t i = 0; st == LIMN_OK && i < n; i++) {
        e->val[input][i] = (double)data[i];
    }
    return st;
}

limn_status exec_ref_set_double(struct exec *base, value_id input, const double *data, size_t n, limn_error *err)
{
    struct ref_exec *e = (struct ref_exec *)base;
    if (base->graph->value[input].kind != VALUE_INPUT || n != shape_elems(&base->graph->value[input].shape)) {
        return err_set(err, LIMN_ERR_ARG, "\"%s\" set with %zu numbers", base->graph->value[input].name, n);
    }
    limn_status st = ref_hold(e, input, err);
    if (st == LIMN_OK) {
        memcpy(e->val[input], data, n * sizeof(double));
    }
    return st;
}

limn_status exec_ref_get_double(struct exec *base, value_id output, double *dst, size_t n, limn_error *err)
{
    const struct ref_exec *e = (const struct ref_exec *)base;
    const struct value *v = &base->graph->value[output];
    if (n != shape_elems(&v->shape)) {
        return err_set(err, LIMN_ERR_ARG, "\"%s\" read as %zu numbers, it has %zu", v->name, n, shape_elems(&v->shape));
    }
    if (e->constant[output] != NULL) {
        for (size_t i = 0; i < n; i++) {
            dst[i] = (double)e->constant[output][i];
        }
    } else if (e->val[output] != NULL) {
        memcpy(dst, e->val[output], n * sizeof(double));
    } else {
        return err_set(err, LIMN_ERR_ARG, "\"%s\" is not an output, or nothing ran yet", v->name);
    }
    return LIMN_OK;
}

static limn_status ref_get(struct exec *base, value_id output, float *dst, size_t n, limn_error *err)
{
    double *wide = mem_alloc(n, sizeof(double));
    if (wide == NULL) {
        return err_nomem(err, n * sizeof(double), "reading a result");
    }
    limn_status st = exec_ref_get_double(base, output, wide, n, err);
    for (size_t i = 0; st == LIMN_OK && i < n; i++) {
        dst[i] = (float)wide[i];
    }
    mem_free(wide);
    return st;
}

static void ref_stats(const struct exec *base, struct exec_stats *out)
{
    const struct ref_exec *e = (const struct ref_exec *)base;
    *out = (struct exec_stats){.activation_bytes = e->peak, .weight_bytes = e->weight_bytes, .n_dispatch = e->n_run};
}

static void ref_destroy(struct exec *base)
{
    struct ref_exec *e = (struct ref_exec *)base;
    for (size_t i = 0; e->val != NULL && i < e->n_value; i++) {
        mem_free(e->val[i]);
    }
    for (size_t i = 0; e->constant != NULL && i < e->n_value; i++) {
        mem_free(e->constant[i]);
    }
    mem_free(e->val);
    mem_free(e->constant);
    mem_free(e->last);
    mem_free(e->stage);
    mem_free(e->shapes);
    mem_free(e->in);
    mem_free(e);
}

/* When each value dies, and which constants anyone reads. */
static void ref_lifetimes(struct ref_exec *e)
{
    const struct graph *g = e->base.graph;
    for (size_t i = 0; i < g->n_value; i++) {
        bool keep = (g->value[i].flags & VALUE_OUTPUT) != 0 || g->value[i].kind == VALUE_INPUT;
        e->last[i] = keep ? KEEP : -1;
    }
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        for (int32_t k = 0; !n->dead && k < n->n_in; k++) {
            value_id v = n->in[k];
            if (v == VALUE_NONE || e->last[v] == KEEP) {
                continue;
            }
            int32_t producer = g->value[v].producer;
            bool crosses = e->stage[i] == 1 && producer >= 0 && e->stage[producer] == 0;
            e->last[v] = crosses ? KEEP : (int32_t)i;
        }
    }
}

static limn_status ref_load_constants(struct ref_exec *e, limn_error *err)
{
    const struct graph *g = e->base.graph;
    for (size_t i = 0; i < g->n_value; i++) {
        size_t n = shape_elems(&g->value[i].shape);
        if (g->value[i].kind != VALUE_CONST || e->last[i] < 0) {
            continue;
        }
        e->constant[i] = mem_alloc(n, sizeof(float));
        if (e->constant[i] == NULL) {
            return err_nomem(err, n * sizeof(float), g->value[i].name);
        }
        limn_status st = const_read(&g->value[i], e->constant[i], n, err);
        if (st != LIMN_OK) {
            return st;
        }
        e->weight_bytes += n * sizeof(float);
    }
    return LIMN_OK;
}

limn_status exec_ref_create(const struct graph *g, struct exec **out, limn_error *err)
{
    static const struct exec_impl impl = {ref_set, ref_start, NULL, ref_get, ref_stats, ref_destroy};
    limn_status st = LIMN_OK;
    struct ref_exec *e = mem_zalloc(1, sizeof(*e));
    if (e == NULL) {
        return err_nomem(err, sizeof(*e), "the reference executor");
    }
    e->base = (struct exec){.impl = &impl, .graph = g};
    e->n_value = g->n_value;
    e->val = mem_zalloc(g->n_value, sizeof(*e->val));
    e->constant = mem_zalloc(g->n_value, sizeof(*e->constant));
    e->last = mem_alloc(g->n_value, sizeof(*e->last));
    e->stage = mem_zalloc(g->n_node, sizeof(*e->stage));
    e->shapes = mem_alloc(OP_MAX_IN + OP_MAX_OUT, sizeof(*e->shapes));
    e->in = mem_alloc(OP_MAX_IN, sizeof(*e->in));
    if (e->val == NULL || e->constant == NULL || e->last == NULL || e->stage == NULL || e->shapes == NULL ||
        e->in == NULL) {
        TRY(err_nomem(err, g->n_value * sizeof(*e->val), "the reference executor"));
    }
    exec_stages(g, e->stage);
    ref_lifetimes(e);
    TRY(ref_load_constants(e, err));
    *out = &e->base;
    e = NULL;
out:
    if (e != NULL) {
        ref_destroy(&e->base);
    }
    return st;
}
