/* The graph data structure: append, find, rewrite uses. Shape inference happens when a node is added, so a graph that
 * exists is consistent. */
#include "ir/graph.h"

#include <string.h>

struct graph_alias {
    const char *name;
    value_id value;
};

/* A constant whose numbers live in the arena. */
struct data_source {
    struct const_source base;
    const float *data;
};

/* A constant with one number everywhere. */
struct fill_source {
    struct const_source base;
    float v;
};

static limn_status read_data(const struct const_source *s, float *dst, size_t n, limn_error *err)
{
    (void)err;
    memcpy(dst, ((const struct data_source *)s)->data, n * sizeof(float));
    return LIMN_OK;
}

static limn_status read_data_part(const struct const_source *s, size_t first, float *dst, size_t n, limn_error *err)
{
    (void)err;
    memcpy(dst, ((const struct data_source *)s)->data + first, n * sizeof(float));
    return LIMN_OK;
}

static limn_status read_fill(const struct const_source *s, float *dst, size_t n, limn_error *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) {
        dst[i] = ((const struct fill_source *)s)->v;
    }
    return LIMN_OK;
}

limn_status graph_create(struct graph **out, limn_error *err)
{
    struct graph *g = mem_zalloc(1, sizeof(*g));
    if (!g) {
        return err_nomem(err, sizeof(*g), "a graph");
    }
    *out = g;
    return LIMN_OK;
}

void graph_destroy(struct graph **g)
{
    if (g && *g) {
        mem_free((*g)->value);
        mem_free((*g)->node);
        mem_free((*g)->alias);
        mem_free((*g)->state);
        graph_destroy(&(*g)->adopted);
        arena_finish(&(*g)->arena);
        mem_free(*g);
        *g = NULL;
    }
}

static limn_status add_value(struct graph *g, const char *name, struct shape shape, enum value_kind kind, value_id *out,
                             limn_error *err)
{
    limn_status st = shape_check(&shape, err);
    if (st != LIMN_OK) {
        return err_at(err, "%s", name ? name : "a value");
    }
    st = mem_grow(&g->value, &g->cap_value, g->n_value + 1, sizeof(*g->value), err);
    if (st != LIMN_OK) {
        return st;
    }
    char *copy = name ? arena_strdup(&g->arena, name) : arena_printf(&g->arena, "%%%zu", g->n_value);
    if (!copy) {
        return err_nomem(err, 32, "a value's name");
    }
    g->value[g->n_value] = (struct value){.name = copy, .shape = shape, .kind = kind, .producer = -1};
    *out = (value_id)g->n_value++;
    return LIMN_OK;
}

limn_status graph_input(struct graph *g, const char *name, struct shape shape, value_id *out, limn_error *err)
{
    return add_value(g, name, shape, VALUE_INPUT, out, err);
}

limn_status graph_const(struct graph *g, const char *name, struct shape shape, const struct const_source *src,
                        value_id *out, limn_error *err)
{
    value_id v = VALUE_NONE;
    limn_status st = add_value(g, name, shape, VALUE_CONST, &v, err);
    if (st == LIMN_OK) {
        g->value[v].source = src;
        *out = v;
    }
    return st;
}

limn_status graph_const_data(struct graph *g, const char *name, struct shape shape, const float *data, value_id *out,
                             limn_error *err)
{
    limn_status st = shape_check(&shape, err);
    if (st != LIMN_OK) {
        return err_at(err, "%s", name ? name : "a constant");
    }
    size_t n = shape_elems(&shape);
    struct data_source *s = arena_alloc(&g->arena, 1, sizeof(*s));
    float *copy = arena_alloc(&g->arena, n, sizeof(float));
    if (!s || !copy) {
        return err_nomem(err, n * sizeof(float), "a constant");
    }
    memcpy(copy, data, n * sizeof(float));
    *s = (struct data_source){{read_data, read_data_part}, copy};
    return graph_const(g, name, shape, &s->base, out, err);
}

/* Shapes of a node's inputs; an absent input has rank -1. */
static void input_shapes(const struct graph *g, int32_t n_in, const value_id *in, struct shape *shapes)
{
    for (int32_t i = 0; i < n_in; i++) {
        shapes[i] = in[i] == VALUE_NONE ? (struct shape){.rank = -1} : g->value[in[i]].shape;
    }
}

static limn_status infer_shapes(const struct graph *g, const struct op *op, const void *attrs, int32_t n_in,
                                const value_id *in, struct shape *out, limn_error *err)
{
    struct shape *shapes = mem_alloc((size_t)n_in + 1, sizeof(*shapes));
    if (!shapes) {
        return err_nomem(err, ((size_t)n_in + 1) * sizeof(*shapes), "shapes");
    }
    input_shapes(g, n_in, in, shapes);
    struct op_call call = {.op = op, .attrs = attrs, .n_in = n_in, .n_out = op->n_out, .in = shapes};
    limn_status st = op->infer(&call, out, err);
    for (int32_t i = 0; st == LIMN_OK && i < op->n_out; i++) {
        st = shape_check(&out[i], err);
    }
    mem_free(shapes);
    return st;
}

/* Refuses what would break every reader of the graph: wrong arity, inputs that do not exist. */
static limn_status check_inputs(const struct graph *g, const struct op *op, int32_t n_in, const value_id *in,
                                limn_error *err)
{
    if (n_in < op->n_in_min || n_in > op->n_in_max) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: %d inputs (expected %d to %d)", op->name, n_in, op->n_in_min,
                       op->n_in_max);
    }
    for (int32_t i = 0; i < n_in; i++) {
        bool absent = in[i] == VALUE_NONE;
        if ((absent && i < op->n_in_min) || (!absent && (in[i] < 0 || (size_t)in[i] >= g->n_value))) {
            return err_set(err, LIMN_ERR_INTERNAL, "%s: input %d is value %d (expected 0 to %zu)", op->name, i, in[i],
                           g->n_value);
        }
    }
    return LIMN_OK;
}

limn_status graph_node(struct graph *g, const struct op *op, const char *name, const void *attrs, int32_t n_in,
                       const value_id *in, value_id *out, limn_error *err)
{
    struct shape shapes[OP_MAX_OUT];
    struct node n = {.op = op, .n_in = n_in, .n_out = op->n_out};
    limn_status st = check_inputs(g, op, n_in, in, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (infer_shapes(g, op, attrs, n_in, in, shapes, err) != LIMN_OK) {
        return name ? err_at(err, "%s (%s)", name, op->name) : err_at(err, "%s", op->name);
    }
    st = mem_grow(&g->node, &g->cap_node, g->n_node + 1, sizeof(*g->node), err);
    if (st != LIMN_OK) {
        return st;
    }
    void *attrs_copy = arena_alloc(&g->arena, 1, op->attr_bytes);
    n.in = arena_alloc(&g->arena, (size_t)n_in, sizeof(*n.in));
    if (!attrs_copy || !n.in) {
        return err_nomem(err, op->attr_bytes, "a node");
    }
    if (op->attr_bytes) {
        memcpy(attrs_copy, attrs, op->attr_bytes);
    }
    memcpy(n.in, in, (size_t)n_in * sizeof(*in));
    n.attrs = attrs_copy;
    for (int32_t i = 0; i < op->n_out; i++) {
        const char *out_name = name && i ? arena_printf(&g->arena, "%s:%d", name, i) : name;
        if (name && !out_name) {
            return err_nomem(err, strlen(name) + 8, "a value's name");
        }
        st = add_value(g, out_name, shapes[i], VALUE_RESULT, &n.out[i], err);
        if (st != LIMN_OK) {
            return st;
        }
        g->value[n.out[i]].producer = (int32_t)g->n_node;
        g->value[n.out[i]].out_index = i;
    }
    g->node[g->n_node++] = n;
    for (int32_t i = 0; i < op->n_out; i++) {
        out[i] = n.out[i];
    }
    return LIMN_OK;
}

/* The output k of the producer is `next` and its input k is `value`. */
static bool updates(const struct graph *g, value_id value, value_id next)
{
    const struct value *x = &g->value[next];
    if (x->kind != VALUE_RESULT || x->producer < 0) {
        return false;
    }
    const struct node *n = &g->node[x->producer];
    return (n->op->flags & OP_UPDATE) && x->out_index < n->n_in && n->in[x->out_index] == value;
}

limn_status graph_state(struct graph *g, value_id value, value_id next, limn_error *err)
{
    struct value *v = &g->value[value];
    limn_status st = LIMN_OK;
    if (v->kind != VALUE_INPUT || !shape_equal(&v->shape, &g->value[next].shape) || !updates(g, value, next)) {
        return err_set(err, LIMN_ERR_INTERNAL, "%s: not an input that an operator updates in place", v->name);
    }
    for (size_t i = (size_t)g->value[next].producer + 1; i < g->n_node; i++) {
        for (int32_t k = 0; !g->node[i].dead && k < g->node[i].n_in; k++) {
            if (g->node[i].in[k] == value) {
                return err_set(err, LIMN_ERR_INTERNAL, "%s: is read after its update", v->name);
            }
        }
    }
    TRY(mem_grow(&g->state, &g->cap_state, g->n_state + 1, sizeof(*g->state), err));
    g->state[g->n_state++] = (struct graph_state){value, next};
    v->flags |= VALUE_STATE;
    g->value[next].flags |= VALUE_OUTPUT;
out:
    return st;
}

size_t graph_alias_count(const struct graph *g)
{
    return g->n_alias;
}

const char *graph_alias_at(const struct graph *g, size_t i, value_id *value)
{
    *value = g->alias[i].value;
    return g->alias[i].name;
}

limn_status graph_alias(struct graph *g, const char *name, value_id v, limn_error *err)
{
    limn_status st = mem_grow(&g->alias, &g->cap_alias, g->n_alias + 1, sizeof(*g->alias), err);
    char *copy = st == LIMN_OK ? arena_strdup(&g->arena, name) : NULL;
    if (!copy) {
        return st != LIMN_OK ? st : err_nomem(err, strlen(name) + 1, "a layer's name");
    }
    g->alias[g->n_alias++] = (struct graph_alias){copy, v};
    return LIMN_OK;
}

value_id graph_find(const struct graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_value; i++) {
        if (strcmp(g->value[i].name, name) == 0) {
            return (value_id)i;
        }
    }
    for (size_t i = 0; i < g->n_alias; i++) {
        if (strcmp(g->alias[i].name, name) == 0) {
            return g->alias[i].value;
        }
    }
    return VALUE_NONE;
}

void graph_replace_uses(struct graph *g, value_id from, value_id to)
{
    for (size_t i = 0; i < g->n_node; i++) {
        for (int32_t k = 0; !g->node[i].dead && k < g->node[i].n_in; k++) {
            if (g->node[i].in[k] == from) {
                g->node[i].in[k] = to;
            }
        }
    }
}

void graph_count_uses(const struct graph *g, int32_t *counts)
{
    for (size_t i = 0; i < g->n_value; i++) {
        counts[i] = (g->value[i].flags & (VALUE_OUTPUT | VALUE_TAP)) != 0;
    }
    for (size_t i = 0; i < g->n_node; i++) {
        for (int32_t k = 0; !g->node[i].dead && k < g->node[i].n_in; k++) {
            if (g->node[i].in[k] != VALUE_NONE) {
                counts[g->node[i].in[k]]++;
            }
        }
    }
}

limn_status const_read(const struct value *v, float *dst, size_t n, limn_error *err)
{
    if (v->kind != VALUE_CONST || n != shape_elems(&v->shape)) {
        return err_set(err, LIMN_ERR_INTERNAL, "%s: read of %zu elements (expected a constant of %zu)", v->name, n,
                       shape_elems(&v->shape));
    }
    return v->source->read(v->source, dst, n, err);
}

limn_status const_source_part(const struct const_source *s, size_t total, size_t first, float *dst, size_t n,
                              limn_error *err)
{
    float *all = NULL;
    limn_status st = LIMN_OK;
    if (first > total || n > total - first) {
        return err_set(err, LIMN_ERR_INTERNAL, "read of elements %zu to %zu of a constant of %zu", first, first + n,
                       total);
    }
    if (s->read_part != NULL) {
        return s->read_part(s, first, dst, n, err);
    }
    if (n == total) {
        return s->read(s, dst, n, err);
    }
    all = mem_alloc(total, sizeof(*all));
    if (all == NULL) {
        return err_nomem(err, total * sizeof(*all), "a part of a constant");
    }
    TRY(s->read(s, all, total, err));
    memcpy(dst, all + first, n * sizeof(*dst));
out:
    mem_free(all);
    return st;
}

void graph_call(const struct graph *g, const struct node *n, struct shape *shapes, struct op_call *c)
{
    input_shapes(g, n->n_in, n->in, shapes);
    for (int32_t i = 0; i < n->n_out; i++) {
        shapes[n->n_in + i] = g->value[n->out[i]].shape;
    }
    *c = (struct op_call){n->op, n->attrs, n->n_in, n->n_out, shapes, shapes + n->n_in};
}

value_id build_node(struct builder *b, const struct op *op, const char *name, const void *attrs, int32_t n_in,
                    const value_id *in)
{
    value_id out[OP_MAX_OUT] = {VALUE_NONE};
    if (b->status != LIMN_OK) {
        return VALUE_NONE;
    }
    b->status = graph_node(b->g, op, name, attrs, n_in, in, out, b->err);
    return b->status == LIMN_OK ? out[0] : VALUE_NONE;
}

value_id build_fill(struct builder *b, struct shape shape, float v)
{
    value_id out = VALUE_NONE;
    if (b->status != LIMN_OK) {
        return VALUE_NONE;
    }
    struct fill_source *s = arena_alloc(&b->g->arena, 1, sizeof(*s));
    if (!s) {
        b->status = err_nomem(b->err, sizeof(*s), "a constant");
        return VALUE_NONE;
    }
    *s = (struct fill_source){{.read = read_fill}, v};
    b->status = graph_const(b->g, NULL, shape, &s->base, &out, b->err);
    return out;
}

const struct shape *build_shape(const struct builder *b, value_id v)
{
    static const struct shape none = {.rank = 0};
    return v == VALUE_NONE ? &none : &b->g->value[v].shape;
}
