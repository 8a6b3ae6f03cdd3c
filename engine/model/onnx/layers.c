/* What people call the values: a node's name and the PyTorch module path that torch's exporter left in it.
 *
 * A name like "/layer1/layer1.0/conv1/Conv" lists the modules around the node, a member of a container under the
 * container's name and its own ("layer1", then "layer1.0"), and the operator last: the path is "layer1.0.conv1". Every
 * prefix of it is a scope too and means the last value made in it. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "model/onnx/import.h"

enum { MAX_PARTS = 24, PATH_MAX_BYTES = 512, MAX_LAYERS = 1 << 16 }; /* what is beyond is left out of the list */

void layers_note(struct onnx_call *c)
{
    struct onnx_importer *m = c->m;
    struct onnx_step s = {.node = c->node->name, .op = c->node->op, .out = "", .value = VALUE_NONE};
    for (size_t i = 0; i < c->n_out && s.value == VALUE_NONE; i++) {
        s.value = c->out[i] != NULL ? c->out[i]->dev : VALUE_NONE;
        s.out = c->node->out[i];
    }
    for (size_t i = 0; i < c->n_in; i++) {
        s.params += c->in[i] != NULL && c->in[i]->param ? c->in[i]->n : 0;
    }
    if (s.value == VALUE_NONE || c->m->scope->function != NULL) {
        return;
    }
    c->b->status = mem_grow(&m->step, &m->cap_step, m->n_step + 1, sizeof *m->step, c->b->err);
    if (call_ok(c)) {
        m->step[m->n_step++] = s;
    }
}

struct scope_list {
    struct onnx_call *c;
    struct name_map names; /* path -> 1 + place of its layer */
    struct onnx_layer *layer;
    size_t n, cap;
};

/* The layer of a path, made when it is new. */
static struct onnx_layer *layer_of(struct scope_list *l, const char *path)
{
    struct onnx_call *c = l->c;
    uintptr_t old = (uintptr_t)name_get(&l->names, path);
    if (old != 0 || l->n == MAX_LAYERS || !call_ok(c)) {
        return old != 0 ? &l->layer[old - 1] : NULL;
    }
    char *name = arena_strdup(&c->b->g->arena, path);
    if (name == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: a layer's name");
        return NULL;
    }
    c->b->status = mem_grow(&l->layer, &l->cap, l->n + 1, sizeof *l->layer, c->b->err);
    if (call_ok(c)) {
        l->layer[l->n++] = (struct onnx_layer){.name = name, .op = "", .value = VALUE_NONE};
        c->b->status = name_put(&l->names, name, (void *)(uintptr_t)l->n, c->b->err);
    }
    return call_ok(c) ? &l->layer[l->n - 1] : NULL;
}

/* The next scope: `part` belongs to `path` as another module, or is a member of the container that came before. */
static bool path_add(char path[PATH_MAX_BYTES], size_t *parent, const char *part, size_t length)
{
    size_t n = strlen(path), last = n - *parent; /* the part before is path[parent..n] */
    bool member = n > 0 && length > last && part[last] == '.' && strncmp(part, path + *parent, last) == 0;
    size_t at = member ? *parent : n > 0 ? n + 1 : 0;
    if (at + length >= PATH_MAX_BYTES) {
        return false;
    }
    if (!member && n > 0) {
        path[n] = '.';
    }
    memcpy(path + at, part, length);
    path[at + length] = '\0';
    *parent = at;
    return true;
}

/* Notes a step in every scope of its name. */
static void note_scopes(struct scope_list *l, const struct onnx_step *s)
{
    char path[PATH_MAX_BYTES] = "";
    size_t parent = 0;
    const char *part = s->node;
    if (*part++ != '/') {
        return;
    }
    int depth = 0;
    for (const char *end = strchr(part, '/'); end != NULL; part = end + 1, end = strchr(part, '/')) {
        if (end == part || depth++ == MAX_PARTS || !path_add(path, &parent, part, (size_t)(end - part))) {
            return;
        }
        struct onnx_layer *layer = layer_of(l, path);
        if (layer == NULL) {
            return;
        }
        layer->op = layer->value == VALUE_NONE ? s->op : "";
        layer->value = s->value;
        layer->params += s->params;
    }
}

/* A node outside all scopes is a layer of its own. */
static void note_node(struct scope_list *l, const struct onnx_step *s)
{
    const char *name = s->node[0] == '/' ? s->node + 1 : s->node[0] != '\0' ? s->node : s->out;
    if (name[0] == '\0' || (s->node[0] == '/' && strchr(name, '/') != NULL)) {
        return;
    }
    struct onnx_layer *layer = layer_of(l, name);
    if (layer != NULL) {
        layer->op = s->op;
        layer->value = s->value;
        layer->params = s->params;
    }
}

static void alias(struct onnx_call *c, const char *name, value_id v)
{
    if (call_ok(c) && name[0] != '\0' && strcmp(c->b->g->value[v].name, name) != 0) {
        c->b->status = graph_alias(c->b->g, name, v, c->b->err);
    }
}

void layers_list(struct onnx_call *c, struct onnx_import *out)
{
    struct onnx_importer *m = c->m;
    struct scope_list l = {.c = c};
    for (size_t i = 0; i < m->n_step && call_ok(c); i++) {
        alias(c, m->step[i].node, m->step[i].value);
        note_scopes(&l, &m->step[i]);
        note_node(&l, &m->step[i]);
    }
    for (size_t i = 0; i < l.n && call_ok(c); i++) {
        alias(c, l.layer[i].name, l.layer[i].value);
    }
    out->layer = call_ok(c) ? arena_alloc(&c->b->g->arena, l.n, sizeof *l.layer) : NULL;
    if (out->layer != NULL && l.n > 0) {
        memcpy(out->layer, l.layer, l.n * sizeof *l.layer);
    } else if (call_ok(c) && l.n > 0) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: %zu layers", l.n);
    }
    out->n_layer = l.n;
    name_finish(&l.names);
    mem_free(l.layer);
}
