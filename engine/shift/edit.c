/* Edits of activations (the BottleneckInsertValues idea for any value). The graph is copied; after the copy of an
 * edited value come the nodes of the edit, and whoever reads the value reads these. Gradients come from a second copy
 * without edits, "plain:", on the same input, or from another classifier, "other:", on the same pictures. */
#include "shift/edit.h"

#include <stdio.h>
#include <string.h>

#include "pass/pass.h"
#include "shift/shift.h"

struct editing {
    struct model *m;
    const struct edit *edit;
    size_t n;
    struct graph *from, *to;
    value_id *site, *operand; /* of each edit: value of `from`, of `to` */
    value_id from_input, to_input;
};

static value_id *unmapped(size_t n)
{
    value_id *map = mem_alloc(n + 1, sizeof(*map));
    for (size_t i = 0; map && i < n; i++) {
        map[i] = VALUE_NONE;
    }
    return map;
}

/* The shape that lets t broadcast over a value of shape v. */
static limn_status fit(const struct shape *v, const struct shape *t, struct shape *out, limn_error *err)
{
    struct shape s = *t, all;
    char vt[SHAPE_TEXT_MAX], tt[SHAPE_TEXT_MAX];
    if (t->rank == 1 && v->rank >= 2 && t->dim[0] == v->dim[1]) { /* one number a channel */
        s = (struct shape){.rank = v->rank};
        for (int32_t i = 0; i < v->rank; i++) {
            s.dim[i] = i == 1 ? t->dim[0] : 1;
        }
    }
    if (shape_broadcast(v, &s, &all, NULL) != LIMN_OK || !shape_equal(&all, v)) {
        return err_set(err, LIMN_ERR_SHAPE, "tensor %s for a value of %s (expected that shape, or a number a channel)",
                       shape_text(t, tt), shape_text(v, vt));
    }
    *out = s;
    return LIMN_OK;
}

/* One where a class is `cls`, or scores highest. */
static value_id chosen(struct builder *b, value_id scores, int32_t cls)
{
    struct shape s = *build_shape(b, scores);
    value_id v = VALUE_NONE;
    if (cls < 0) {
        value_id most = build_reduce(b, &op_reduce_max, scores, 1 << 1, true);
        return build(b, &op_equal, NULL, NULL, scores, most);
    }
    float *one = mem_zalloc((size_t)s.dim[1], sizeof(*one));
    if (!one || cls >= s.dim[1]) {
        b->status = !one ? err_nomem(b->err, (size_t)s.dim[1] * sizeof(*one), "a class")
                         : err_set(b->err, LIMN_ERR_ARG, "class %d (expected 0 to %d)", cls, s.dim[1] - 1);
    } else {
        one[cls] = 1;
        b->status = graph_const_data(b->g, NULL, SHAPE(1, s.dim[1]), one, &v, b->err);
    }
    mem_free(one);
    return v;
}

/* d score / d value, of a copy of a classifier in w->to. */
static limn_status emit_gradient(struct editing *w, const struct edit_factor *f, const char *layer, value_id *out,
                                 limn_error *err)
{
    struct graph *g = NULL;
    value_id in, scores, want[2], *map = NULL;
    const int32_t batch = w->from->value[w->from_input].shape.dim[0];
    limn_status st = LIMN_OK;
    TRY(model_build_plain(f->of ? f->of : w->m, batch, &g, &in, &scores, err));
    want[0] = scores;
    want[1] = graph_find(g, layer);
    if (want[1] == VALUE_NONE) {
        TRY(err_set(err, LIMN_ERR_NOT_FOUND, "no layer \"%.100s\" to take the gradient of", layer));
    }
    map = unmapped(g->n_value);
    if (!map) {
        TRY(err_nomem(err, g->n_value * sizeof(*map), "a graph"));
    }
    struct builder b = {.g = w->to, .err = err};
    map[in] = w->to_input;
    if (f->of && f->of != w->m) {
        value_id picture = bridge_to_picture(&b, model_get_card(w->m), w->to_input);
        map[in] = bridge_from_picture(&b, model_get_card(f->of), picture);
        TRY(b.status);
    }
    struct graph_append job = {
        .prefix = f->of && f->of != w->m ? "other:" : "plain:", .want = want, .n_want = 2, .map = map};
    TRY(graph_append(w->to, g, &job, err));
    w->to->value[map[want[1]]].flags |= VALUE_TAP;
    value_id score =
        build_reduce(&b, &op_reduce_sum, build_mul(&b, map[scores], chosen(&b, map[scores], f->cls)), 1 << 1, false);
    value_id seed = build_fill(&b, SHAPE(batch), 1);
    TRY(b.status);
    TRY(autodiff(w->to, NULL, score, seed, &map[want[1]], 1, out, err));
    graph_adopt(w->to, &g);
out:
    mem_free(map);
    graph_destroy(&g);
    return st;
}

static limn_status emit_factor(struct editing *w, size_t i, const struct edit_factor *f, value_id *out, limn_error *err)
{
    const struct shape *site = &w->from->value[w->site[i]].shape;
    struct builder b = {.g = w->to, .err = err};
    struct shape s;
    limn_status st = LIMN_OK;
    if (f->source == EDIT_NUMBER) {
        *out = build_fill(&b, SHAPE(1), (float)f->number);
        return b.status;
    }
    if (f->source == EDIT_GRADIENT) {
        TRY(emit_gradient(w, f, f->layer ? f->layer : w->edit[i].layer, out, err));
        s = w->to->value[*out].shape;
    } else {
        s = f->tensor.shape;
    }
    TRY(fit(site, &s, &s, err));
    if (f->source == EDIT_TENSOR) {
        TRY(graph_const_data(w->to, NULL, s, f->tensor.data, out, err));
    }
out:
    return st;
}

static limn_status emit_operand(struct editing *w, size_t i, limn_error *err)
{
    const struct edit *e = &w->edit[i];
    value_id all = VALUE_NONE;
    limn_status st = LIMN_OK;
    for (size_t k = 0; k < e->n_factor; k++) {
        value_id one = VALUE_NONE;
        struct builder b = {.g = w->to, .err = err};
        TRY(emit_factor(w, i, &e->factor[k], &one, err));
        all = k == 0 ? one : build_mul(&b, all, one);
        TRY(b.status);
    }
    if (all == VALUE_NONE) {
        TRY(err_set(err, LIMN_ERR_ARG, "edit of \"%.100s\" without an operand", e->layer));
    }
    w->operand[i] = all;
out:
    return st;
}

/* graph_append.after */
static value_id apply(void *user, struct builder *b, value_id v, value_id copy)
{
    const struct editing *w = user;
    for (size_t i = 0; i < w->n; i++) {
        if (w->site[i] != v) {
            continue;
        }
        const float s = (float)w->edit[i].strength;
        value_id t = w->operand[i];
        if (w->edit[i].kind == EDIT_ADD) {
            copy = build_add(b, copy, build_affine(b, t, s, 0));
        } else if (w->edit[i].kind == EDIT_SCALE) {
            copy = build_mul(b, copy, build_affine(b, t, s, 1 - s));
        } else {
            copy = build_add(b, build_affine(b, copy, 1 - s, 0), build_affine(b, t, s, 0));
        }
    }
    return copy;
}

static limn_status find_sites(struct editing *w, limn_error *err)
{
    w->site = unmapped(w->n);
    w->operand = unmapped(w->n);
    if (!w->site || !w->operand) {
        return err_nomem(err, w->n * sizeof(*w->site), "edits");
    }
    for (size_t i = 0; i < w->n; i++) {
        const char *name = NULL;
        limn_status st = model_resolve_layer(w->m, w->edit[i].layer, &name, err);
        w->site[i] = st == LIMN_OK ? graph_find(w->from, name) : VALUE_NONE;
        if (st == LIMN_OK && (w->site[i] == VALUE_NONE || w->from->value[w->site[i]].kind != VALUE_RESULT)) {
            st = err_set(err, LIMN_ERR_UNSUPPORTED, "\"%.100s\" is no value that can be edited", w->edit[i].layer);
        }
        if (st != LIMN_OK) {
            return st;
        }
    }
    return LIMN_OK;
}

limn_status edit_graph(struct model *m, const struct edit *edit, size_t n, struct graph **g, value_id *values,
                       size_t n_values, limn_error *err)
{
    struct editing w = {.m = m, .edit = edit, .n = n, .from = *g, .from_input = values[0]};
    const struct value *input = &w.from->value[values[0]];
    value_id *map = unmapped(w.from->n_value);
    limn_status st = LIMN_OK;
    if (!map) {
        TRY(err_nomem(err, w.from->n_value * sizeof(*map), "a graph"));
    }
    TRY(graph_create(&w.to, err));
    TRY(graph_input(w.to, input->name, input->shape, &w.to_input, err));
    TRY(find_sites(&w, err));
    for (size_t i = 0; i < n; i++) {
        TRY(emit_operand(&w, i, err));
    }
    map[values[0]] = w.to_input;
    struct graph_append job = {
        .prefix = "", .want = values, .n_want = n_values, .map = map, .after = apply, .user = &w};
    TRY(graph_append(w.to, w.from, &job, err));
    for (size_t i = 0; i < n_values; i++) {
        uint32_t output = w.from->value[values[i]].flags & VALUE_OUTPUT;
        values[i] = map[values[i]];
        w.to->value[values[i]].flags |= output;
    }
    for (size_t i = 0; i < w.to->n_value; i++) { /* nothing trains here */
        w.to->value[i].flags &= ~(uint32_t)VALUE_PARAM;
    }
    graph_adopt(w.to, g);
    *g = w.to;
    w.to = NULL;
out:
    graph_destroy(&w.to);
    mem_free(w.site);
    mem_free(w.operand);
    mem_free(map);
    return st;
}
