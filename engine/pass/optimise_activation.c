/* Activations that a file spells out become one operator, so that explanation methods meet what they have rules for and
 * the same network gives the same maps from every format:
 *     x sigmoid(x)                                    silu
 *     x tanh(softplus(x))                             mish
 *     clip(x + 3, 0, 6) / 6, clip(a x + b, 0, 1)      hard_sigmoid
 *     x hard_sigmoid(x), x clip(x + 3, 0, 6) / 6      hard_swish
 *     x (1 + erf(x / sqrt 2)) / 2                     gelu
 *     x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2 gelu, its tanh form
 * Constant factors may stand anywhere. The last node of a pattern is rewritten in place; values in between stay for
 * other readers, and one that is an output or a tap is a barrier: a gradient may be asked of it. */
#include <math.h>

#include "ops/ops.h"
#include "pass/optimise.h"

/* The node that makes v, unless v must exist as such. */
static const struct node *inner(const struct graph *g, value_id v)
{
    const struct value *x = &g->value[v];
    bool barrier = x->kind != VALUE_RESULT || x->flags & (VALUE_OUTPUT | VALUE_TAP);
    return barrier || g->node[x->producer].dead ? NULL : &g->node[x->producer];
}

static bool scalar(const struct graph *g, value_id v, double *out)
{
    const struct value *x = &g->value[v];
    float f;
    limn_error ignored;
    bool known = x->kind == VALUE_CONST && !(x->flags & VALUE_PARAM) && shape_elems(&x->shape) == 1 &&
                 const_read(x, &f, 1, &ignored) == LIMN_OK;
    *out = known ? (double)f : 0;
    return known;
}

/* scale * base + shift */
struct linear {
    value_id base;
    double scale, shift;
};

/* One node that is linear in one operand by constants: its operand, and y = scale * operand + shift. */
static bool linear_node(const struct graph *g, const struct node *n, struct linear *out)
{
    double c;
    if (n->op == &op_affine) {
        const struct affine_attrs *a = n->attrs;
        *out = (struct linear){n->in[0], (double)a->scale, (double)a->shift};
        return true;
    }
    if (n->op != &op_add && n->op != &op_sub && n->op != &op_mul && n->op != &op_div) {
        return false;
    }
    bool second = scalar(g, n->in[1], &c), first = !second && n->op != &op_div && scalar(g, n->in[0], &c);
    if (!first && !second) {
        return false;
    }
    *out = (struct linear){n->in[second ? 0 : 1], 1, 0};
    if (n->op == &op_mul) {
        out->scale = c;
    } else if (n->op == &op_div) {
        out->scale = 1 / c;
    } else if (n->op == &op_add) {
        out->shift = c;
    } else {
        out->scale = first ? -1 : 1;
        out->shift = first ? c : -c;
    }
    return true;
}

/* The result v of node n as a linear function of `stop`, else of something that is not linear itself. */
static struct linear peel_node(const struct graph *g, const struct node *n, value_id v, value_id stop)
{
    struct linear y = {v, 1, 0}, step;
    while (n != NULL && y.base != stop && linear_node(g, n, &step)) {
        y = (struct linear){step.base, y.scale * step.scale, y.scale * step.shift + y.shift};
        n = inner(g, y.base);
    }
    return y;
}

static struct linear peel(const struct graph *g, value_id v, value_id stop)
{
    return peel_node(g, inner(g, v), v, stop);
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-5 * fmax(fabs(a), fabs(b));
}

static bool limits_of(const struct node *n, double *lo, double *hi)
{
    if (n->op == &op_clip) {
        const struct clip_attrs *a = n->attrs;
        *lo = (double)a->lo;
        *hi = (double)a->hi;
        return true;
    }
    *lo = 0;
    *hi = 6;
    return n->op == &op_relu6;
}

/* What a pattern turns into. */
struct found {
    const struct op *op; /* NULL: no pattern */
    value_id x;
    struct hard_sigmoid_attrs hard;
    struct gelu_attrs gelu;
};

/* The node under the root's linear part, which may be the root itself. */
static const struct node *under_root(const struct graph *g, const struct node *root_node, const struct linear *root)
{
    return root->base == root_node->out[0] ? root_node : inner(g, root->base);
}

/* scale * clip(a x + b, 0, 1 / scale); without b it is taken for a scaled rectifier */
static struct found find_hard_sigmoid(const struct graph *g, const struct node *root_node, const struct linear *root)
{
    const struct node *n = under_root(g, root_node, root);
    double lo, hi;
    if (n == NULL || root->shift != 0 || !limits_of(n, &lo, &hi) || lo != 0 || !near(root->scale * hi, 1)) {
        return (struct found){0};
    }
    struct linear y = peel(g, n->in[0], VALUE_NONE);
    double alpha = root->scale * y.scale, beta = root->scale * y.shift;
    return (struct found){
        .op = beta == 0 ? NULL : &op_hard_sigmoid,
        .x = y.base,
        .hard = {(float)alpha, (float)beta},
    };
}

/* u = k (x + 0.044715 x^3) */
static bool is_gelu_inner(const struct graph *g, value_id u, value_id x)
{
    struct linear outer = peel(g, u, x);
    const struct node *sum = inner(g, outer.base);
    if (sum == NULL || sum->op != &op_add || !near(outer.scale, sqrt(2 / 3.14159265358979323846)) || outer.shift != 0) {
        return false;
    }
    struct linear cube = peel(g, sum->in[sum->in[0] == x ? 1 : 0], x);
    const struct node *n = inner(g, cube.base);
    double exponent;
    if (n == NULL || (sum->in[0] != x && sum->in[1] != x) || !near(cube.scale, 0.044715) || cube.shift != 0) {
        return false;
    }
    if (n->op == &op_pow) {
        return n->in[0] == x && scalar(g, n->in[1], &exponent) && exponent == 3;
    }
    const struct node *square = n->op == &op_mul ? inner(g, n->in[n->in[0] == x ? 1 : 0]) : NULL;
    return square != NULL && (n->in[0] == x || n->in[1] == x) && square->op == &op_mul && square->in[0] == x &&
           square->in[1] == x;
}

/* scale * x * f(x) with f made by node n, whose result stands as `s` there. */
static const struct op *product_of(const struct graph *g, value_id x, double scale, const struct linear *s,
                                   struct gelu_attrs *gelu)
{
    const struct node *n = inner(g, s->base);
    double lo, hi, total = scale * s->scale;
    if (n == NULL) {
        return NULL;
    }
    struct linear in = peel(g, n->in[0], x);
    bool of_x = in.base == x, plain = n->in[0] == x;
    if (s->shift == 0) {
        const struct node *under = n->op == &op_tanh ? inner(g, n->in[0]) : NULL;
        const struct hard_sigmoid_attrs *hard = n->op == &op_hard_sigmoid ? n->attrs : NULL;
        bool six = of_x && limits_of(n, &lo, &hi) && lo == 0 && hi == 6 && near(in.scale, 1) && near(in.shift, 3);
        bool sixth = hard != NULL && plain && near((double)hard->alpha, 1.0 / 6) && near((double)hard->beta, 0.5);
        if (n->op == &op_sigmoid && plain && near(total, 1)) {
            return &op_silu;
        }
        if (under != NULL && under->op == &op_softplus && under->in[0] == x && near(total, 1)) {
            return &op_mish;
        }
        return (six && near(total, 1.0 / 6)) || (sixth && near(total, 1)) ? &op_hard_swish : NULL;
    }
    bool half = near(total, 0.5) && near(scale * s->shift, 0.5);
    gelu->tanh = n->op == &op_tanh;
    if (half && n->op == &op_erf && of_x && near(in.scale, sqrt(0.5)) && in.shift == 0) {
        return &op_gelu;
    }
    return half && n->op == &op_tanh && is_gelu_inner(g, n->in[0], x) ? &op_gelu : NULL;
}

static struct found find_product(const struct graph *g, const struct node *root_node, const struct linear *root)
{
    const struct node *n = under_root(g, root_node, root);
    struct found f = {0};
    if (n == NULL || n->op != &op_mul || root->shift != 0) {
        return f;
    }
    for (int i = 0; i < 2 && f.op == NULL; i++) {
        struct linear x = peel(g, n->in[i], VALUE_NONE), s = peel(g, n->in[1 - i], VALUE_NONE);
        if (x.shift == 0) {
            f.x = x.base;
            f.op = product_of(g, x.base, root->scale * x.scale, &s, &f.gelu);
        }
        if (f.op == NULL) { /* x is linear itself: take it as it stands */
            f.x = n->in[i];
            f.op = product_of(g, n->in[i], root->scale, &s, &f.gelu);
        }
    }
    return f;
}

static limn_status rewrite(struct graph *g, struct node *n, const struct found *f, limn_error *err)
{
    void *attrs = arena_alloc(&g->arena, 1, f->op->attr_bytes + 1);
    value_id *in = arena_alloc(&g->arena, 1, sizeof(*in));
    if (attrs == NULL || in == NULL) {
        return err_nomem(err, sizeof(*in), "joining an activation");
    }
    if (f->op == &op_hard_sigmoid) {
        *(struct hard_sigmoid_attrs *)attrs = f->hard;
    } else if (f->op == &op_gelu) {
        *(struct gelu_attrs *)attrs = f->gelu;
    }
    in[0] = f->x;
    n->op = f->op;
    n->attrs = attrs;
    n->in = in;
    n->n_in = 1;
    return LIMN_OK;
}

limn_status optimise_activation(struct graph *g, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < g->n_node && st == LIMN_OK; i++) {
        struct node *n = &g->node[i];
        if (n->dead || n->n_out != 1) {
            continue;
        }
        struct linear root = peel_node(g, n, n->out[0], VALUE_NONE);
        struct found f = find_product(g, n, &root);
        if (f.op == NULL) {
            f = find_hard_sigmoid(g, n, &root);
        }
        if (f.op != NULL && shape_equal(&g->value[f.x].shape, &g->value[n->out[0]].shape)) {
            st = rewrite(g, n, &f, err);
        }
    }
    return st;
}
