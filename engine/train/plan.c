/* One training step as a plan: the task's graph, its gradients, the optimiser's updates.
 *
 * Trainable constants become inputs that are state (graph_state): the update writes over them on the device. BatchNorm
 * whose gamma is trainable is rewritten to the form that normalises by the batch, and its running statistics become
 * state too. With several batches to an update the gradients add up in states of stage 0, and the update, which needs
 * the late input `h`, is stage 1. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "pass/pass.h"
#include "train/plan.h"
#include "vk/device.h"

struct param { /* while planning */
    value_id value, grad, state;
};

struct planning {
    struct train_plan *p;
    const struct train_spec *spec;
    struct param *param;
    size_t n_param;
};

static limn_status add_tensor(struct train_plan *p, struct train_tensor t, limn_error *err)
{
    limn_status st = mem_grow(&p->tensor, &p->cap_tensor, p->n_tensor + 1, sizeof(*p->tensor), err);
    if (st == LIMN_OK) {
        p->tensor[p->n_tensor++] = t;
    }
    return st;
}

static struct graph *graph_of(const struct planning *w)
{
    return w->p->g.graph;
}

/* "layer1" freezes "layer1.0.conv1.weight" but not "layer10...". */
static bool is_frozen(const struct train_spec *s, const char *name)
{
    for (size_t i = 0; i < s->n_frozen; i++) {
        size_t n = strlen(s->frozen[i]);
        if (strncmp(name, s->frozen[i], n) == 0 &&
            (name[n] == '\0' || name[n] == '.' || (n > 0 && name[n - 1] == '.'))) {
            return true;
        }
    }
    return false;
}

/* Which values the losses depend on. */
static limn_status mark_used(const struct graph *g, value_id from, bool **out, limn_error *err)
{
    bool *used = mem_zalloc(g->n_value, sizeof(*used));
    if (!used) {
        return err_nomem(err, g->n_value, "a training plan");
    }
    used[from] = true;
    for (size_t i = g->n_node; i-- > 0;) {
        const struct node *n = &g->node[i];
        bool any = false;
        for (int32_t k = 0; k < n->n_out; k++) {
            any = any || used[n->out[k]];
        }
        for (int32_t k = 0; !n->dead && any && k < n->n_in; k++) {
            if (n->in[k] != VALUE_NONE) {
                used[n->in[k]] = true;
            }
        }
    }
    *out = used;
    return LIMN_OK;
}

static bool is_running_stat(const struct graph *g, value_id v)
{
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        if (!n->dead && n->op == &op_batch_norm && (n->in[TRAIN_BN_MEAN] == v || n->in[TRAIN_BN_VAR] == v)) {
            return true;
        }
    }
    return false;
}

/* A trained tensor, and its optimiser's state, are one binding each. */
static limn_status check_binds(const struct planning *w, const struct device_caps *caps, const struct train_tensor *t,
                               limn_error *err)
{
    uint64_t bytes = (uint64_t)t->n * sizeof(float), state = bytes * (uint64_t)optim_rows(&w->spec->optim);
    if (!caps || state <= caps->max_storage_range) {
        return LIMN_OK;
    }
    return err_set(err, LIMN_ERR_UNSUPPORTED,
                   "%.100s cannot be trained: %.1f MB, %.1f of the optimizer's state (the device binds %.1f at once); "
                   "--freeze keeps it as it is",
                   t->name, (double)bytes / 1e6, (double)state / 1e6, (double)caps->max_storage_range / 1e6);
}

/* Sorts the network's constants into those that are trained and those that stay. */
static limn_status find_params(struct planning *w, const struct device_caps *caps, limn_error *err)
{
    struct graph *g = graph_of(w);
    bool *used = NULL;
    limn_status st = LIMN_OK;
    TRY(mark_used(g, w->p->g.items, &used, err));
    w->param = mem_zalloc(g->n_value + 1, sizeof(*w->param));
    if (!w->param) {
        TRY(err_nomem(err, g->n_value * sizeof(*w->param), "a training plan"));
    }
    for (size_t i = 0; i < g->n_value; i++) {
        struct value *v = &g->value[i];
        bool param = (v->flags & VALUE_PARAM) != 0;
        if (v->kind != VALUE_CONST || (!param && !is_running_stat(g, (value_id)i))) {
            continue;
        }
        struct train_tensor t = {v->name, TENSOR_FIXED, v->shape, 0, shape_elems(&v->shape), VALUE_NONE, v->source};
        if (param && used[i] && !is_frozen(w->spec, v->name)) {
            TRY(check_binds(w, caps, &t, err));
            v->kind = VALUE_INPUT;
            t.kind = TENSOR_PARAM;
            t.value = (value_id)i;
            w->param[w->n_param++].value = (value_id)i;
            w->p->n_params += t.n;
        }
        v->flags &= ~(uint32_t)VALUE_PARAM;
        TRY(add_tensor(w->p, t, err));
    }
    if (!w->n_param) {
        TRY(err_set(err, LIMN_ERR_ARG, "nothing is left to train: every parameter is frozen"));
    }
out:
    mem_free(used);
    return st;
}

/* --- BatchNorm --- */

static limn_status make_stat(struct planning *w, value_id stat, limn_error *err)
{
    struct graph *g = graph_of(w);
    for (size_t i = 0; i < w->p->n_tensor; i++) {
        struct train_tensor *t = &w->p->tensor[i];
        if (strcmp(t->name, g->value[stat].name) == 0 && t->kind == TENSOR_FIXED) {
            t->kind = TENSOR_STAT;
            t->value = stat;
            g->value[stat].kind = VALUE_INPUT;
            return LIMN_OK;
        }
    }
    return err_set(err, LIMN_ERR_UNSUPPORTED, "%s: the statistics of a BatchNorm that is used twice",
                   g->value[stat].name);
}

static limn_status new_result(struct graph *g, size_t node, int32_t k, limn_error *err)
{
    const struct node *n = &g->node[node];
    limn_status st = mem_grow(&g->value, &g->cap_value, g->n_value + 1, sizeof(*g->value), err);
    char *name = st == LIMN_OK ? arena_printf(&g->arena, "%s:%d", g->value[n->out[0]].name, k) : NULL;
    if (!name) {
        return st != LIMN_OK ? st : err_nomem(err, 64, "a value's name");
    }
    g->value[g->n_value] = (struct value){.name = name,
                                          .shape = g->value[n->in[TRAIN_BN_GAMMA]].shape,
                                          .kind = VALUE_RESULT,
                                          .producer = (int32_t)node,
                                          .out_index = k};
    g->node[node].out[k] = (value_id)g->n_value++;
    return LIMN_OK;
}

/* In place, so that the order of the nodes stays. */
static limn_status rewrite_bn(struct planning *w, size_t i, limn_error *err)
{
    struct graph *g = graph_of(w);
    limn_status st = LIMN_OK;
    g->node[i].op = &op_batch_norm_train;
    g->node[i].n_in = TRAIN_BN_MEAN;
    for (int32_t k = 1; k < op_batch_norm_train.n_out; k++) {
        TRY(new_result(g, i, k, err));
    }
    g->node[i].n_out = op_batch_norm_train.n_out;
out:
    return st;
}

/* running' = 0.9 running + 0.1 batch, the variance with m - 1. */
static limn_status update_stat(struct planning *w, value_id stat, value_id batch, double scale, limn_error *err)
{
    struct builder b = {graph_of(w), LIMN_OK, err};
    value_id k = VALUE_NONE;
    limn_status st = LIMN_OK;
    TRY(graph_const_data(b.g, NULL, SHAPE(2), (float[]){0.9f, (float)(0.1 * scale)}, &k, err));
    value_id next = build(&b, &op_combine, NULL, NULL, stat, batch, k);
    TRY(b.status);
    TRY(graph_state(b.g, stat, next, err));
out:
    return st;
}

static limn_status train_bn(struct planning *w, limn_error *err)
{
    struct graph *g = graph_of(w);
    size_t n_node = g->n_node;
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < n_node; i++) {
        const struct node *n = &g->node[i];
        if (n->dead || n->op != &op_batch_norm || g->value[n->in[TRAIN_BN_GAMMA]].kind != VALUE_INPUT) {
            continue;
        }
        value_id mean = n->in[TRAIN_BN_MEAN], var = n->in[TRAIN_BN_VAR];
        struct shape x = g->value[n->in[0]].shape;
        double m = (double)shape_elems(&x) / x.dim[1];
        if (m < 2) {
            TRY(err_set(err, LIMN_ERR_ARG, "%s: BatchNorm of one number a channel (use a larger batch)",
                        g->value[n->out[0]].name));
        }
        TRY(make_stat(w, mean, err));
        TRY(make_stat(w, var, err));
        TRY(rewrite_bn(w, i, err));
        if (!w->spec->running_frozen) {
            TRY(update_stat(w, mean, g->node[i].out[1], 1, err));
            TRY(update_stat(w, var, g->node[i].out[2], m / (m - 1), err));
        }
    }
out:
    return st;
}

/* --- gradients and updates --- */

static limn_status differentiate(struct planning *w, limn_error *err)
{
    struct train_plan *p = w->p;
    struct builder b = {p->g.graph, LIMN_OK, err};
    value_id *wrt = mem_alloc(w->n_param, sizeof(*wrt)), *grad = mem_alloc(w->n_param, sizeof(*grad));
    limn_status st = LIMN_OK;
    if (!wrt || !grad) {
        TRY(err_nomem(err, w->n_param * sizeof(*wrt), "gradients"));
    }
    TRY(graph_input(b.g, "loss.weight", SHAPE(p->batch), &p->weight, err));
    value_id total = loss_total(&b, p->g.items, p->weight), seed = build_fill(&b, (struct shape){0}, 1);
    TRY(b.status);
    for (size_t i = 0; i < w->n_param; i++) {
        wrt[i] = w->param[i].value;
    }
    TRY(autodiff(b.g, NULL, total, seed, wrt, w->n_param, grad, err));
    for (size_t i = 0; i < w->n_param; i++) {
        w->param[i].grad = grad[i];
    }
out:
    mem_free(wrt);
    mem_free(grad);
    return st;
}

/* Sums of the gradients over the batches of one update. */
static limn_status accumulate(struct planning *w, limn_error *err)
{
    struct train_plan *p = w->p;
    struct builder b = {p->g.graph, LIMN_OK, err};
    limn_status st = LIMN_OK;
    TRY(graph_input(b.g, "sum.keep", SHAPE(2), &p->keep, err));
    for (size_t i = 0; i < w->n_param; i++) {
        struct value *v = &b.g->value[w->param[i].value];
        value_id sum = VALUE_NONE;
        TRY(graph_input(b.g, arena_printf(&b.g->arena, "sum.%s", v->name), v->shape, &sum, err));
        value_id next = build(&b, &op_combine, NULL, NULL, sum, w->param[i].grad, p->keep);
        TRY(b.status);
        TRY(graph_state(b.g, sum, next, err));
        TRY(mem_grow(&p->sum, &p->cap_sum, p->n_sum + 1, sizeof(*p->sum), err));
        p->sum[p->n_sum++] = sum;
        w->param[i].grad = next;
    }
out:
    return st;
}

static value_id update_node(const struct planning *w, struct builder *b, const struct param *x)
{
    const struct optim_options *o = &w->spec->optim;
    if (o->rule == OPTIM_SGD) {
        struct sgd_attrs a = {(float)o->momentum, (float)o->weight_decay, o->nesterov};
        return build(b, &op_sgd_update, NULL, &a, x->value, x->state, x->grad, w->p->h);
    }
    struct adam_attrs a = {(float)o->beta1,        (float)o->beta2, (float)o->eps,
                           (float)o->weight_decay, o->amsgrad,      o->rule == OPTIM_ADAMW};
    return build(b, &op_adam_update, NULL, &a, x->value, x->state, x->grad, w->p->h);
}

/* The optimiser's state of one parameter, a tensor for each of its rows, and its update. */
static limn_status add_update(struct planning *w, struct param *x, value_id *next, limn_error *err)
{
    const struct optim_options *o = &w->spec->optim;
    struct builder b = {graph_of(w), LIMN_OK, err};
    const char *name = b.g->value[x->value].name;
    struct shape shape = b.g->value[x->value].shape;
    size_t n = shape_elems(&shape);
    limn_status st = LIMN_OK;
    TRY(graph_input(b.g, arena_printf(&b.g->arena, "optim.%s", name), SHAPE(optim_rows(o), (int32_t)n), &x->state,
                    err));
    for (int32_t i = 0; i < optim_rows(o); i++) {
        const char *row = arena_printf(&b.g->arena, "optim.%s.%s", optim_row_name(o, i), name);
        if (!row) {
            TRY(err_nomem(err, 64, "a tensor's name"));
        }
        TRY(add_tensor(w->p, (struct train_tensor){row, TENSOR_OPTIM, shape, (size_t)i * n, n, x->state, NULL}, err));
    }
    *next = update_node(w, &b, x);
    TRY(b.status);
    TRY(graph_state(b.g, x->value, *next, err));
    TRY(graph_state(b.g, x->state, b.g->node[b.g->value[*next].producer].out[1], err));
out:
    return st;
}

static limn_status add_ema(struct planning *w, const struct param *x, value_id next, limn_error *err)
{
    struct builder b = {graph_of(w), LIMN_OK, err};
    struct shape shape = b.g->value[x->value].shape;
    const char *name = arena_printf(&b.g->arena, "ema.%s", b.g->value[x->value].name);
    value_id ema = VALUE_NONE;
    limn_status st = LIMN_OK;
    if (!name) {
        return err_nomem(err, 64, "a tensor's name");
    }
    TRY(graph_input(b.g, name, shape, &ema, err));
    value_id mixed = build(&b, &op_combine, NULL, NULL, ema, next, w->p->ema_k);
    TRY(b.status);
    TRY(graph_state(b.g, ema, mixed, err));
    TRY(add_tensor(w->p, (struct train_tensor){name, TENSOR_EMA, shape, 0, shape_elems(&shape), ema, NULL}, err));
out:
    return st;
}

static limn_status add_updates(struct planning *w, limn_error *err)
{
    struct train_plan *p = w->p;
    struct graph *g = graph_of(w);
    float k[2] = {(float)w->spec->ema, (float)(1 - w->spec->ema)};
    limn_status st = LIMN_OK;
    TRY(graph_input(g, "optim.h", SHAPE(4), &p->h, err));
    if (p->accumulate > 1) {
        g->value[p->h].flags |= VALUE_LATE;
        TRY(accumulate(w, err));
    }
    if (w->spec->ema > 0) {
        TRY(graph_const_data(g, NULL, SHAPE(2), k, &p->ema_k, err));
    }
    for (size_t i = 0; i < w->n_param; i++) {
        value_id next = VALUE_NONE;
        TRY(add_update(w, &w->param[i], &next, err));
        if (w->spec->ema > 0) {
            TRY(add_ema(w, &w->param[i], next, err));
        }
    }
out:
    return st;
}

static limn_status build_plan(struct train_plan *p, const struct device_caps *caps, const struct train_spec *spec,
                              limn_error *err)
{
    struct planning w = {.p = p, .spec = spec};
    limn_status st = LIMN_OK;
    TRY(optim_check(&spec->optim, err));
    TRY(p->task->make(p->task, p->batch, true, &p->g, err));
    for (size_t i = 0; i < p->g.graph->n_value; i++) {
        p->g.graph->value[i].flags &= ~(uint32_t)(VALUE_OUTPUT | VALUE_TAP);
    }
    p->g.graph->value[p->g.items].flags |= VALUE_OUTPUT;
    if (p->g.output != VALUE_NONE) {
        p->g.graph->value[p->g.output].flags |= VALUE_OUTPUT;
    }
    TRY(find_params(&w, caps, err));
    TRY(train_bn(&w, err));
    TRY(graph_optimise(p->g.graph, OPTIMISE_DEAD | OPTIMISE_BN, err)); /* what is frozen folds */
    TRY(graph_split(p->g.graph, caps, err));
    TRY(differentiate(&w, err));
    TRY(add_updates(&w, err));
    TRY(graph_optimise(p->g.graph, OPTIMISE_DEAD | OPTIMISE_SAME | OPTIMISE_EPILOGUE, err));
out:
    mem_free(w.param);
    return st;
}

/* --- the numbers --- */

static limn_status set_zero(struct train_plan *p, value_id v, limn_error *err)
{
    size_t n = shape_elems(&p->g.graph->value[v].shape);
    float *zero = mem_zalloc(n, sizeof(*zero));
    limn_status st =
        zero ? exec_set(p->exec, v, zero, n, err) : err_nomem(err, n * sizeof(*zero), "the state of an optimiser");
    mem_free(zero);
    return st;
}

/* Parameters and statistics from their sources, averages from the parameters, all else zero. */
static limn_status set_start(struct train_plan *p, limn_error *err)
{
    limn_status st = LIMN_OK;
    float *buf = NULL;
    for (size_t i = 0; i < p->n_tensor; i++) {
        const struct train_tensor *t = &p->tensor[i];
        const struct const_source *s = t->source;
        for (size_t k = 0; t->kind == TENSOR_EMA && k < i; k++) {
            s = strcmp(p->tensor[k].name, t->name + strlen("ema.")) == 0 ? p->tensor[k].source : s;
        }
        if (t->kind == TENSOR_FIXED || (t->kind == TENSOR_OPTIM && t->offset > 0)) {
            continue;
        }
        if (!s) {
            TRY(set_zero(p, t->value, err));
            continue;
        }
        mem_free(buf);
        buf = mem_alloc(t->n, sizeof(*buf));
        if (!buf) {
            TRY(err_nomem(err, t->n * sizeof(*buf), t->name));
        }
        TRY(s->read(s, buf, t->n, err));
        TRY(exec_set(p->exec, t->value, buf, t->n, err));
    }
    for (size_t i = 0; i < p->n_sum; i++) {
        TRY(set_zero(p, p->sum[i], err));
    }
out:
    mem_free(buf);
    return st;
}

/* What changes with each step is uploaded while the step before it runs. */
static void mark_streams(struct train_plan *p)
{
    const value_id v[] = {p->g.input, p->g.target, p->g.dropout_step, p->weight, p->h, p->keep};
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        if (v[i] != VALUE_NONE) {
            p->g.graph->value[v[i]].flags |= VALUE_STREAM;
        }
    }
}

limn_status train_plan_create(struct vk_device *dev, const struct exec_params *ep, struct train_task *task,
                              int32_t batch, const struct train_spec *spec, struct train_plan **out, limn_error *err)
{
    struct train_plan *p = mem_zalloc(1, sizeof(*p));
    limn_status st = LIMN_OK;
    if (!p) {
        return err_nomem(err, sizeof(*p), "a training plan");
    }
    p->task = task;
    p->batch = batch;
    p->accumulate = spec->accumulate > 1 ? spec->accumulate : 1;
    p->keep = p->ema_k = VALUE_NONE;
    p->g.target = p->g.output = p->g.dropout_step = VALUE_NONE;
    TRY(build_plan(p, dev != NULL ? vk_device_caps(dev) : NULL, spec, err));
    mark_streams(p);
    TRY(dev ? exec_vk_create(dev, p->g.graph, ep, &p->exec, err) : exec_ref_create(p->g.graph, &p->exec, err));
    TRY(set_start(p, err));
    *out = p;
    p = NULL;
out:
    train_plan_destroy(&p);
    return st;
}

void train_plan_destroy(struct train_plan **p)
{
    if (p && *p) {
        exec_destroy(&(*p)->exec);
        graph_destroy(&(*p)->g.graph);
        mem_free((*p)->tensor);
        mem_free((*p)->sum);
        mem_free((*p)->scratch);
        mem_free(*p);
        *p = NULL;
    }
}

size_t train_plan_count(const struct train_plan *p)
{
    return p->n_tensor;
}

const struct train_tensor *train_plan_tensor(const struct train_plan *p, size_t i)
{
    return &p->tensor[i];
}

uint64_t train_plan_params(const struct train_plan *p)
{
    return p->n_params;
}
