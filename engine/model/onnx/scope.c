/* Names in sight of a node: those of its graph, of the graphs around it, and within a model-local function only its
 * own. Values keep their ONNX names in our graph; those of a function get the call's name in front, as a function may
 * be called twice. */
#include <string.h>

#include "base/mem.h"
#include "model/onnx/import.h"

static const struct onnx_attr *attr_named(const struct onnx_attr *a, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(a[i].name, name) == 0) {
            return &a[i];
        }
    }
    return NULL;
}

const struct onnx_attr *scope_attr(const struct onnx_scope *s, const struct onnx_attr *a)
{
    while (a != NULL && a->ref[0] != '\0') {
        while (s != NULL && s->function == NULL) {
            s = s->parent;
        }
        if (s == NULL) {
            return NULL;
        }
        const struct onnx_attr *given = attr_named(s->call->attr, s->call->n_attr, a->ref);
        if (given == NULL) {
            return attr_named(s->function->attr_default, s->function->n_default, a->ref);
        }
        a = given;
        s = s->caller;
    }
    return a;
}

struct onnx_val *scope_find(const struct onnx_scope *s, const char *name)
{
    struct onnx_val *v = NULL;
    for (; s != NULL && v == NULL; s = s->parent) {
        v = name_get(&s->names, name);
    }
    return v;
}

/* The name of a scope's value in the graph, in the graph's memory. */
static const char *graph_name(struct onnx_call *c, const char *name)
{
    const struct onnx_scope *s = c->m->scope;
    while (s->function == NULL && s->parent != NULL) {
        s = s->parent;
    }
    const char *full = arena_printf(&c->b->g->arena, "%s%s", s->prefix, name);
    if (full == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: a name");
    }
    return full;
}

/* A fresh result takes the name; what has one already gets an alias. */
static void name_value(struct onnx_call *c, const char *name, value_id id)
{
    struct value *v = &c->b->g->value[id];
    if (v->name[0] == '%' && v->kind == VALUE_RESULT) {
        v->name = name;
    } else if (strcmp(v->name, name) != 0) {
        c->b->status = graph_alias(c->b->g, name, id, c->b->err);
    }
}

void scope_bind(struct onnx_call *c, const char *name, struct onnx_val *v)
{
    if (!call_ok(c) || name[0] == '\0') {
        return;
    }
    if (v == NULL) {
        v = arena_alloc(&c->m->arena, 1, sizeof *v);
        if (v == NULL) {
            call_fail(c, LIMN_ERR_NOMEM, "out of memory: a value");
            return;
        }
        *v = (struct onnx_val){.name = name, .rank = -1, .dev = VALUE_NONE};
    } else {
        v = v->name[0] != '\0' ? val_copy(c, v) : v;
        const char *full = graph_name(c, name);
        if (v == NULL || full == NULL) {
            return;
        }
        v->name = full;
        if (v->dev != VALUE_NONE) {
            name_value(c, full, v->dev);
        }
    }
    if (call_ok(c)) {
        c->b->status = name_put(&c->m->scope->names, name, v, c->b->err);
    }
}
