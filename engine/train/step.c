/* Running a plan: its tensors to and from the device, and a step in one piece or in three. */
#include <string.h>

#include "train/plan.h"

/* A part of a state goes through a copy of the whole. */
static limn_status whole_state(struct train_plan *p, const struct train_tensor *t, size_t *n, limn_error *err)
{
    *n = shape_elems(&p->g.graph->value[t->value].shape);
    return mem_grow(&p->scratch, &p->cap_scratch, *n, sizeof(*p->scratch), err);
}

limn_status train_plan_get(struct train_plan *p, size_t i, float *dst, limn_error *err)
{
    const struct train_tensor *t = &p->tensor[i];
    size_t n;
    limn_status st = LIMN_OK;
    if (t->kind == TENSOR_FIXED) {
        return t->source->read(t->source, dst, t->n, err);
    }
    TRY(whole_state(p, t, &n, err));
    TRY(exec_get(p->exec, t->value, n == t->n ? dst : p->scratch, n, err));
    if (n != t->n) {
        memcpy(dst, p->scratch + t->offset, t->n * sizeof(*dst));
    }
out:
    return st;
}

limn_status train_plan_set(struct train_plan *p, size_t i, const float *src, limn_error *err)
{
    const struct train_tensor *t = &p->tensor[i];
    size_t n;
    limn_status st = LIMN_OK;
    TRY(whole_state(p, t, &n, err));
    if (n != t->n) {
        TRY(exec_get(p->exec, t->value, p->scratch, n, err));
        memcpy(p->scratch + t->offset, src, t->n * sizeof(*src));
        src = p->scratch;
    }
    TRY(exec_set(p->exec, t->value, src, n, err));
out:
    return st;
}

static limn_status set_numbers(struct train_plan *p, const struct train_numbers *n, limn_error *err)
{
    float step[2] = {(float)(n->step & 0xfffff), (float)(n->step >> 20 & 0xfff)};
    limn_status st = LIMN_OK;
    TRY(exec_set(p->exec, p->h, n->h, 4, err));
    if (p->keep != VALUE_NONE) {
        TRY(exec_set(p->exec, p->keep, (float[]){n->first ? 0 : 1, 1}, 2, err));
    }
    if (p->g.dropout_step != VALUE_NONE) {
        TRY(exec_set(p->exec, p->g.dropout_step, step, 2, err));
    }
out:
    return st;
}

limn_status train_plan_put(struct train_plan *p, const struct train_batch *b, const struct train_numbers *n,
                           limn_error *err)
{
    const struct graph *g = p->g.graph;
    limn_status st = LIMN_OK;
    TRY(set_numbers(p, n, err));
    TRY(exec_set(p->exec, p->g.input, b->x, shape_elems(&g->value[p->g.input].shape), err));
    if (p->g.target != VALUE_NONE) {
        TRY(exec_set(p->exec, p->g.target, b->target, shape_elems(&g->value[p->g.target].shape), err));
    }
    TRY(exec_set(p->exec, p->weight, b->weight, (size_t)p->batch, err));
    p->update = p->accumulate == 1 || n->last;
out:
    return st;
}

limn_status train_plan_start(struct train_plan *p, limn_error *err)
{
    return exec_start(p->exec, 0, p->update ? 1 : 0, err);
}

limn_status train_plan_wait(struct train_plan *p, float *items, float *output, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(exec_wait(p->exec, err));
    if (items) {
        TRY(exec_get(p->exec, p->g.items, items, (size_t)p->batch, err));
    }
    if (output && p->g.output != VALUE_NONE) {
        TRY(exec_get(p->exec, p->g.output, output, shape_elems(&p->g.graph->value[p->g.output].shape), err));
    }
out:
    return st;
}

limn_status train_plan_step(struct train_plan *p, const struct train_batch *b, const struct train_numbers *n,
                            float *items, float *output, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(train_plan_put(p, b, n, err));
    TRY(train_plan_start(p, err));
    TRY(train_plan_wait(p, items, output, err));
out:
    return st;
}
