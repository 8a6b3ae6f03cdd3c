/* The graph that validates: the task's network as it will be used, with parameters and statistics as inputs, so that
 * the same plan serves every epoch. What is frozen stays constant, folded. */
#include <string.h>

#include "pass/pass.h"
#include "train/plan.h"
#include "vk/device.h"

struct eval_tensor {
    size_t from, ema; /* tensors of the plan; ema == from without an average */
    value_id value;
};

struct train_eval {
    struct train_plan *plan;
    struct train_graph g;
    int32_t batch;
    struct exec *exec;
    struct eval_tensor *tensor;
    size_t n_tensor;
    float *buf;
    size_t cap_buf;
};

static size_t find_ema(const struct train_plan *p, size_t of)
{
    for (size_t i = of; i < p->n_tensor; i++) {
        if (p->tensor[i].kind == TENSOR_EMA && strcmp(p->tensor[i].name + strlen("ema."), p->tensor[of].name) == 0) {
            return i;
        }
    }
    return of;
}

/* Constants that the plan trains become inputs. */
static limn_status bind_tensors(struct train_eval *e, limn_error *err)
{
    const struct train_plan *p = e->plan;
    struct graph *g = e->g.graph;
    limn_status st = LIMN_OK;
    e->tensor = mem_zalloc(p->n_tensor + 1, sizeof(*e->tensor));
    if (!e->tensor) {
        return err_nomem(err, p->n_tensor * sizeof(*e->tensor), "a validation plan");
    }
    for (size_t i = 0; i < p->n_tensor; i++) {
        const struct train_tensor *t = &p->tensor[i];
        if (t->kind != TENSOR_PARAM && t->kind != TENSOR_STAT) {
            continue;
        }
        value_id v = graph_find(g, t->name);
        if (v == VALUE_NONE || g->value[v].kind != VALUE_CONST || !shape_equal(&g->value[v].shape, &t->shape)) {
            TRY(err_set(err, LIMN_ERR_INTERNAL, "%s: not a constant of the network that validates", t->name));
        }
        g->value[v].kind = VALUE_INPUT;
        e->tensor[e->n_tensor++] = (struct eval_tensor){i, find_ema(p, i), v};
        TRY(mem_grow(&e->buf, &e->cap_buf, t->n, sizeof(*e->buf), err));
    }
out:
    return st;
}

static limn_status build_eval(struct train_eval *e, const struct device_caps *caps, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(e->plan->task->make(e->plan->task, e->batch, false, &e->g, err));
    for (size_t i = 0; i < e->g.graph->n_value; i++) {
        e->g.graph->value[i].flags &= ~(uint32_t)(VALUE_OUTPUT | VALUE_TAP | VALUE_PARAM);
    }
    e->g.graph->value[e->g.items].flags |= VALUE_OUTPUT;
    if (e->g.output != VALUE_NONE) {
        e->g.graph->value[e->g.output].flags |= VALUE_OUTPUT;
    }
    TRY(bind_tensors(e, err));
    TRY(graph_optimise(e->g.graph, OPTIMISE_DEAD | OPTIMISE_BN, err));
    TRY(graph_split(e->g.graph, caps, err));
    TRY(graph_optimise(e->g.graph, OPTIMISE_ALL, err));
out:
    return st;
}

limn_status train_eval_create(struct vk_device *dev, const struct exec_params *ep, int32_t batch,
                              struct train_plan *plan, struct train_eval **out, limn_error *err)
{
    struct train_eval *e = mem_zalloc(1, sizeof(*e));
    limn_status st = LIMN_OK;
    if (!e) {
        return err_nomem(err, sizeof(*e), "a validation plan");
    }
    e->plan = plan;
    e->batch = batch;
    e->g.target = e->g.output = e->g.dropout_step = VALUE_NONE;
    TRY(build_eval(e, dev != NULL ? vk_device_caps(dev) : NULL, err));
    TRY(dev ? exec_vk_create(dev, e->g.graph, ep, &e->exec, err) : exec_ref_create(e->g.graph, &e->exec, err));
    *out = e;
    e = NULL;
out:
    train_eval_destroy(&e);
    return st;
}

void train_eval_destroy(struct train_eval **e)
{
    if (e && *e) {
        exec_destroy(&(*e)->exec);
        graph_destroy(&(*e)->g.graph);
        mem_free((*e)->tensor);
        mem_free((*e)->buf);
        mem_free(*e);
        *e = NULL;
    }
}

limn_status train_eval_load(struct train_eval *e, bool ema, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < e->n_tensor; i++) {
        const struct eval_tensor *t = &e->tensor[i];
        TRY(train_plan_get(e->plan, ema ? t->ema : t->from, e->buf, err));
        TRY(exec_set(e->exec, t->value, e->buf, e->plan->tensor[t->from].n, err));
    }
out:
    return st;
}

limn_status train_eval_run(struct train_eval *e, const float *x, const float *target, float *items, float *output,
                           limn_error *err)
{
    const struct graph *g = e->g.graph;
    limn_status st = LIMN_OK;
    TRY(exec_set(e->exec, e->g.input, x, shape_elems(&g->value[e->g.input].shape), err));
    if (e->g.target != VALUE_NONE) {
        TRY(exec_set(e->exec, e->g.target, target, shape_elems(&g->value[e->g.target].shape), err));
    }
    TRY(exec_run(e->exec, 0, 1, err));
    if (items) {
        TRY(exec_get(e->exec, e->g.items, items, (size_t)e->batch, err));
    }
    if (output && e->g.output != VALUE_NONE) {
        TRY(exec_get(e->exec, e->g.output, output, shape_elems(&g->value[e->g.output].shape), err));
    }
out:
    return st;
}
