/* Functions of one element: what all have in common, and the arithmetic ones (activations are in activation.c). Their
 * vjps are composed of primitive operators and differentiate again; steps (sign, floor, ceil, round) and predicates
 * have no vjp, which is a derivative of zero. */
#include "ops/unary.h"

#include <math.h>
#include <string.h>

#include "push/unary.h"

static const struct unary *row_of(const struct op_call *c)
{
    const struct unary *const tables[] = {unary_activations, unary_plain, unary_trigonometric};
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        for (const struct unary *row = tables[t]; row->op; row++) {
            if (row->op == c->op) {
                return row;
            }
        }
    }
    return NULL; /* every operator that comes here has a row: tests run them all */
}

static void params_of(const struct op_call *c, float p[2])
{
    p[0] = p[1] = 0;
    for (uint32_t i = 0; i < c->op->n_attrs; i++) {
        const struct attr_desc *d = &c->op->attrs[i];
        const char *at = (const char *)c->attrs + d->offset;
        int32_t whole;
        if (d->type == ATTR_F32) {
            memcpy(&p[i], at, sizeof(p[i]));
        } else {
            memcpy(&whole, at, sizeof(whole));
            p[i] = (float)whole;
        }
    }
}

void unary_ref(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct unary *row = row_of(c);
    float p[2];
    params_of(c, p);
    size_t n = shape_elems(&c->out[0]);
    for (size_t i = 0; i < n; i++) {
        out[0][i] = row->value ? row->value(in[0][i]) : row->value_with(in[0][i], p);
    }
}

limn_status unary_plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    const struct unary *row = row_of(c);
    float p[2];
    params_of(c, p);
    uint32_t fn = row->fn == UNARY_GELU && p[0] != 0 ? UNARY_GELU_TANH : row->fn;
    return plan_unary(c, caps, l, fn, p[0], p[1], err);
}

static double value_affine(double x, const float *p)
{
    return (double)p[0] * x + (double)p[1];
}

static double value_sign(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

static double value_reciprocal(double x)
{
    return 1 / x;
}

static double value_rsqrt(double x)
{
    return 1 / sqrt(x);
}

static double value_is_nan(double x)
{
    return isnan(x) ? 1 : 0;
}

static double value_is_inf(double x, const float *p)
{
    return isinf(x) && p[x > 0 ? 1 : 0] != 0 ? 1 : 0;
}

static double value_not(double x)
{
    return x == 0 ? 1 : 0;
}

/* rint rounds halves to even in the default mode, which nobody here changes */
const struct unary unary_plain[] = {
    {&op_affine, UNARY_AFFINE, NULL, value_affine},
    {&op_exp, UNARY_EXP, exp, NULL},
    {&op_log, UNARY_LOG, log, NULL},
    {&op_sqrt, UNARY_SQRT, sqrt, NULL},
    {&op_abs, UNARY_ABS, fabs, NULL},
    {&op_sign, UNARY_SIGN, value_sign, NULL},
    {&op_floor, UNARY_FLOOR, floor, NULL},
    {&op_ceil, UNARY_CEIL, ceil, NULL},
    {&op_round, UNARY_ROUND, rint, NULL},
    {&op_reciprocal, UNARY_RECIPROCAL, value_reciprocal, NULL},
    {&op_rsqrt, UNARY_RSQRT, value_rsqrt, NULL},
    {&op_erf, UNARY_ERF, erf, NULL},
    {&op_is_nan, UNARY_IS_NAN, value_is_nan, NULL},
    {&op_is_inf, UNARY_IS_INF, NULL, value_is_inf},
    {&op_logical_not, UNARY_NOT, value_not, NULL},
    {NULL, 0, NULL, NULL},
};

static void vjp_affine(struct vjp *v)
{
    const struct affine_attrs *a = v->call->attrs;
    v->gin[0] = build_affine(v->b, v->gout[0], a->scale, 0);
}

static void vjp_exp(struct vjp *v)
{
    v->gin[0] = build_mul(v->b, v->gout[0], v->out[0]);
}

static void vjp_log(struct vjp *v)
{
    v->gin[0] = build_div(v->b, v->gout[0], v->in[0]);
}

static void vjp_sqrt(struct vjp *v)
{
    v->gin[0] = build_affine(v->b, build_div(v->b, v->gout[0], v->out[0]), 0.5f, 0);
}

/* g sign(x): 0 at 0 */
static void vjp_abs(struct vjp *v)
{
    v->gin[0] = build_mul(v->b, v->gout[0], build_unary(v->b, &op_sign, v->in[0]));
}

/* -y^2 */
static void vjp_reciprocal(struct vjp *v)
{
    value_id y = v->out[0];
    v->gin[0] = build_affine(v->b, build_mul(v->b, v->gout[0], build_mul(v->b, y, y)), -1, 0);
}

/* -y^3 / 2 */
static void vjp_rsqrt(struct vjp *v)
{
    value_id y = v->out[0], cube = build_mul(v->b, build_mul(v->b, y, y), y);
    v->gin[0] = build_affine(v->b, build_mul(v->b, v->gout[0], cube), -0.5f, 0);
}

/* 2 / sqrt(pi) exp(-x^2), the factor within the exponent */
static void vjp_erf(struct vjp *v)
{
    value_id x = v->in[0], e = build_affine(v->b, build_mul(v->b, x, x), -1, 0.120782238f);
    v->gin[0] = build_mul(v->b, v->gout[0], build_unary(v->b, &op_exp, e));
}

static const struct attr_desc affine_attr[] = {{"scale", ATTR_F32, offsetof(struct affine_attrs, scale)},
                                               {"shift", ATTR_F32, offsetof(struct affine_attrs, shift)}};
static const struct attr_desc is_inf_attr[] = {{"negative", ATTR_BOOL, offsetof(struct is_inf_attrs, negative)},
                                               {"positive", ATTR_BOOL, offsetof(struct is_inf_attrs, positive)}};

/* Tolerances: exact selections and single roundings 1e-6; division and square root are 2.5 ULP in Vulkan, exp and log 3
 * ULP plus a part that grows with |x|, hence 1e-5 where they are used; erf is an own polynomial (shaders/include). */
UNARY(affine, "scale * x + shift", UNARY_ATTRS(affine_attr, struct affine_attrs), .flags = OP_INPLACE,
      .vjp = vjp_affine, .flops_per_out = 2, .tol = 1e-6f);
UNARY(exp, "e^x", .flags = OP_INPLACE, .vjp = vjp_exp, .tol = 1e-5f);
UNARY(log, "natural logarithm of x", .flags = OP_INPLACE, .vjp = vjp_log, .tol = 1e-5f);
UNARY(sqrt, "square root of x", .flags = OP_INPLACE, .vjp = vjp_sqrt, .tol = 1e-6f);
UNARY(abs, "|x|", .flags = OP_INPLACE, .vjp = vjp_abs, .tol = 0);
UNARY(sign, "1 where x > 0, -1 where x < 0, 0 at 0", .flags = OP_INPLACE | OP_STEP, .tol = 0);
UNARY(floor, "the largest whole number <= x", .flags = OP_INPLACE | OP_STEP, .tol = 0);
UNARY(ceil, "the smallest whole number >= x", .flags = OP_INPLACE | OP_STEP, .tol = 0);
UNARY(round, "the nearest whole number, halves to even", .flags = OP_INPLACE | OP_STEP, .tol = 0);
UNARY(reciprocal, "1 / x", .flags = OP_INPLACE, .vjp = vjp_reciprocal, .tol = 1e-6f);
UNARY(rsqrt, "1 / sqrt(x)", .flags = OP_INPLACE, .vjp = vjp_rsqrt, .flops_per_out = 2, .tol = 1e-6f);
UNARY(erf, "error function of x", .flags = OP_INPLACE, .vjp = vjp_erf, .flops_per_out = 40, .tol = 1e-6f);
UNARY(is_nan, "1 where x is NaN, else 0", .flags = OP_INPLACE | OP_STEP, .tol = 0);
UNARY(is_inf, "1 where x is an infinity that counts, else 0", UNARY_ATTRS(is_inf_attr, struct is_inf_attrs),
      .flags = OP_INPLACE | OP_STEP, .tol = 0);
UNARY(logical_not, "1 where x is 0, else 0", .flags = OP_INPLACE | OP_STEP, .tol = 0);
