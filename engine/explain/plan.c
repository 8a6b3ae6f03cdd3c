/* One explanation plan: a model's graph, the chosen methods on it, and an executor.
 *
 *   model_build -> flag target layers -> fold BatchNorm -> methods emit maps of (logits, select) -> merge, fuse -> run
 *
 * Stage 0 is the forward pass; `select` is set afterwards, so stage 1 (everything that depends on the class) repeats
 * for another class without the forward pass. */
#include <string.h>

#include "explain/emit.h"
#include "vk/device.h"

struct explain_plan {
    struct graph *graph;
    struct exec *exec;
    value_id input, logits, select;
    value_id layers[EMIT_MAX_LAYERS];
    size_t n_layers;
    value_id *map; /* per method */
    size_t n_methods;
    float *one_hot; /* [N,K] */
    bool forward_done, backward_done;
};

static bool any_uses_layer(const struct explain_params *p)
{
    for (size_t i = 0; i < p->n_methods; i++) {
        if (p->methods[i]->uses_layer) {
            return true;
        }
    }
    return false;
}

/* Marks everything computed from `v`. A layer of another branch (an auxiliary head, the other of two sections) would
 * get a gradient of zeros and a blank map; better to say so. */
static limn_status check_path(const struct explain_plan *plan, value_id v, const char *name, limn_error *err)
{
    const struct graph *g = plan->graph;
    bool *from = mem_zalloc(g->n_value, sizeof(*from));
    if (from == NULL) {
        return err_nomem(err, g->n_value, "the layers");
    }
    from[v] = true;
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        bool any = false;
        for (int32_t k = 0; k < n->n_in && !n->dead; k++) {
            any = any || (n->in[k] != VALUE_NONE && from[n->in[k]]);
        }
        for (int32_t k = 0; k < n->n_out && any; k++) {
            from[n->out[k]] = true;
        }
    }
    bool reaches = from[plan->logits];
    mem_free(from);
    return reaches ? LIMN_OK
                   : err_set(err, LIMN_ERR_ARG, "layer \"%s\" has no part in the scores that are explained", name);
}

static limn_status add_layer(struct explain_plan *plan, struct model *m, const char *wanted, limn_error *err)
{
    limn_status st = LIMN_OK;
    const char *name = NULL;
    TRY(model_resolve_layer(m, wanted, &name, err));
    value_id v = graph_find(plan->graph, name);
    if (v == VALUE_NONE) {
        TRY(err_set(err, LIMN_ERR_INTERNAL, "layer \"%s\" is listed but not in the graph", name));
    }
    struct value *value = &plan->graph->value[v];
    if (value->shape.rank < 4) {
        char text[SHAPE_TEXT_MAX];
        TRY(err_set(err, LIMN_ERR_ARG, "layer \"%s\" gives %s, expected maps with height and width", name,
                    shape_text(&value->shape, text)));
    }
    TRY(check_path(plan, v, name, err));
    value->flags |= VALUE_TAP;
    plan->layers[plan->n_layers++] = v;
out:
    return st;
}

static limn_status resolve_layers(struct explain_plan *plan, struct model *m, const struct explain_params *p,
                                  limn_error *err)
{
    if (!any_uses_layer(p)) {
        return LIMN_OK;
    }
    if (p->n_layers > EMIT_MAX_LAYERS) {
        return err_set(err, LIMN_ERR_ARG, "%zu layers asked for, expected at most %d", p->n_layers, EMIT_MAX_LAYERS);
    }
    limn_status st = p->n_layers == 0 ? add_layer(plan, m, NULL, err) : LIMN_OK;
    for (size_t i = 0; st == LIMN_OK && i < p->n_layers; i++) {
        st = add_layer(plan, m, p->layers[i], err);
    }
    return st;
}

static limn_status emit_methods(struct explain_plan *plan, const struct explain_params *p, limn_error *err)
{
    struct builder b = {.g = plan->graph, .status = LIMN_OK, .err = err};
    const struct method_site site = {.b = &b,
                                     .input = plan->input,
                                     .logits = plan->logits,
                                     .select = plan->select,
                                     .layers = plan->layers,
                                     .n_layers = plan->n_layers};
    for (size_t i = 0; i < p->n_methods; i++) {
        value_id map = p->methods[i]->emit(&site);
        if (b.status == LIMN_OK && plan->graph->value[map].kind != VALUE_RESULT) {
            map = build_affine(&b, map, 1.0f, 0.0f); /* executors read back results only */
        }
        if (b.status != LIMN_OK) {
            return err_at(err, "%s", p->methods[i]->name);
        }
        plan->graph->value[map].flags |= VALUE_OUTPUT;
        plan->map[i] = map;
    }
    return LIMN_OK;
}

static limn_status add_select(struct explain_plan *plan, limn_error *err)
{
    struct graph *g = plan->graph;
    const struct shape s = g->value[plan->logits].shape;
    limn_status st = LIMN_OK;
    if (s.rank != 2) {
        char text[SHAPE_TEXT_MAX];
        TRY(err_set(err, LIMN_ERR_UNSUPPORTED, "the model's scores are %s, expected one per class",
                    shape_text(&s, text)));
    }
    TRY(graph_input(g, "%select", s, &plan->select, err));
    g->value[plan->select].flags |= VALUE_LATE;
    plan->one_hot = mem_alloc(shape_elems(&s), sizeof(float));
    if (plan->one_hot == NULL) {
        TRY(err_nomem(err, shape_elems(&s) * sizeof(float), "the class selection"));
    }
out:
    return st;
}

/* Nothing trains here, so that BatchNorm may go into the weights. */
static void freeze(struct graph *g)
{
    for (size_t i = 0; i < g->n_value; i++) {
        g->value[i].flags &= ~(uint32_t)VALUE_PARAM;
    }
}

limn_status explain_plan_create(struct model *m, const struct explain_params *p, struct explain_plan **out,
                                limn_error *err)
{
    limn_status st = LIMN_OK;
    struct explain_plan *plan = mem_zalloc(1, sizeof(*plan));
    if (plan == NULL) {
        return err_nomem(err, sizeof(*plan), "an explanation");
    }
    plan->n_methods = p->n_methods;
    plan->map = mem_alloc(p->n_methods, sizeof(*plan->map));
    if (plan->map == NULL) {
        TRY(err_nomem(err, p->n_methods * sizeof(*plan->map), "an explanation"));
    }
    TRY(model_build(m, p->batch, &plan->graph, &plan->input, &plan->logits, err));
    plan->graph->value[plan->logits].flags |= VALUE_OUTPUT;
    TRY(resolve_layers(plan, m, p, err));
    freeze(plan->graph);
    TRY(graph_optimise(plan->graph, OPTIMISE_DEAD | OPTIMISE_ACTIVATION | OPTIMISE_BN, err));
    TRY(graph_split(plan->graph, p->device != NULL ? vk_device_caps(p->device) : NULL, err));
    if (p->n_methods > 0) {
        TRY(add_select(plan, err));
        TRY(emit_methods(plan, p, err));
    }
    TRY(graph_optimise(plan->graph, OPTIMISE_ALL, err));
    if (p->device == NULL) {
        TRY(exec_ref_create(plan->graph, &plan->exec, err));
    } else {
        struct exec_params ep = {.max_memory = p->max_memory, .step = p->step, .user = p->user};
        TRY(exec_vk_create(p->device, plan->graph, &ep, &plan->exec, err));
    }
    *out = plan;
    plan = NULL;
out:
    explain_plan_destroy(&plan);
    return st;
}

limn_status explain_forward(struct explain_plan *p, const float *input, float *logits, limn_error *err)
{
    limn_status st = LIMN_OK;
    p->forward_done = p->backward_done = false;
    TRY(exec_set(p->exec, p->input, input, shape_elems(&p->graph->value[p->input].shape), err));
    TRY(exec_run(p->exec, 0, 0, err));
    TRY(exec_get(p->exec, p->logits, logits, shape_elems(&p->graph->value[p->logits].shape), err));
    p->forward_done = true;
out:
    return st;
}

limn_status explain_backward(struct explain_plan *p, const int32_t *classes, limn_error *err)
{
    limn_status st = LIMN_OK;
    if (!p->forward_done || p->n_methods == 0) {
        return err_set(err, LIMN_ERR_ARG, "backward pass without %s", p->forward_done ? "a method" : "a forward pass");
    }
    const struct shape *s = &p->graph->value[p->select].shape;
    const size_t n = shape_elems(s);
    p->backward_done = false;
    memset(p->one_hot, 0, n * sizeof(*p->one_hot));
    for (int32_t i = 0; i < s->dim[0]; i++) {
        if (classes[i] < 0 || classes[i] >= s->dim[1]) {
            return err_set(err, LIMN_ERR_ARG, "class %d of image %d, expected 0 to %d", (int)classes[i], (int)i,
                           (int)s->dim[1] - 1);
        }
        p->one_hot[(size_t)i * (size_t)s->dim[1] + (size_t)classes[i]] = 1.0f;
    }
    TRY(exec_set(p->exec, p->select, p->one_hot, n, err));
    TRY(exec_run(p->exec, 1, 1, err));
    p->backward_done = true;
out:
    return st;
}

const struct shape *explain_map_shape(const struct explain_plan *p, size_t method)
{
    return &p->graph->value[p->map[method]].shape;
}

limn_status explain_map(struct explain_plan *p, size_t method, float *dst, size_t n, limn_error *err)
{
    if (!p->backward_done || method >= p->n_methods) {
        return err_set(err, LIMN_ERR_ARG, "map %zu read, expected one of %zu after a backward pass", method,
                       p->n_methods);
    }
    return exec_get(p->exec, p->map[method], dst, n, err);
}

void explain_plan_stats(const struct explain_plan *p, struct exec_stats *out)
{
    exec_stats(p->exec, out);
}

void explain_plan_destroy(struct explain_plan **p)
{
    if (p == NULL || *p == NULL) {
        return;
    }
    exec_destroy(&(*p)->exec);
    graph_destroy(&(*p)->graph);
    mem_free((*p)->map);
    mem_free((*p)->one_hot);
    mem_free(*p);
    *p = NULL;
}
