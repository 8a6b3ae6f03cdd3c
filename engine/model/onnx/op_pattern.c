/* Activations that exporters write as several nodes, put together again, so that the rules of explanation methods see
 * the activation: x Sigmoid(x) is SiLU, x HardSigmoid(x) and x Clip(x + 3, 0, 6) / 6 are HardSwish (as PyTorch exports
 * them before opset 14), 0.5 x (1 + Erf(x / sqrt(2))) is GELU. The nodes of the parts stay; what nobody else reads is
 * dropped later as dead. */
#include <math.h>

#include "model/onnx/import.h"

/* The node that makes v, when it is of this operator. */
static const struct node *made_by(const struct graph *g, value_id v, const struct op *op)
{
    int32_t p = v != VALUE_NONE ? g->value[v].producer : -1;
    return p >= 0 && g->node[p].op == op ? &g->node[p] : NULL;
}

/* A constant of one element near `want`. */
static bool is_number(const struct graph *g, value_id v, double want)
{
    float f = 0;
    limn_error err;
    return v != VALUE_NONE && g->value[v].kind == VALUE_CONST && shape_elems(&g->value[v].shape) == 1 &&
           const_read(&g->value[v], &f, 1, &err) == LIMN_OK && fabs((double)f - want) <= 1e-6 * fabs(want);
}

/* The other operand of a commutative node whose one operand is this number; VALUE_NONE otherwise. */
static value_id beside_number(const struct graph *g, const struct node *n, double number)
{
    for (int i = 0; n != NULL && i < 2; i++) {
        if (is_number(g, n->in[i], number)) {
            return n->in[1 - i];
        }
    }
    return VALUE_NONE;
}

/* What is x in Sigmoid(x), or in HardSigmoid(x) with PyTorch's numbers; *whole is the operator of x f(x). */
static value_id gate_of(const struct graph *g, value_id v, const struct op **whole)
{
    const struct node *n = made_by(g, v, &op_sigmoid);
    if (n != NULL) {
        *whole = &op_silu;
        return n->in[0];
    }
    n = made_by(g, v, &op_hard_sigmoid);
    const struct hard_sigmoid_attrs *a = n != NULL ? n->attrs : NULL;
    if (a != NULL && fabs((double)a->alpha - 1.0 / 6) < 1e-6 && a->beta == 0.5f) {
        *whole = &op_hard_swish;
        return n->in[0];
    }
    return VALUE_NONE;
}

/* What is x in Clip(x + 3, 0, 6). */
static value_id shifted_relu6(const struct graph *g, value_id v)
{
    const struct node *n = made_by(g, v, &op_relu6);
    return n != NULL ? beside_number(g, made_by(g, n->in[0], &op_add), 3) : VALUE_NONE;
}

/* What is x in 1 + Erf(x / sqrt(2)). */
static value_id error_gate(const struct graph *g, value_id v)
{
    value_id erf_of = beside_number(g, made_by(g, v, &op_add), 1);
    const struct node *n = made_by(g, erf_of, &op_erf);
    if (n == NULL) {
        return VALUE_NONE;
    }
    const struct node *div = made_by(g, n->in[0], &op_div);
    if (div != NULL && is_number(g, div->in[1], sqrt(2))) {
        return div->in[0];
    }
    return beside_number(g, made_by(g, n->in[0], &op_mul), sqrt(0.5));
}

static bool is_known(struct onnx_call *c, struct onnx_val *v, double want)
{
    const double *p = val_folds(v) && v->n == 1 ? val_numbers(c, v) : NULL;
    return p != NULL && p[0] == want;
}

/* a b as one activation of a; NULL when it is none. */
static struct onnx_val *product_of(struct onnx_call *c, struct onnx_val *a, struct onnx_val *b)
{
    const struct graph *g = c->b->g;
    const struct op *whole = NULL;
    struct gelu_attrs exact = {0};
    /* 0.5 with the product: the outer factor of GELU */
    const struct node *n = is_known(c, a, 0.5) ? made_by(g, b->dev, &op_mul) : NULL;
    for (int i = 0; n != NULL && i < 2; i++) {
        if (error_gate(g, n->in[1 - i]) == n->in[i]) {
            return make_unary(c, &op_gelu, &exact, val_dev_as(c, b->type, n->in[i], b->rank, b->dim));
        }
    }
    if (b->dev == VALUE_NONE || a->dev == VALUE_NONE) {
        return NULL;
    }
    if (gate_of(g, b->dev, &whole) == a->dev) {
        return make_unary(c, whole, NULL, a);
    }
    /* (0.5 x) (1 + erf) */
    value_id x = beside_number(g, made_by(g, a->dev, &op_mul), 0.5);
    if (x != VALUE_NONE && error_gate(g, b->dev) == x) {
        return make_unary(c, &op_gelu, &exact, val_dev_as(c, a->type, x, a->rank, a->dim));
    }
    return NULL;
}

struct onnx_val *pattern_mul(struct onnx_call *c, struct onnx_val *a, struct onnx_val *b)
{
    if (a == NULL || b == NULL || !call_ok(c)) {
        return NULL;
    }
    struct onnx_val *y = product_of(c, a, b);
    return y != NULL || !call_ok(c) ? y : product_of(c, b, a);
}

struct onnx_val *pattern_div(struct onnx_call *c, struct onnx_val *a, struct onnx_val *b)
{
    const struct graph *g = c->b->g;
    if (a == NULL || b == NULL || !call_ok(c) || a->dev == VALUE_NONE) {
        return NULL;
    }
    const struct node *n = is_known(c, b, 6) ? made_by(g, a->dev, &op_mul) : NULL;
    for (int i = 0; n != NULL && i < 2; i++) {
        if (shifted_relu6(g, n->in[1 - i]) == n->in[i]) {
            return make_unary(c, &op_hard_swish, NULL, val_dev_as(c, a->type, n->in[i], a->rank, a->dim));
        }
    }
    return NULL;
}
