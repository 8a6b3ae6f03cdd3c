/* Backward rules of activations (METHODS 2.2; defined in emit.h). Guided backpropagation of any activation is
 * max(vjp(max(g, 0)), 0), as the vjp multiplies by f': max(g, 0) f' is positive just where both are. The
 * piecewise-linear ones have it in one gate, which fuses with what computes g. */
#include "explain/emit.h"

#include <math.h>

#include "base/mem.h"

/* What the rules know of the network: the nodes that lead to the scores, before any gradient was emitted. */
struct forward {
    value_id scores;
    size_t n_node;
    bool *leads; /* per node */
};

static limn_status forward_init(struct forward *f, const struct graph *g, value_id scores, limn_error *err)
{
    *f = (struct forward){scores, g->n_node, mem_zalloc(g->n_node + 1, sizeof(*f->leads))};
    bool *wanted = mem_zalloc(g->n_value, sizeof(*wanted));
    if (f->leads == NULL || wanted == NULL) {
        mem_free(wanted);
        return err_nomem(err, g->n_value, "backward rules");
    }
    wanted[scores] = true;
    for (size_t i = g->n_node; i-- > 0;) {
        const struct node *n = &g->node[i];
        for (int32_t k = 0; k < n->n_out && !n->dead; k++) {
            f->leads[i] = f->leads[i] || wanted[n->out[k]];
        }
        for (int32_t k = 0; k < n->n_in && f->leads[i]; k++) {
            if (n->in[k] != VALUE_NONE) {
                wanted[n->in[k]] = true;
            }
        }
    }
    mem_free(wanted);
    return LIMN_OK;
}

static bool reads(const struct node *n, value_id v)
{
    for (int32_t k = 0; k < n->n_in; k++) {
        if (n->in[k] == v) {
            return true;
        }
    }
    return false;
}

/* y multiplies something or is the scores. */
static bool is_gate(const struct vjp *v)
{
    const struct forward *f = v->user;
    bool gate = v->out[0] == f->scores;
    for (size_t i = 0; i < f->n_node && !gate; i++) {
        const struct node *n = &v->b->g->node[i];
        gate = f->leads[i] && n->op == &op_mul && reads(n, v->out[0]);
    }
    return gate;
}

static value_id positive(struct vjp *v, value_id g)
{
    return build(v->b, &op_act_gate, NULL, (&(struct act_gate_attrs){.gate = GATE_DECONV}), g);
}

static void deconv_any(struct vjp *v)
{
    v->gin[0] = positive(v, v->gout[0]);
}

static void guided_any(struct vjp *v)
{
    value_id g = positive(v, v->gout[0]);
    struct vjp plain = *v;
    plain.gout = &g;
    v->call->op->vjp(&plain);
    if (v->gin[0] != VALUE_NONE) {
        v->gin[0] = positive(v, v->gin[0]);
    }
}

static void guided_between(struct vjp *v, float lo, float hi)
{
    struct act_gate_attrs attrs = {.gate = GATE_GUIDED, .lo = lo, .hi = hi};
    v->gin[0] = build(v->b, &op_act_gate, NULL, &attrs, v->gout[0], v->out[0]);
}

static void guided_relu(struct vjp *v)
{
    guided_between(v, 0, INFINITY);
}

static void guided_relu6(struct vjp *v)
{
    guided_between(v, 0, 6);
}

static void guided_clip(struct vjp *v)
{
    const struct clip_attrs *a = v->call->attrs;
    guided_between(v, a->lo, a->hi);
}

static void guided_unless_gate(struct vjp *v)
{
    (is_gate(v) ? v->call->op->vjp : guided_any)(v);
}

static void deconv_unless_gate(struct vjp *v)
{
    (is_gate(v) ? v->call->op->vjp : deconv_any)(v);
}

static const struct {
    const struct op *op;
    vjp_fn guided, deconv;
} table[] = {
    {&op_relu, guided_relu, deconv_any},
    {&op_relu6, guided_relu6, deconv_any},
    {&op_clip, guided_clip, deconv_any},
    {&op_leaky_relu, guided_any, deconv_any},
    {&op_prelu, guided_any, deconv_any},
    {&op_thresholded_relu, guided_any, deconv_any},
    {&op_silu, guided_any, deconv_any},
    {&op_hard_swish, guided_any, deconv_any},
    {&op_gelu, guided_any, deconv_any},
    {&op_elu, guided_any, deconv_any},
    {&op_softplus, guided_any, deconv_any},
    {&op_softsign, guided_any, deconv_any},
    {&op_mish, guided_any, deconv_any},
    {&op_tanh, guided_any, deconv_any},
    {&op_sigmoid, guided_unless_gate, deconv_unless_gate},
    {&op_hard_sigmoid, guided_unless_gate, deconv_unless_gate},
};
enum { N_RULES = sizeof(table) / sizeof(table[0]) };

void emit_gradients(const struct method_site *site, enum gate rule, const value_id *wrt, size_t n, value_id *grad)
{
    struct forward forward = {0};
    struct vjp_rule rules[N_RULES];
    struct autodiff opt = {.rules = rules, .user = &forward};
    limn_status st = site->b->status;
    for (size_t i = 0; i < n; i++) {
        grad[i] = VALUE_NONE;
    }
    if (st == LIMN_OK && rule != GATE_VANILLA) {
        for (size_t i = 0; i < N_RULES; i++) {
            rules[i] = (struct vjp_rule){table[i].op, rule == GATE_GUIDED ? table[i].guided : table[i].deconv};
        }
        opt.n_rules = N_RULES;
        st = forward_init(&forward, site->b->g, site->logits, site->b->err);
    }
    if (st == LIMN_OK) {
        st = autodiff(site->b->g, &opt, site->logits, site->select, wrt, n, grad, site->b->err);
    }
    mem_free(forward.leads);
    site->b->status = st;
}
