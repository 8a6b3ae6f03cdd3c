/* The import of a whole model: what it may hold (onnx_unsupported), its inputs with their free dimensions, its body,
 * its outputs. */
#include "model/onnx/onnx_import.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "model/onnx/import.h"

enum { ROOM = 6 << 20 /* numbers computed while importing: 48 MiB */, LISTED = 20 };

/* --- unsupported operators --- */

struct missing {
    const char *domain, *op, *first;
    size_t n;
};
struct missing_list {
    const struct onnx_model *model;
    struct missing *item;
    size_t n, cap;
    limn_error *err;
};

static bool known(const struct onnx_model *m, const struct onnx_node *n, int64_t opset)
{
    return onnx_row_find(n->domain, n->op, opset) != NULL || onnx_function_find(m, n) != NULL;
}

static limn_status note_missing(struct missing_list *l, const struct onnx_node *n)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->item[i].op, n->op) == 0 && strcmp(l->item[i].domain, n->domain) == 0) {
            l->item[i].n++;
            return LIMN_OK;
        }
    }
    if (l->n >= 10 * LISTED) {
        return LIMN_OK; /* the text has no room for more kinds anyway */
    }
    limn_status st = mem_grow(&l->item, &l->cap, l->n + 1, sizeof *l->item, l->err);
    if (st == LIMN_OK) {
        l->item[l->n++] =
            (struct missing){n->domain, n->op, n->name[0] != '\0' || n->n_out == 0 ? n->name : n->out[0], 1};
    }
    return st;
}

/* Nodes with those of the graphs in their attributes, as deep as the reader allows. */
static limn_status list_missing(struct missing_list *l, const struct onnx_node *node, size_t n, int64_t opset)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < n && st == LIMN_OK; i++) {
        st = known(l->model, &node[i], opset) ? LIMN_OK : note_missing(l, &node[i]);
        for (size_t a = 0; a < node[i].n_attr && st == LIMN_OK; a++) {
            const struct onnx_graph *g = node[i].attr[a].type == ONNX_ATTR_GRAPH ? node[i].attr[a].graph : NULL;
            st = g != NULL ? list_missing(l, g->node, g->n_node, opset) : LIMN_OK;
        }
    }
    return st;
}

static limn_status missing_text(const struct missing_list *l, limn_error *err)
{
    char text[480];
    size_t at = 0;
    for (size_t i = 0; i < l->n && i < LISTED && at < sizeof text; i++) {
        const struct missing *k = &l->item[i];
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.40s%s%.40s (%zu node%s, first \"%.40s\")",
                               i > 0 ? ", " : "", k->domain, k->domain[0] != '\0' ? "." : "", k->op, k->n,
                               k->n == 1 ? "" : "s", k->first);
    }
    if (l->n > LISTED && at < sizeof text) {
        snprintf(text + at, sizeof text - at, " and %zu more", l->n - LISTED);
    }
    return err_set(err, LIMN_ERR_UNSUPPORTED, "unsupported operators: %s", text);
}

limn_status onnx_unsupported(const struct onnx_model *m, limn_error *err)
{
    struct missing_list l = {.model = m, .err = err};
    limn_status st = list_missing(&l, m->graph->node, m->graph->n_node, m->opset);
    for (size_t i = 0; i < m->n_function && st == LIMN_OK; i++) {
        const struct onnx_function *f = &m->function[i];
        st = list_missing(&l, f->node, f->n_node, f->opset > 0 ? f->opset : m->opset);
    }
    if (st == LIMN_OK && l.n > 0) {
        st = missing_text(&l, err);
    }
    mem_free(l.item);
    return st;
}

/* --- inputs --- */

/* The size that a free dimension of an input is bound to; 0: none. */
static int64_t bound_dim(const struct onnx_bind *b, const struct onnx_value *v, int32_t axis)
{
    const int32_t spatial[3] = {b->depth, b->height, b->width};
    if (axis == 0) {
        return b->batch > 0 ? b->batch : 1;
    }
    return axis >= 2 && v->rank <= 5 ? spatial[axis + 3 - v->rank] : 0;
}

static void input_dims(struct onnx_call *c, const struct onnx_value *v, bool first, int64_t *dim)
{
    const struct onnx_bind *b = c->m->bind;
    for (int32_t i = 0; i < v->rank && call_ok(c); i++) {
        dim[i] = v->dim[i];
        if (dim[i] < 0 || (i == 0 && first && v->rank > 1 && dim[i] == 1 && b->batch > 0)) {
            dim[i] = bound_dim(b, v, i);
        }
        if (v->dim[i] == 0) {
            call_fail(c, LIMN_ERR_UNSUPPORTED, "input \"%.80s\" is empty: dimension %d is 0", v->name, (int)i);
        } else if (dim[i] <= 0) {
            call_fail(c, LIMN_ERR_SHAPE, "dimension %d (\"%.40s\") of input \"%.80s\" is not known (expected a size)",
                      (int)i, v->param[i] != NULL ? v->param[i] : "", v->name);
        }
    }
}

/* A weight that is fed from outside. */
static struct onnx_val *input_source(struct onnx_call *c, const struct onnx_value *v, const struct const_source *source)
{
    int64_t dim[ONNX_MAX_RANK] = {0};
    if (v->rank < 0 || !onnx_type_is_float(v->type)) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "input \"%.80s\" is no floating tensor of known rank", v->name);
        return NULL;
    }
    input_dims(c, v, false, dim);
    return call_ok(c) ? val_source_new(c, v->type, v->rank, dim, source) : NULL;
}

static struct onnx_val *input_given(struct onnx_call *c, const struct onnx_value *v)
{
    for (size_t i = 0; i < c->m->bind->n_given; i++) {
        const struct onnx_given *g = &c->m->bind->given[i];
        if (strcmp(g->name, v->name) == 0) {
            return g->tensor != NULL ? val_file_new(c, g->tensor) : input_source(c, v, g->source);
        }
    }
    return NULL;
}

static struct onnx_val *input_device(struct onnx_call *c, const struct onnx_value *v, bool first)
{
    int64_t dim[ONNX_MAX_RANK] = {0};
    struct onnx_val shape = {.rank = v->rank, .n = 1};
    struct shape s;
    value_id id = VALUE_NONE;
    if (v->type == ONNX_UNDEFINED || v->type == ONNX_STRING || v->rank < 0) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "input \"%.80s\" is %s (expected a tensor of numbers of known rank)",
                  v->name,
                  v->type == ONNX_UNDEFINED ? "no tensor"
                  : v->rank < 0             ? "of unknown rank"
                                            : onnx_type_name(v->type));
        return NULL;
    }
    input_dims(c, v, first, dim);
    if (!call_ok(c) || !dims_count(c, v->rank, dim, &shape.n)) {
        return NULL;
    }
    memcpy(shape.dim, dim, sizeof dim);
    shape.name = v->name;
    s = SHAPE((int32_t)shape.n);
    if (v->rank <= SHAPE_MAX_RANK && !val_shape(c, &shape, &s)) {
        return NULL;
    }
    c->b->status = graph_input(c->b->g, v->name, s, &id, c->b->err);
    return call_ok(c) ? val_dev_as(c, v->type, id, v->rank, dim) : NULL;
}

/* Binds the inputs that no initializer is behind. */
static void bind_inputs(struct onnx_call *c, const struct onnx_graph *g, const char **given, size_t *n_given,
                        struct onnx_import *out)
{
    for (size_t i = 0; i < g->n_input && call_ok(c); i++) {
        const struct onnx_value *v = &g->input[i];
        const struct onnx_val *old = name_get(&c->m->scope->names, v->name);
        if (old != NULL) {
            if (old->file < g->init || old->file >= g->init + g->n_init) { /* by no initializer */
                call_fail(c, LIMN_ERR_FORMAT, "input \"%.80s\" is defined twice", v->name);
            }
            continue;
        }
        struct onnx_val *val = input_given(c, v);
        if (val == NULL && call_ok(c)) {
            val = input_device(c, v, out->n_input == 0);
            if (val != NULL) {
                out->input[out->n_input++] = (struct onnx_port){c->b->g->value[val->dev].name, val->dev, v->type};
            }
        }
        scope_bind(c, v->name, val);
        given[(*n_given)++] = v->name;
    }
}

/* --- outputs --- */

static void take_ports(struct onnx_call *c, const struct onnx_graph *g, struct onnx_import *out)
{
    for (size_t i = 0; i < g->n_output && call_ok(c); i++) {
        struct onnx_val *v = scope_find(c->m->scope, g->output[i].name);
        if (v == NULL || v->rank < 0 || v->n == 0 || v->sequence) {
            call_fail(c, LIMN_ERR_UNSUPPORTED, "output \"%.80s\" is %s", g->output[i].name,
                      v == NULL || v->rank < 0 ? "not computed"
                      : v->sequence            ? "no tensor but a sequence"
                                               : "empty");
            return;
        }
        value_id id = val_dev(c, v);
        if (call_ok(c) && c->b->g->value[id].kind != VALUE_RESULT) {
            id = build_affine(c->b, id, 1, 0); /* an output is the result of a node */
        }
        out->output[out->n_output++] = (struct onnx_port){g->output[i].name, id, v->type};
    }
}

static void import_graph(struct onnx_call *c, const struct onnx_graph *g, struct onnx_import *out)
{
    size_t n_given = g->n_init;
    const char **given = arena_alloc(&c->m->arena, g->n_init + g->n_input, sizeof *given);
    const char **output = arena_alloc(&c->m->arena, g->n_output, sizeof *output);
    out->input = arena_alloc(&c->b->g->arena, g->n_input, sizeof *out->input);
    out->output = arena_alloc(&c->b->g->arena, g->n_output, sizeof *out->output);
    if (given == NULL || output == NULL || out->input == NULL || out->output == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: names of inputs");
        return;
    }
    for (size_t i = 0; i < g->n_output; i++) {
        output[i] = g->output[i].name;
    }
    import_initializers(c, g, given);
    bind_inputs(c, g, given, &n_given, out);
    import_nodes(c, g->node, g->n_node, output, g->n_output, given, n_given);
    take_ports(c, g, out);
    layers_list(c, out);
}

limn_status onnx_import(const struct onnx_file *f, const struct onnx_bind *bind, struct onnx_import *out,
                        limn_error *err)
{
    static const struct onnx_bind none;
    const struct onnx_model *model = onnx_file_model(f);
    struct onnx_import made = {0};
    limn_error local;
    struct onnx_importer m = {
        .b = {.status = LIMN_OK, .err = err != NULL ? err : &local}, .room = ROOM, .model = model};
    struct onnx_scope scope = {.prefix = "", .opset = model->opset};
    struct onnx_node whole = {.name = "", .op = "", .domain = ""};
    struct onnx_call c = {.m = &m, .b = &m.b, .node = &whole, .opset = model->opset};
    limn_status st = LIMN_OK;
    m.bind = bind != NULL ? bind : &none;
    m.scope = &scope;
    TRY(onnx_unsupported(model, err));
    TRY(graph_create(&made.graph, err));
    m.b.g = made.graph;
    import_graph(&c, model->graph, &made);
    st = m.b.status;
out:
    name_finish(&scope.names);
    mem_free(m.step);
    arena_finish(&m.arena);
    if (st == LIMN_OK) {
        *out = made;
    } else {
        onnx_import_finish(&made);
    }
    return st;
}

void onnx_import_finish(struct onnx_import *i)
{
    graph_destroy(&i->graph);
    *i = (struct onnx_import){0};
}
