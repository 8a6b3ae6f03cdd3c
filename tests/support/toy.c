/* Small random graphs for the pass, executor and method tests. */
#include "support/toy.h"

#include "base/rng.h"

float *toy_random(uint64_t seed, size_t n, double scale)
{
    float *v = mem_alloc(n, sizeof(*v));
    for (size_t i = 0; v != NULL && i < n; i++) {
        v[i] = (float)(scale * rng_symmetric(seed, i));
    }
    return v;
}

value_id toy_values(struct builder *b, struct shape shape, const float *v)
{
    value_id out = VALUE_NONE;
    if (b->status == LIMN_OK) {
        b->status = graph_const_data(b->g, NULL, shape, v, &out, b->err);
    }
    return out;
}

value_id toy_const(struct builder *b, struct shape shape, uint64_t seed, double centre, double scale)
{
    size_t n = shape_elems(&shape);
    float *v = toy_random(seed, n, scale);
    for (size_t i = 0; i < n; i++) {
        v[i] += (float)centre;
    }
    value_id out = toy_values(b, shape, v);
    mem_free(v);
    return out;
}

value_id toy_input(struct builder *b, const char *name, struct shape shape)
{
    value_id out = VALUE_NONE;
    if (b->status == LIMN_OK) {
        b->status = graph_input(b->g, name, shape, &out, b->err);
    }
    return out;
}

value_id toy_conv(struct builder *b, const char *name, value_id x, int32_t channels, int32_t size, bool bias,
                  uint64_t seed)
{
    int32_t from = build_shape(b, x)->dim[1];
    struct conv_attrs attrs = conv_attrs_2d(1, size / 2, 1, 1);
    value_id w = toy_const(b, SHAPE(channels, from, size, size), seed, 0.0, 1.0 / (double)size);
    if (!bias) {
        return build(b, &op_conv, name, &attrs, x, w);
    }
    return build(b, &op_conv, name, &attrs, x, w, toy_const(b, SHAPE(channels), seed + 1, 0.0, 0.3));
}

value_id toy_bn(struct builder *b, const char *name, value_id x, uint64_t seed)
{
    struct batch_norm_attrs attrs = {.eps = 1e-5f};
    struct shape c = SHAPE(build_shape(b, x)->dim[1]);
    value_id gamma = toy_const(b, c, seed, 1.0, 0.5), beta = toy_const(b, c, seed + 1, 0.0, 0.4);
    value_id mean = toy_const(b, c, seed + 2, 0.0, 0.4), var = toy_const(b, c, seed + 3, 1.0, 0.7);
    return build(b, &op_batch_norm, name, &attrs, x, gamma, beta, mean, var);
}

value_id toy_head(struct builder *b, value_id x, int32_t classes, uint64_t seed)
{
    const struct shape s = *build_shape(b, x);
    value_id pooled = build_reduce(b, &op_reduce_mean, x, 1 << 2 | 1 << 3, false);
    struct matmul_attrs attrs = {.trans_b = 1};
    value_id w = toy_const(b, SHAPE(classes, s.dim[1]), seed, 0.0, 1.0);
    return build(b, &op_matmul, "fc", &attrs, pooled, w, toy_const(b, SHAPE(classes), seed + 1, 0.0, 1.0));
}

size_t toy_live(const struct graph *g, const struct op *op)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n_node; i++) {
        n += !g->node[i].dead && (op == NULL || g->node[i].op == op);
    }
    return n;
}

bool toy_ordered(const struct graph *g)
{
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        for (int32_t k = 0; !n->dead && k < n->n_in; k++) {
            int32_t p = n->in[k] == VALUE_NONE ? -1 : g->value[n->in[k]].producer;
            if (p >= 0 && (p >= (int32_t)i || g->node[p].dead)) {
                return false;
            }
        }
        for (int32_t k = 0; !n->dead && k < n->n_out; k++) {
            if (g->value[n->out[k]].producer != (int32_t)i) {
                return false;
            }
        }
    }
    return true;
}

limn_status toy_run(const struct graph *g, const struct toy_feed *feed, size_t n_feed, value_id out, double *dst,
                    limn_error *err)
{
    limn_status st = LIMN_OK;
    struct exec *e = NULL;
    TRY(exec_ref_create(g, &e, err));
    for (size_t i = 0; i < n_feed; i++) {
        TRY(exec_ref_set_double(e, feed[i].input, feed[i].data, shape_elems(&g->value[feed[i].input].shape), err));
    }
    TRY(exec_run(e, 0, 1, err));
    TRY(exec_ref_get_double(e, out, dst, shape_elems(&g->value[out].shape), err));
out:
    exec_destroy(&e);
    return st;
}
