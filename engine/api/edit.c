/* Edits of a model at the border: copies of what they need, and one graph built at once so that mistakes show here. */
#include <limn/edit.h>
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "shift/edit.h"

struct model_edits {
    struct model *m;
    struct edit *edit;
    size_t n;
    struct arena arena;
};

static limn_status rewrite(void *user, struct graph **g, value_id *values, size_t n, limn_error *err)
{
    const struct model_edits *e = user;
    return edit_graph(e->m, e->edit, e->n, g, values, n, err);
}

void model_edits_destroy(struct model_edits **e)
{
    if (e && *e) {
        model_set_rewrite((*e)->m, NULL, NULL);
        arena_finish(&(*e)->arena);
        mem_free(*e);
        *e = NULL;
    }
}

static limn_status copy_tensor(struct model_edits *e, const struct limn_tensor *t, struct tensor *out, limn_error *err)
{
    if (t->rank < 0 || t->rank > SHAPE_MAX_RANK || !t->data) {
        return err_set(err, LIMN_ERR_ARG, "tensor of rank %d (expected 0 to %d, with data)", t->rank, SHAPE_MAX_RANK);
    }
    out->shape = shape_of(t->rank, t->dim);
    limn_status st = shape_check(&out->shape, err);
    if (st != LIMN_OK) {
        return st;
    }
    size_t n = shape_elems(&out->shape);
    out->data = arena_alloc(&e->arena, n, sizeof(float));
    if (!out->data) {
        return err_nomem(err, n * sizeof(float), "a tensor");
    }
    memcpy(out->data, t->data, n * sizeof(float));
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(out->data[i])) {
            return err_set(err, LIMN_ERR_NUMERIC, "element %zu of the tensor is not finite", i);
        }
    }
    return LIMN_OK;
}

static limn_status copy_factor(struct model_edits *e, const struct limn_edit_factor *f, struct edit_factor *out,
                               limn_error *err)
{
    limn_status st = LIMN_OK;
    *out = (struct edit_factor){.source = EDIT_NUMBER, .number = f->number, .cls = -1};
    if (f->tensor) {
        out->source = EDIT_TENSOR;
        TRY(copy_tensor(e, f->tensor, &out->tensor, err));
    } else if (f->gradient) {
        struct model *of = f->of ? f->of->model : e->m;
        const char *layer = NULL;
        out->source = EDIT_GRADIENT;
        out->of = f->of ? of : NULL;
        TRY(f->cls ? model_resolve_class(of, f->cls, &out->cls, err) : LIMN_OK);
        TRY(f->layer ? model_resolve_layer(of, f->layer, &layer, err) : LIMN_OK);
        out->layer = layer ? arena_strdup(&e->arena, layer) : NULL;
    } else if (!isfinite(f->number)) {
        TRY(err_set(err, LIMN_ERR_ARG, "a factor that is not finite"));
    }
out:
    return st;
}

static limn_status copy_edit(struct model_edits *e, const struct limn_edit *from, struct edit *out, limn_error *err)
{
    API_NEED(from->layer);
    if (from->kind < 0 || from->kind >= EDIT_KINDS || !isfinite(from->strength) ||
        (from->n_factors > 0 && !from->factors)) {
        return err_set(err, LIMN_ERR_ARG, "limn_model_edit: kind %d, strength %g (expected 0 to %d, a number)",
                       from->kind, from->strength, EDIT_KINDS - 1);
    }
    struct edit_factor *f = arena_alloc(&e->arena, from->n_factors + 1, sizeof(*f));
    const char *layer = arena_strdup(&e->arena, from->layer);
    if (!f || !layer) {
        return err_nomem(err, from->n_factors * sizeof(*f), "an edit");
    }
    for (size_t i = 0; i < from->n_factors; i++) {
        limn_status st = copy_factor(e, &from->factors[i], &f[i], err);
        if (st != LIMN_OK) {
            return st;
        }
    }
    *out = (struct edit){layer, (enum edit_kind)from->kind, from->strength, f, from->n_factors};
    return LIMN_OK;
}

/* Builds once, so that an edit that does not fit is an error here. */
static limn_status try_out(struct model *m, limn_error *err)
{
    struct graph *g = NULL;
    value_id in, logits;
    struct autoencoder_graph a = {0};
    limn_status st =
        model_latent(m) ? model_build_autoencoder(m, 1, &a, err) : model_build(m, 1, &g, &in, &logits, err);
    graph_destroy(&a.graph);
    graph_destroy(&g);
    return st;
}

limn_status limn_model_edit(limn_model *m, const struct limn_edit *edits, size_t n, limn_error *err)
{
    API_NEED(m);
    struct model_edits *e = NULL;
    limn_status st = LIMN_OK;
    model_edits_destroy(&m->edits);
    explain_plan_destroy(&m->plan);
    mem_free(m->plan_key);
    m->plan_key = NULL;
    if (n == 0) {
        return LIMN_OK;
    }
    API_NEED(edits);
    e = mem_zalloc(1, sizeof(*e));
    if (!e) {
        return err_nomem(err, sizeof(*e), "edits");
    }
    e->m = m->model;
    e->n = n;
    e->edit = arena_alloc(&e->arena, n, sizeof(*e->edit));
    if (!e->edit) {
        TRY(err_nomem(err, n * sizeof(*e->edit), "edits"));
    }
    for (size_t i = 0; i < n; i++) {
        TRY(copy_edit(e, &edits[i], &e->edit[i], err));
    }
    model_set_rewrite(m->model, rewrite, e);
    TRY(try_out(m->model, err));
    m->edits = e;
    e = NULL;
out:
    model_edits_destroy(&e);
    return st;
}
