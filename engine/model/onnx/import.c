/* The driver of the import: the table of operators, inputs and initializers, node after node, branches and functions
 * inlined, outputs. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "model/onnx/import.h"

enum { MAX_DEPTH = 32, MAX_INLINED = 10000, NAMED_DEPTH = 4 };

enum { N = 0, D = 1, S = 2 }; /* the column `gradient` */
#define ONNX_OP(domain, op, since, until, n_min, n_max, n_out, grad, function, engine)                                 \
    {domain, op, since, until, n_min, n_max, n_out, ((grad)&D) != 0, ((grad)&S) != 0, function, engine},
static const struct onnx_row rows[] = {
#include "model/onnx/onnx_ops.def"
};
#undef ONNX_OP

size_t onnx_row_count(void)
{
    return sizeof rows / sizeof *rows;
}

const struct onnx_row *onnx_row_at(size_t i)
{
    return &rows[i];
}

const struct onnx_row *onnx_row_find(const char *domain, const char *op, int64_t opset)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct onnx_row *r = &rows[i];
        if (strcmp(r->op, op) == 0 && strcmp(r->domain, domain) == 0 && (domain[0] != '\0' || opset >= r->since) &&
            (r->until == 0 || opset <= r->until)) {
            return r;
        }
    }
    return NULL;
}

const struct onnx_function *onnx_function_find(const struct onnx_model *m, const struct onnx_node *n)
{
    for (size_t i = 0; i < m->n_function; i++) {
        if (strcmp(m->function[i].name, n->op) == 0 && strcmp(m->function[i].domain, n->domain) == 0) {
            return &m->function[i];
        }
    }
    return NULL;
}

/* --- bodies --- */

static void enter(struct onnx_call *c, struct onnx_scope *s)
{
    c->m->scope = s;
    if (++c->m->depth > MAX_DEPTH) {
        call_fail(c, LIMN_ERR_FORMAT, "branches and functions are nested more than %d deep", MAX_DEPTH);
    }
}

static void leave(struct onnx_call *c, struct onnx_scope *back)
{
    name_finish(&c->m->scope->names);
    c->m->scope = back;
    c->m->depth--;
}

/* The outputs of a body that ended become those of the call. */
static void take_outputs(struct onnx_call *c, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n && i < c->n_out && call_ok(c); i++) {
        struct onnx_val *v = scope_find(c->m->scope, name[i]);
        c->out[i] = v != NULL && v->rank >= 0 ? v : NULL;
    }
}

static const char **names_of(struct onnx_call *c, const struct onnx_value *v, size_t n)
{
    const char **names = arena_alloc(&c->m->arena, n, sizeof *names);
    for (size_t i = 0; names != NULL && i < n; i++) {
        names[i] = v[i].name;
    }
    if (names == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: names of outputs");
    }
    return names;
}

void import_initializers(struct onnx_call *c, const struct onnx_graph *g, const char **names)
{
    for (size_t i = 0; i < g->n_init && call_ok(c); i++) {
        names[i] = g->init[i].name;
        if (name_get(&c->m->scope->names, names[i]) != NULL) {
            call_fail(c, LIMN_ERR_FORMAT, "initializer \"%.80s\" is defined twice", names[i]);
        }
        scope_bind(c, names[i], val_file_new(c, &g->init[i]));
    }
}

void import_branch(struct onnx_call *c, const struct onnx_graph *g)
{
    struct onnx_scope *back = c->m->scope;
    struct onnx_scope inner = {.parent = back, .prefix = "", .opset = back->opset};
    if (!call_ok(c)) {
        return;
    }
    if (g->n_input > 0 || g->n_output != c->n_out) {
        call_fail(c, LIMN_ERR_FORMAT, "a branch has %zu inputs and %zu outputs (expected 0 and %zu)", g->n_input,
                  g->n_output, c->n_out);
        return;
    }
    enter(c, &inner);
    const char **given = arena_alloc(&c->m->arena, g->n_init, sizeof *given);
    const char **output = names_of(c, g->output, g->n_output);
    if (given != NULL && output != NULL) {
        import_initializers(c, g, given);
        import_nodes(c, g->node, g->n_node, output, g->n_output, given, g->n_init);
        take_outputs(c, output, g->n_output);
    }
    leave(c, back);
}

static void import_function(struct onnx_call *c, const struct onnx_function *f)
{
    struct onnx_scope *back = c->m->scope;
    const char *label = c->node->name[0] != '\0' ? c->node->name : c->n_out > 0 ? c->node->out[0] : "";
    struct onnx_scope inner = {.caller = back, .call = c->node, .function = f, .prefix = "", .opset = f->opset};
    inner.opset = f->opset > 0 ? f->opset : back->opset;
    inner.prefix = arena_printf(&c->m->arena, "%s%s/", back->prefix, label);
    struct onnx_val *absent = arena_alloc(&c->m->arena, 1, sizeof *absent);
    if (inner.prefix == NULL || absent == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: a name");
        return;
    }
    *absent = (struct onnx_val){.rank = -1, .dev = VALUE_NONE};
    if (c->n_in > f->n_in || c->n_out > f->n_out) {
        call_fail(c, LIMN_ERR_FORMAT, "%zu inputs and %zu outputs (expected at most %zu and %zu)", c->n_in, c->n_out,
                  f->n_in, f->n_out);
        return;
    }
    enter(c, &inner);
    for (size_t i = 0; i < f->n_in && call_ok(c); i++) {
        struct onnx_val *v = call_in(c, i);
        c->b->status = name_put(&inner.names, f->in[i], v != NULL ? v : absent, c->b->err);
    }
    if (call_ok(c)) {
        import_nodes(c, f->node, f->n_node, f->out, c->n_out, f->in, f->n_in);
        take_outputs(c, f->out, c->n_out);
    }
    leave(c, back);
}

/* --- nodes --- */

static void check_arity(struct onnx_call *c)
{
    const struct onnx_row *r = c->row;
    if ((int64_t)c->n_in > r->n_in_max || (int64_t)c->n_in < r->n_in_min || (int64_t)c->n_out > r->n_out_max) {
        call_fail(c, LIMN_ERR_FORMAT, "%zu inputs and %zu outputs (expected %d to %d and at most %d)", c->n_in,
                  c->n_out, (int)r->n_in_min, (int)r->n_in_max, (int)r->n_out_max);
    }
    for (int32_t i = 0; i < r->n_in_min && call_ok(c); i++) {
        if (c->in[i] == NULL) {
            call_fail(c, LIMN_ERR_FORMAT, "input %d is absent (expected %d inputs)", (int)i, (int)r->n_in_min);
        }
    }
}

static void find_inputs(struct onnx_call *c)
{
    for (size_t i = 0; i < c->n_in && call_ok(c); i++) {
        const char *name = c->node->in[i];
        struct onnx_val *v = name[0] != '\0' ? scope_find(c->m->scope, name) : NULL;
        if (name[0] != '\0' && v == NULL) {
            call_fail(c, LIMN_ERR_FORMAT, "it reads \"%.80s\", which nothing defines", name);
        }
        if (v != NULL && v->rank < 0) { /* an absent input of a function stays absent */
            if (v->name != NULL) {
                call_fail(c, LIMN_ERR_UNSUPPORTED, "it reads \"%.80s\", an output that is not computed", name);
            }
            v = NULL;
        }
        if (v != NULL && v->sequence && c->row != NULL && !c->row->sequence) {
            call_fail(c, LIMN_ERR_UNSUPPORTED, "\"%.80s\" is no tensor but a sequence", name);
        }
        c->in[i] = v;
    }
}

static void run_row(struct onnx_call *c)
{
    const struct onnx_function *f = c->row == NULL ? onnx_function_find(c->m->model, c->node) : NULL;
    if (f != NULL) {
        import_function(c, f);
    } else if (c->row == NULL) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "no such operator at opset %lld", (long long)c->opset);
    } else {
        check_arity(c);
        if (call_ok(c)) {
            c->row->import(c);
        }
    }
}

static void import_node(struct onnx_call *outer, const struct onnx_node *n)
{
    struct onnx_importer *m = outer->m;
    struct onnx_call c = {.m = m, .b = &m->b, .node = n, .opset = m->scope->opset, .n_in = n->n_in, .n_out = n->n_out};
    c.row = onnx_row_find(n->domain, n->op, c.opset);
    c.in = arena_alloc(&m->arena, n->n_in, sizeof(struct onnx_val *));
    c.out = arena_alloc(&m->arena, n->n_out, sizeof(struct onnx_val *));
    if (c.in == NULL || c.out == NULL) {
        call_fail(&c, LIMN_ERR_NOMEM, "out of memory: a node");
        return;
    }
    find_inputs(&c);
    if (call_ok(&c)) {
        run_row(&c);
    }
    for (size_t i = 0; i < n->n_out && call_ok(&c); i++) {
        scope_bind(&c, n->out[i], c.out[i]);
    }
    if (call_ok(&c)) {
        layers_note(&c);
    } else if (m->depth < NAMED_DEPTH) {
        err_at(m->b.err, "node \"%.80s\" (%.40s)", n->name[0] != '\0' || n->n_out == 0 ? n->name : n->out[0], n->op);
    }
}

void import_nodes(struct onnx_call *c, const struct onnx_node *node, size_t n, const char *const *output,
                  size_t n_output, const char *const *given, size_t n_given)
{
    const struct name_map *outer[MAX_DEPTH + 2] = {NULL};
    size_t *order = NULL, n_order = 0, n_outer = 0;
    for (const struct onnx_scope *s = c->m->scope->parent; s != NULL && n_outer <= MAX_DEPTH; s = s->parent) {
        outer[n_outer++] = &s->names;
    }
    struct onnx_body body = {n, n_output, n_given, node, output, given, outer};
    c->m->inlined += c->m->depth > 0 ? n : 0;
    if (c->m->inlined > MAX_INLINED) { /* functions that call two others each are large from little */
        call_fail(c, LIMN_ERR_UNSUPPORTED, "branches and functions come to more than %d nodes", MAX_INLINED);
    }
    if (call_ok(c)) {
        c->b->status = onnx_sort(&body, &order, &n_order, c->b->err);
    }
    for (size_t i = 0; i < n_order && call_ok(c); i++) {
        import_node(c, &node[order[i]]);
    }
    mem_free(order);
}
