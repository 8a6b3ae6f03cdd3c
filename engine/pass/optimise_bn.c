/* BatchNorm (inference form) folded into the convolution before it:
 *   gamma * (conv(x, w) + bias - mean) / sqrt(var + eps) + beta  =  conv(x, s w) + (beta + (bias - mean) s),
 * s = gamma / sqrt(var + eps) per output channel, in double. The new weights are constants that read their parents
 * when an executor asks, so nothing is held twice. Done only when the convolution's own result is read by nothing
 * but the BatchNorm, and not when a parameter is trainable. */
#include <math.h>
#include <string.h>

#include "ops/ops.h"
#include "pass/optimise.h"

enum { BN_X, BN_GAMMA, BN_BETA, BN_MEAN, BN_VAR, BN_N_IN };

struct folded_source {
    struct const_source base;
    const struct const_source *weight, *bias; /* of the convolution; bias may be NULL */
    const struct const_source *bn[BN_N_IN];
    size_t total;    /* elements of the weight */
    size_t channels; /* of the result */
    /* channel of weight element i: (i / per_group) * group_channels + (i / per_channel) % group_channels */
    size_t per_group, per_channel, group_channels;
    double eps;
};

/* scale[channels] = gamma / sqrt(var + eps); `tmp` is as long. */
static limn_status fold_scale(const struct folded_source *s, double *scale, float *tmp, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(s->bn[BN_VAR]->read(s->bn[BN_VAR], tmp, s->channels, err));
    for (size_t c = 0; c < s->channels; c++) {
        scale[c] = 1.0 / sqrt((double)tmp[c] + s->eps);
    }
    TRY(s->bn[BN_GAMMA]->read(s->bn[BN_GAMMA], tmp, s->channels, err));
    for (size_t c = 0; c < s->channels; c++) {
        scale[c] *= (double)tmp[c];
    }
out:
    return st;
}

static limn_status folded_read_part(const struct const_source *base, size_t first, float *dst, size_t n,
                                    limn_error *err)
{
    const struct folded_source *s = (const struct folded_source *)base;
    limn_status st = LIMN_OK;
    double *scale = mem_alloc(s->channels, sizeof(*scale));
    float *tmp = mem_alloc(s->channels, sizeof(*tmp));
    if (scale == NULL || tmp == NULL) {
        TRY(err_nomem(err, s->channels * sizeof(*scale), "BatchNorm folding"));
    }
    TRY(fold_scale(s, scale, tmp, err));
    TRY(const_source_part(s->weight, s->total, first, dst, n, err));
    for (size_t i = first, end; i < first + n; i = end) {
        double f = scale[i / s->per_group * s->group_channels + i / s->per_channel % s->group_channels];
        end = i - i % s->per_channel + s->per_channel;
        end = end < first + n ? end : first + n;
        for (size_t k = i - first; k < end - first; k++) {
            dst[k] = (float)((double)dst[k] * f);
        }
    }
out:
    mem_free(scale);
    mem_free(tmp);
    return st;
}

static limn_status folded_read_weight(const struct const_source *base, float *dst, size_t n, limn_error *err)
{
    return folded_read_part(base, 0, dst, n, err);
}

static limn_status folded_read_bias(const struct const_source *base, float *dst, size_t n, limn_error *err)
{
    const struct folded_source *s = (const struct folded_source *)base;
    limn_status st = LIMN_OK;
    double *scale = mem_alloc(n, sizeof(*scale));
    float *mean = mem_alloc(n, sizeof(*mean)), *beta = mem_alloc(n, sizeof(*beta));
    if (scale == NULL || mean == NULL || beta == NULL) {
        TRY(err_nomem(err, n * sizeof(*scale), "BatchNorm folding"));
    }
    TRY(fold_scale(s, scale, mean, err));
    TRY(s->bn[BN_MEAN]->read(s->bn[BN_MEAN], mean, n, err));
    TRY(s->bn[BN_BETA]->read(s->bn[BN_BETA], beta, n, err));
    memset(dst, 0, n * sizeof(*dst));
    if (s->bias != NULL) {
        TRY(s->bias->read(s->bias, dst, n, err));
    }
    for (size_t c = 0; c < n; c++) {
        dst[c] = (float)((double)beta[c] + ((double)dst[c] - (double)mean[c]) * scale[c]);
    }
out:
    mem_free(scale);
    mem_free(mean);
    mem_free(beta);
    return st;
}

static bool is_fixed(const struct graph *g, value_id v)
{
    return g->value[v].kind == VALUE_CONST && (g->value[v].flags & VALUE_PARAM) == 0;
}

static bool has_input(const struct node *n, int32_t i)
{
    return i < n->n_in && n->in[i] != VALUE_NONE;
}

/* The convolution that BatchNorm node `bn` can be folded into, or NULL. */
static const struct node *foldable(const struct graph *g, const struct node *bn, const int32_t *uses)
{
    int32_t p = bn->op == &op_batch_norm ? g->value[bn->in[BN_X]].producer : -1;
    if (p < 0 || uses[bn->in[BN_X]] != 1) {
        return NULL;
    }
    const struct node *conv = &g->node[p];
    if (conv->op != &op_conv && conv->op != &op_conv_transpose) {
        return NULL;
    }
    const struct conv_attrs *a = conv->attrs;
    bool plain = a->epi.act == ACT_NONE && a->epi.gate == GATE_NONE && !has_input(conv, CONV_ADD) &&
                 !has_input(conv, CONV_MASK) && is_fixed(g, conv->in[CONV_W]) &&
                 (!has_input(conv, CONV_BIAS) || is_fixed(g, conv->in[CONV_BIAS]));
    for (int i = BN_GAMMA; i < BN_N_IN; i++) {
        plain = plain && is_fixed(g, bn->in[i]);
    }
    return plain ? conv : NULL;
}

static void weight_layout(struct folded_source *s, const struct node *conv, const struct shape *w)
{
    const struct conv_attrs *a = conv->attrs;
    size_t n = shape_elems(w), rows = (size_t)w->dim[0], columns = (size_t)w->dim[1];
    s->total = n;
    if (conv->op == &op_conv) { /* [Cout, Cin/groups, k...] */
        s->per_channel = n / rows;
        s->group_channels = rows;
        s->per_group = n;
    } else { /* [Cin, Cout/groups, k...] */
        s->per_channel = n / rows / columns;
        s->group_channels = columns;
        s->per_group = n / (size_t)a->groups;
    }
}

static limn_status folded_const(struct graph *g, const struct folded_source *from, value_id parent, const char *suffix,
                                struct shape shape, value_id *out, limn_error *err)
{
    struct folded_source *s = arena_alloc(&g->arena, 1, sizeof(*s));
    char *name = arena_printf(&g->arena, "%%%s.%s", g->value[parent].name, suffix);
    if (s == NULL || name == NULL) {
        return err_nomem(err, sizeof(*s), "BatchNorm folding");
    }
    *s = *from;
    return graph_const(g, name, shape, &s->base, out, err);
}

/* Node `index` (a BatchNorm) becomes the convolution, with its own output. */
static limn_status fold(struct graph *g, size_t index, limn_error *err)
{
    limn_status st = LIMN_OK;
    const struct node bn = g->node[index];
    const int32_t producer = g->value[bn.in[BN_X]].producer;
    const struct node conv = g->node[producer];
    const struct value *w = &g->value[conv.in[CONV_W]];
    const struct shape w_shape = w->shape;
    struct folded_source s = {.weight = w->source, .eps = (double)((const struct batch_norm_attrs *)bn.attrs)->eps};
    for (int i = BN_GAMMA; i < BN_N_IN; i++) {
        s.bn[i] = g->value[bn.in[i]].source;
    }
    s.bias = has_input(&conv, CONV_BIAS) ? g->value[conv.in[CONV_BIAS]].source : NULL;
    s.channels = (size_t)g->value[bn.out[0]].shape.dim[1];
    weight_layout(&s, &conv, &w_shape);
    value_id *in = arena_alloc(&g->arena, CONV_N_IN, sizeof(*in));
    if (in == NULL) {
        TRY(err_nomem(err, sizeof(*in), "BatchNorm folding"));
    }
    s.base = (struct const_source){folded_read_weight, folded_read_part};
    TRY(folded_const(g, &s, conv.in[CONV_W], "folded", w_shape, &in[CONV_W], err));
    s.base = (struct const_source){.read = folded_read_bias};
    TRY(folded_const(g, &s, conv.in[CONV_W], "bias", SHAPE((int32_t)s.channels), &in[CONV_BIAS], err));
    in[CONV_X] = conv.in[CONV_X];
    in[CONV_ADD] = in[CONV_MASK] = VALUE_NONE;
    struct node *n = &g->node[index];
    n->op = conv.op;
    n->attrs = conv.attrs;
    n->in = in;
    n->n_in = CONV_N_IN;
    g->node[producer].dead = true;
out:
    return st;
}

limn_status optimise_bn(struct graph *g, limn_error *err)
{
    limn_status st = LIMN_OK;
    int32_t *uses = mem_alloc(g->n_value, sizeof(*uses));
    if (uses == NULL) {
        return err_nomem(err, g->n_value * sizeof(*uses), "BatchNorm folding");
    }
    graph_count_uses(g, uses);
    for (size_t i = 0; i < g->n_node; i++) { /* folding adds values, which no later BatchNorm reads */
        if (!g->node[i].dead && foldable(g, &g->node[i], uses) != NULL) {
            TRY(fold(g, i, err));
        }
    }
out:
    mem_free(uses);
    return st;
}
