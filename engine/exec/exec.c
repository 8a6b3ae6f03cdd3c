/* What every executor shares: argument checks, what may be done while a run goes on, dispatch to the implementation,
 * and the split of a graph into its two stages. */
#include "exec/exec.h"

#include <string.h>

#include "base/mem.h"

static limn_status check_value(const struct exec *e, value_id v, size_t n, limn_error *err)
{
    const struct graph *g = e->graph;
    if (v < 0 || (size_t)v >= g->n_value) {
        return err_set(err, LIMN_ERR_ARG, "value %d (expected 0 to %zu)", v, g->n_value);
    }
    size_t want = shape_elems(&g->value[v].shape);
    if (n != want) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: %zu elements (expected %zu)", g->value[v].name, n, want);
    }
    return LIMN_OK;
}

limn_status exec_set(struct exec *e, value_id input, const float *data, size_t n, limn_error *err)
{
    limn_status st = check_value(e, input, n, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (e->graph->value[input].kind != VALUE_INPUT) {
        return err_set(err, LIMN_ERR_ARG, "%s: is not an input of the graph", e->graph->value[input].name);
    }
    if (e->running && !(e->graph->value[input].flags & VALUE_STREAM)) {
        return err_set(err, LIMN_ERR_ARG, "%s: is in use by the run that goes on", e->graph->value[input].name);
    }
    return e->impl->set(e, input, data, n, err);
}

limn_status exec_start(struct exec *e, int first, int last, limn_error *err)
{
    if (first < 0 || last > 1 || first > last) {
        return err_set(err, LIMN_ERR_ARG, "stages %d to %d (expected 0 to 1)", first, last);
    }
    if (e->running) {
        return err_set(err, LIMN_ERR_ARG, "a run goes on already");
    }
    limn_status st = e->impl->start(e, first, last, err);
    e->running = st == LIMN_OK;
    return st;
}

limn_status exec_wait(struct exec *e, limn_error *err)
{
    if (!e->running) {
        return err_set(err, LIMN_ERR_ARG, "no run to wait for");
    }
    limn_status st = e->impl->wait ? e->impl->wait(e, err) : LIMN_OK;
    e->running = false;
    return st;
}

limn_status exec_run(struct exec *e, int first, int last, limn_error *err)
{
    limn_status st = exec_start(e, first, last, err);
    return st == LIMN_OK ? exec_wait(e, err) : st;
}

limn_status exec_get(struct exec *e, value_id output, float *dst, size_t n, limn_error *err)
{
    limn_status st = check_value(e, output, n, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (!(e->graph->value[output].flags & (VALUE_OUTPUT | VALUE_STATE))) {
        return err_set(err, LIMN_ERR_ARG, "%s: is not an output of the graph", e->graph->value[output].name);
    }
    if (e->running) {
        return err_set(err, LIMN_ERR_ARG, "%s: the run that computes it goes on", e->graph->value[output].name);
    }
    return e->impl->get(e, output, dst, n, err);
}

void exec_stats(const struct exec *e, struct exec_stats *out)
{
    memset(out, 0, sizeof(*out));
    e->impl->stats(e, out);
}

void exec_destroy(struct exec **e)
{
    if (e && *e) {
        (*e)->impl->destroy(*e);
        *e = NULL;
    }
}

static bool value_is_late(const struct graph *g, const uint8_t *stage, value_id v)
{
    if (v == VALUE_NONE) {
        return false;
    }
    const struct value *value = &g->value[v];
    if (value->kind == VALUE_INPUT) {
        return (value->flags & VALUE_LATE) != 0;
    }
    return value->kind == VALUE_RESULT && value->producer >= 0 && stage[value->producer] == 1;
}

void exec_stages(const struct graph *g, uint8_t *stage)
{
    memset(stage, 0, g->n_node);
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        for (int32_t k = 0; !n->dead && k < n->n_in && !stage[i]; k++) {
            stage[i] = value_is_late(g, stage, n->in[k]);
        }
    }
}
