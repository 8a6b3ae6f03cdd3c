/* Epilogues: y = gate(act(acc + bias + add)) in the kernel that computes acc.
 *
 * A chain starts at a convolution, transposed convolution or matmul and goes on while its value has exactly one
 * reader, no flag, and the reader fits the formula. The fused node takes the place and the output of the last node
 * of the chain, so everything it reads was computed before it. Anchors are taken last first: of two results that
 * meet in an addition the later one takes the other in. A stage 0 node never moves into stage 1. */
#include <string.h>

#include "ops/ops.h"
#include "pass/optimise.h"

/* Convolutions and matmul have the same input order behind their two operands. */
enum { IN_BIAS = CONV_BIAS, IN_ADD = CONV_ADD, IN_MASK = CONV_MASK, N_IN = CONV_N_IN };

struct fuse {
    struct graph *g;
    int32_t *uses;   /* per value */
    int32_t *reader; /* per value: its last live reader, -1 */
    bool *late;      /* per value: stage 1 */
    size_t n_value;
};

struct chain {
    value_id in[N_IN];
    struct epilogue epi;
    value_id cur;    /* what the chain computes so far */
    int32_t channel; /* the dimension that a bias runs along */
};

static bool is_anchor(const struct op *op)
{
    return op == &op_conv || op == &op_conv_transpose || op == &op_matmul;
}

static struct epilogue node_epilogue(const struct node *n)
{
    if (n->op == &op_matmul) {
        return ((const struct matmul_attrs *)n->attrs)->epi;
    }
    return ((const struct conv_attrs *)n->attrs)->epi;
}

/* A constant with one number per channel of `y` (channels are a dimension), shaped to broadcast over it. */
static bool is_channel_bias(const struct value *b, const struct shape *y, int32_t channel)
{
    int32_t at = b->shape.rank - (y->rank - channel); /* where the channel is, aligned from the right */
    if (b->kind != VALUE_CONST || at < 0 || b->shape.rank > y->rank || b->shape.dim[at] != y->dim[channel]) {
        return false;
    }
    return shape_elems(&b->shape) == (size_t)y->dim[channel];
}

static bool absorb_add(struct fuse *f, struct chain *c, const struct node *n, limn_error *err, limn_status *st)
{
    value_id other = n->in[n->in[0] == c->cur];
    const struct value *v = &f->g->value[other];
    const struct shape y = f->g->value[c->cur].shape;
    if (c->epi.act != ACT_NONE || !shape_equal(&f->g->value[n->out[0]].shape, &y)) {
        return false;
    }
    if (shape_equal(&v->shape, &y) && c->in[IN_ADD] == VALUE_NONE) {
        c->in[IN_ADD] = other;
        return true;
    }
    if (c->in[IN_BIAS] != VALUE_NONE || !is_channel_bias(v, &y, c->channel)) {
        return false;
    }
    if (v->shape.rank == 1) {
        c->in[IN_BIAS] = other;
    } else { /* the same numbers, as a vector */
        *st = graph_const(f->g, NULL, SHAPE(y.dim[c->channel]), v->source, &c->in[IN_BIAS], err);
    }
    return true;
}

static bool absorb_gate(struct chain *c, const struct node *n)
{
    const struct act_gate_attrs *a = n->attrs;
    if (n->in[0] != c->cur || a->slope != 0.0f || c->epi.act != ACT_NONE) {
        return false;
    }
    c->epi.gate = a->gate;
    c->epi.gate_lo = a->lo;
    c->epi.gate_hi = a->hi;
    c->in[IN_MASK] = a->gate == GATE_DECONV || n->n_in < 2 ? VALUE_NONE : n->in[1];
    return true;
}

/* Takes node `n`, the only reader of c->cur, into the chain. */
static bool absorb(struct fuse *f, struct chain *c, const struct node *n, limn_error *err, limn_status *st)
{
    bool taken = false;
    if (c->epi.gate != GATE_NONE || f->late[c->cur] != f->late[n->out[0]]) {
        return false;
    }
    if (n->op == &op_add) {
        taken = absorb_add(f, c, n, err, st);
    } else if (n->op == &op_act_gate) {
        taken = absorb_gate(c, n);
    } else if ((n->op == &op_relu || n->op == &op_relu6) && c->epi.act == ACT_NONE) {
        c->epi.act = n->op == &op_relu ? ACT_RELU : ACT_RELU6;
        taken = true;
    }
    if (taken) {
        c->cur = n->out[0];
    }
    return taken;
}

/* Puts the chain of anchor `first` into the slot of node `last`. */
static limn_status write_fused(struct fuse *f, const struct chain *c, int32_t first, int32_t last, limn_error *err)
{
    struct graph *g = f->g;
    const struct node *from = &g->node[first];
    value_id *in = arena_alloc(&g->arena, N_IN, sizeof(*in));
    void *attrs = arena_alloc(&g->arena, 1, from->op->attr_bytes);
    if (in == NULL || attrs == NULL) {
        return err_nomem(err, from->op->attr_bytes, "fusion");
    }
    memcpy(in, c->in, sizeof(c->in));
    memcpy(attrs, from->attrs, from->op->attr_bytes);
    if (from->op == &op_matmul) {
        ((struct matmul_attrs *)attrs)->epi = c->epi;
    } else {
        ((struct conv_attrs *)attrs)->epi = c->epi;
    }
    struct node *n = &g->node[last];
    n->op = from->op;
    n->attrs = attrs;
    n->in = in;
    n->n_in = N_IN;
    for (int32_t k = 0; k < N_IN; k++) {
        if (in[k] != VALUE_NONE && (size_t)in[k] < f->n_value && f->reader[in[k]] < last) {
            f->reader[in[k]] = last;
        }
    }
    return LIMN_OK;
}

static limn_status fuse_anchor(struct fuse *f, int32_t first, limn_error *err)
{
    struct graph *g = f->g;
    const struct node *anchor = &g->node[first];
    struct chain c = {.epi = node_epilogue(anchor), .cur = anchor->out[0], .channel = 1};
    if (anchor->op == &op_matmul) {
        c.channel = g->value[c.cur].shape.rank - 1;
    }
    for (int32_t k = 0; k < N_IN; k++) {
        c.in[k] = k < anchor->n_in ? anchor->in[k] : VALUE_NONE;
    }
    int32_t last = first;
    limn_status st = LIMN_OK;
    while (f->uses[c.cur] == 1 && f->reader[c.cur] >= 0) {
        int32_t r = f->reader[c.cur];
        if (!absorb(f, &c, &g->node[r], err, &st) || st != LIMN_OK) {
            break;
        }
        g->node[last].dead = true;
        last = r;
    }
    return st == LIMN_OK && last != first ? write_fused(f, &c, first, last, err) : st;
}

static void find_readers(struct fuse *f)
{
    const struct graph *g = f->g;
    for (size_t i = 0; i < f->n_value; i++) {
        f->reader[i] = -1;
        f->late[i] = (g->value[i].flags & VALUE_LATE) != 0;
    }
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        bool late = false;
        for (int32_t k = 0; !n->dead && k < n->n_in; k++) {
            if (n->in[k] != VALUE_NONE) {
                f->reader[n->in[k]] = (int32_t)i;
                late = late || f->late[n->in[k]];
            }
        }
        for (int32_t k = 0; k < n->n_out; k++) {
            f->late[n->out[k]] = late;
        }
    }
}

limn_status optimise_epilogue(struct graph *g, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct fuse f = {.g = g, .n_value = g->n_value};
    f.uses = mem_alloc(f.n_value, sizeof(*f.uses));
    f.reader = mem_alloc(f.n_value, sizeof(*f.reader));
    f.late = mem_alloc(f.n_value, sizeof(*f.late));
    if (f.uses == NULL || f.reader == NULL || f.late == NULL) {
        TRY(err_nomem(err, f.n_value * sizeof(*f.uses), "fusion"));
    }
    graph_count_uses(g, f.uses);
    find_readers(&f);
    for (size_t i = g->n_node; i-- > 0;) {
        if (!g->node[i].dead && is_anchor(g->node[i].op)) {
            TRY(fuse_anchor(&f, (int32_t)i, err));
        }
    }
out:
    mem_free(f.uses);
    mem_free(f.reader);
    mem_free(f.late);
    return st;
}
