/* ONNX models as networks: the graph comes from the importer; the input's size, the names for people and the look at
 * the weights as they are read are here. */
#include "model/onnx_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "model/finite.h"
#include "model/onnx/onnx_import.h"

#define LAYER_MAX 128 /* of a name in a card */

struct onnx_net {
    struct onnx_file *file;
    struct finite_watch watch;
    struct arena arena;
    struct bad_name *bad; /* tensors that were reported: every graph reads them again */
};
struct bad_name {
    struct bad_name *next;
    const char *name;
};

limn_status onnx_net_open(const char *path, bool strict, struct onnx_net **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct onnx_net *n = mem_zalloc(1, sizeof *n);
    if (n == NULL) {
        return err_nomem(err, sizeof *n, "a model");
    }
    n->watch.strict = strict;
    TRY(onnx_file_open(path, &n->file, err));
    st = onnx_unsupported(onnx_file_model(n->file), err);
    if (st != LIMN_OK && st != LIMN_ERR_NOMEM) {
        err_at(err, "%s", path);
    }
    TRY(st);
    *out = n;
    n = NULL;
out:
    onnx_net_close(&n);
    return st;
}

void onnx_net_close(struct onnx_net **n)
{
    if (n == NULL || *n == NULL) {
        return;
    }
    onnx_file_close(&(*n)->file);
    arena_finish(&(*n)->arena);
    mem_free(*n);
    *n = NULL;
}

const char *onnx_net_warning(const struct onnx_net *n)
{
    return finite_warning(&n->watch);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the initializers, sorted; mem_free. */
static const char **initializer_names(const struct onnx_graph *g, limn_error *err)
{
    const char **names = mem_alloc(g->n_init + 1, sizeof *names);
    if (names == NULL) {
        err_nomem(err, g->n_init * sizeof *names, "a list of names");
        return NULL;
    }
    for (size_t i = 0; i < g->n_init; i++) {
        names[i] = g->init[i].name;
    }
    qsort(names, g->n_init, sizeof *names, by_text);
    return names;
}

/* The one input that is no initializer. */
static limn_status find_input(const struct onnx_net *n, const struct onnx_value **out, limn_error *err)
{
    const struct onnx_graph *g = onnx_file_model(n->file)->graph;
    const struct onnx_value *found[2] = {NULL, NULL};
    const char **names = initializer_names(g, err);
    size_t count = 0;
    if (names == NULL) {
        return LIMN_ERR_NOMEM;
    }
    for (size_t i = 0; i < g->n_input; i++) { /* older files list the initializers too */
        if (bsearch(&g->input[i].name, names, g->n_init, sizeof *names, by_text) == NULL) {
            found[count < 2 ? count : 1] = &g->input[i];
            count++;
        }
    }
    mem_free(names);
    if (count == 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "the network has no input (expected a picture)");
    }
    if (count > 1) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "the network has %zu inputs (\"%.60s\" to \"%.60s\"), limn feeds one",
                       count, found[0]->name, found[1]->name);
    }
    *out = found[0];
    return LIMN_OK;
}

static const char *dims_text(const struct onnx_value *v, char *buf, size_t size)
{
    size_t at = 0;
    snprintf(buf, size, v->rank < 0 ? "of unknown rank" : "scalar");
    for (int32_t i = 0; i < v->rank && at < size; i++) {
        const char *by = i > 0 ? "x" : "";
        at += (size_t)(v->dim[i] >= 0        ? snprintf(buf + at, size - at, "%s%lld", by, (long long)v->dim[i])
                       : v->param[i][0] != 0 ? snprintf(buf + at, size - at, "%s%.20s", by, v->param[i])
                                             : snprintf(buf + at, size - at, "%s?", by));
    }
    return buf;
}

limn_status onnx_net_facts(const struct onnx_net *n, struct arch_facts *out, limn_error *err)
{
    const struct onnx_value *v = NULL;
    char text[160];
    int32_t size[3] = {0};
    limn_status st = find_input(n, &v, err);
    if (st != LIMN_OK) {
        return st;
    }
    bool floats =
        v->type == ONNX_FLOAT || v->type == ONNX_FLOAT16 || v->type == ONNX_BFLOAT16 || v->type == ONNX_DOUBLE;
    if (!floats || (v->rank != 4 && v->rank != 5) || v->dim[1] < 1 || v->dim[1] > 4) {
        bool last = v->rank >= 4 && v->dim[v->rank - 1] >= 1 && v->dim[v->rank - 1] <= 4 && v->dim[1] > 4;
        return err_set(err, LIMN_ERR_UNSUPPORTED,
                       "input \"%.60s\" is %s %s (expected floats, images first, then 1 to 4 channels, then the "
                       "position)%s",
                       v->name, onnx_type_name(v->type), dims_text(v, text, sizeof text),
                       last ? ": channels last are not supported" : "");
    }
    for (int32_t i = 2; i < v->rank; i++) {
        size[i + 3 - v->rank] = v->dim[i] > 0 ? (int32_t)v->dim[i] : 0;
    }
    *out = (struct arch_facts){.channels = (int32_t)v->dim[1], .height = size[1], .width = size[2]};
    out->depth = v->rank == 4 ? 0 : size[0] > 0 ? size[0] : -1;
    return LIMN_OK;
}

struct watched { /* a weight that is looked at when it is read for the first time */
    struct const_source source;
    const struct const_source *from;
    struct onnx_net *net;
    const char *name;
    size_t n;
    bool seen;
};

static limn_status watched_read(const struct const_source *source, float *dst, size_t n, limn_error *err)
{
    struct watched *w = (struct watched *)source;
    bool bad = false;
    limn_status st = w->from->read(w->from, dst, n, err);
    for (const struct bad_name *b = w->net->bad; b != NULL && !w->seen; b = b->next) {
        w->seen = strcmp(b->name, w->name) == 0;
    }
    if (st != LIMN_OK || w->seen) {
        return st;
    }
    st = finite_look(&w->net->watch, w->name, dst, n, &bad, err);
    w->seen = st == LIMN_OK;
    if (bad && st == LIMN_OK) {
        struct bad_name *b = arena_alloc(&w->net->arena, 1, sizeof *b);
        if (b == NULL || (b->name = arena_strdup(&w->net->arena, w->name)) == NULL) {
            return err_nomem(err, sizeof *b, "a warning");
        }
        b->next = w->net->bad;
        w->net->bad = b;
    }
    return st;
}

/* The whole tensor is looked at before a part of it is believed. */
static limn_status watched_read_part(const struct const_source *source, size_t first, float *dst, size_t n,
                                     limn_error *err)
{
    const struct watched *w = (const struct watched *)source;
    if (w->seen) {
        return const_source_part(w->from, w->n, first, dst, n, err);
    }
    float *all = mem_alloc(w->n, sizeof *all);
    if (all == NULL) {
        return err_nomem(err, w->n * sizeof *all, w->name);
    }
    limn_status st = watched_read(source, all, w->n, err);
    if (st == LIMN_OK) {
        memcpy(dst, all + first, n * sizeof *dst);
    }
    mem_free(all);
    return st;
}

static limn_status watch_weights(struct onnx_net *n, struct graph *g, limn_error *err)
{
    for (size_t i = 0; i < g->n_value; i++) {
        struct value *v = &g->value[i];
        if (v->kind != VALUE_CONST || (v->flags & VALUE_PARAM) == 0) {
            continue;
        }
        struct watched *w = arena_alloc(&g->arena, 1, sizeof *w);
        if (w == NULL) {
            return err_nomem(err, sizeof *w, "a weight");
        }
        *w = (struct watched){.source = {watched_read, watched_read_part},
                              .from = v->source,
                              .net = n,
                              .name = v->name,
                              .n = shape_elems(&v->shape)};
        v->source = &w->source;
    }
    return LIMN_OK;
}

/* The importer's lists as those of a built-in architecture. Takes the graph. */
static limn_status take_import(struct onnx_import *from, struct arch_graph *to, limn_error *err)
{
    to->graph = from->graph;
    from->graph = NULL;
    to->input = from->input[0].value;
    to->output = arena_alloc(&to->graph->arena, from->n_output, sizeof *to->output);
    to->layer = mem_zalloc(from->n_layer, sizeof *to->layer);
    if (to->output == NULL || to->layer == NULL) {
        return err_nomem(err, from->n_layer * sizeof *to->layer, "a list of layers");
    }
    for (size_t i = 0; i < from->n_output; i++) {
        to->output[i] = (struct arch_output){from->output[i].name, from->output[i].value};
        to->graph->value[from->output[i].value].flags &= ~(uint32_t)VALUE_OUTPUT; /* the scores will be it */
    }
    to->n_output = from->n_output;
    for (size_t i = 0; i < from->n_layer; i++) {
        const struct onnx_layer *l = &from->layer[i];
        to->layer[i] = (struct net_layer){.name = l->name, .value = l->value, .op = l->op, .params = l->params};
    }
    to->n_layer = from->n_layer;
    return LIMN_OK;
}

static limn_status check_import(const struct onnx_import *r, const struct shape *want, limn_error *err)
{
    char found[SHAPE_TEXT_MAX], expected[SHAPE_TEXT_MAX];
    if (r->n_input != 1 || r->n_output == 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "the network has %zu inputs and %zu outputs (expected one input)",
                       r->n_input, r->n_output);
    }
    const struct shape *s = &r->graph->value[r->input[0].value].shape;
    if (!shape_equal(s, want)) {
        return err_set(err, LIMN_ERR_ARG, "input \"%.60s\" is fixed at %s in the file (asked for %s)", r->input[0].name,
                       shape_text(s, found), shape_text(want, expected));
    }
    return LIMN_OK;
}

limn_status onnx_net_build(struct onnx_net *n, struct shape input, struct arch_graph *out, limn_error *err)
{
    struct onnx_bind bind = {.batch = input.dim[0],
                             .depth = input.rank == 5 ? input.dim[2] : 0,
                             .height = input.dim[input.rank - 2],
                             .width = input.dim[input.rank - 1]};
    struct onnx_import r = {0};
    struct arch_graph g = {.input = VALUE_NONE, .logits = VALUE_NONE};
    limn_status st = LIMN_OK;
    TRY(onnx_import(n->file, &bind, &r, err));
    TRY(check_import(&r, &input, err));
    TRY(take_import(&r, &g, err));
    TRY(watch_weights(n, g.graph, err));
    *out = g;
    g = (struct arch_graph){0};
out:
    onnx_import_finish(&r);
    arch_graph_finish(&g);
    return st;
}

/* Marks the values that `v` is computed from. */
static void mark_ancestors(const struct graph *g, value_id v, bool *mark)
{
    mark[v] = true;
    for (size_t i = g->n_node; i-- > 0;) { /* in topological order: from the end */
        const struct node *n = &g->node[i];
        bool used = false;
        for (int32_t k = 0; k < n->n_out; k++) {
            used = used || mark[n->out[k]];
        }
        for (int32_t k = 0; used && k < n->n_in; k++) {
            if (n->in[k] != VALUE_NONE) {
                mark[n->in[k]] = true;
            }
        }
    }
}

/* More than one position, and no pooling that only leads to the classifier. */
static bool has_positions(const struct graph *g, const struct value *v)
{
    size_t positions = 1;
    for (int32_t i = 2; i < v->shape.rank; i++) {
        positions *= (size_t)v->shape.dim[i];
    }
    return v->shape.rank >= 4 && positions > 1 && v->producer >= 0 && !str_ends(g->node[v->producer].op->name, "pool");
}

const char *onnx_net_layer(const struct arch_graph *g, limn_error *err)
{
    const struct net_layer *best = NULL;
    bool *mark = mem_zalloc(g->graph->n_value, sizeof *mark);
    if (mark == NULL) {
        err_nomem(err, g->graph->n_value, "a choice of layer");
        return NULL;
    }
    mark_ancestors(g->graph, g->logits, mark);
    for (size_t i = 0; i < g->n_layer; i++) {
        const struct net_layer *l = &g->layer[i];
        if (!mark[l->value] || !has_positions(g->graph, &g->graph->value[l->value]) || strlen(l->name) >= LAYER_MAX) {
            continue;
        }
        bool later = best == NULL || l->value > best->value;
        if (later || (l->value == best->value && strlen(l->name) < strlen(best->name))) {
            best = l;
        }
    }
    mem_free(mark);
    return best != NULL ? best->name : "";
}
