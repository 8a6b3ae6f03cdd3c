/* Activations.
 *
 * Backward: the piecewise-linear ones are gates (act_gate) on their output, so that the input need not be kept and
 * explanation methods can swap the gate; the smooth ones are composed of primitive operators and differentiate again.
 */
#include "ops/unary.h"

#include <math.h>

#include "push/unary.h"

static double value_relu(double x)
{
    return x <= 0 ? 0 : x;
}

static double value_clip(double x, const float *p)
{
    double y = x < (double)p[0] ? (double)p[0] : x;
    return y > (double)p[1] ? (double)p[1] : y;
}

static double value_relu6(double x)
{
    return value_clip(x, (const float[2]){0, 6});
}

static double value_leaky_relu(double x, const float *p)
{
    return x <= 0 ? (double)p[0] * x : x;
}

static double value_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double value_silu(double x)
{
    return x / (1 + exp(-x));
}

static double value_hard_swish(double x)
{
    return x * value_relu6(x + 3) / 6;
}

/* tanh(u) = 2 sigmoid(2u) - 1 with 2u = sqrt(8/pi) (x + 0.044715 x^3) */
static double value_gelu(double x, const float *p)
{
    return p[0] != 0 ? x * value_sigmoid(sqrt(8 / 3.14159265358979323846) * (x + 0.044715 * x * x * x))
                     : 0.5 * x * (1 + erf(x * 0.70710678118654752440));
}

static double value_softplus(double x)
{
    return isnan(x) ? x : fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double value_softsign(double x)
{
    return x / (1 + fabs(x));
}

static double value_hard_sigmoid(double x, const float *p)
{
    return value_clip((double)p[0] * x + (double)p[1], (const float[2]){0, 1});
}

static double value_elu(double x, const float *p)
{
    return x > 0 ? x : (double)p[0] * expm1(x);
}

static double value_mish(double x)
{
    return x * tanh(value_softplus(x));
}

static double value_thresholded_relu(double x, const float *p)
{
    return x <= (double)p[0] ? 0 : x;
}

const struct unary unary_activations[] = {
    {&op_relu, UNARY_RELU, value_relu, NULL},
    {&op_relu6, UNARY_RELU6, value_relu6, NULL},
    {&op_leaky_relu, UNARY_LEAKY_RELU, NULL, value_leaky_relu},
    {&op_sigmoid, UNARY_SIGMOID, value_sigmoid, NULL},
    {&op_tanh, UNARY_TANH, tanh, NULL},
    {&op_silu, UNARY_SILU, value_silu, NULL},
    {&op_hard_swish, UNARY_HARD_SWISH, value_hard_swish, NULL},
    {&op_gelu, UNARY_GELU, NULL, value_gelu},
    {&op_softplus, UNARY_SOFTPLUS, value_softplus, NULL},
    {&op_softsign, UNARY_SOFTSIGN, value_softsign, NULL},
    {&op_hard_sigmoid, UNARY_HARD_SIGMOID, NULL, value_hard_sigmoid},
    {&op_elu, UNARY_ELU, NULL, value_elu},
    {&op_mish, UNARY_MISH, value_mish, NULL},
    {&op_clip, UNARY_CLIP, NULL, value_clip},
    {&op_thresholded_relu, UNARY_THRESHOLDED_RELU, NULL, value_thresholded_relu},
    {NULL, 0, NULL, NULL},
};

static value_id gate(struct builder *b, value_id g, value_id mask, float lo, float hi, float slope)
{
    return build(b, &op_act_gate, NULL, (&(struct act_gate_attrs){GATE_VANILLA, lo, hi, slope}), g, mask);
}

/* gin = g slope */
static void give(struct vjp *v, value_id slope)
{
    v->gin[0] = build_mul(v->b, v->gout[0], slope);
}

static void vjp_relu(struct vjp *v)
{
    v->gin[0] = gate(v->b, v->gout[0], v->out[0], 0, INFINITY, 0);
}

static void vjp_relu6(struct vjp *v)
{
    v->gin[0] = gate(v->b, v->gout[0], v->out[0], 0, 6, 0);
}

static void vjp_leaky_relu(struct vjp *v)
{
    const struct leaky_relu_attrs *a = v->call->attrs;
    /* the output tells the side only while the slope keeps the sign */
    v->gin[0] = gate(v->b, v->gout[0], a->slope > 0 ? v->out[0] : v->in[0], 0, INFINITY, a->slope);
}

/* y' = y (1 - y) */
static void vjp_sigmoid(struct vjp *v)
{
    value_id y = v->out[0];
    give(v, build_mul(v->b, y, build_affine(v->b, y, -1, 1)));
}

/* y' = 1 - y^2 */
static void vjp_tanh(struct vjp *v)
{
    value_id y = v->out[0];
    give(v, build_affine(v->b, build_mul(v->b, y, y), -1, 1));
}

/* y' = s + y (1 - s), s = sigmoid(x) */
static void vjp_silu(struct vjp *v)
{
    value_id s = build_unary(v->b, &op_sigmoid, v->in[0]);
    give(v, build_add(v->b, s, build_mul(v->b, v->out[0], build_affine(v->b, s, -1, 1))));
}

/* y = x r / 6 with r = relu6(x + 3): g r / 6 + g x / 6 where -3 < x < 3 */
static void vjp_hard_swish(struct vjp *v)
{
    value_id x = v->in[0], g = build_affine(v->b, v->gout[0], 1.0f / 6, 0);
    value_id r = build_unary(v->b, &op_relu6, build_affine(v->b, x, 1, 3));
    v->gin[0] = build_add(v->b, build_mul(v->b, g, r), gate(v->b, build_mul(v->b, g, x), x, -3, 3, 0));
}

/* Exact: F(x) + x f(x) with the normal distribution F and its density f, whose factor 1/sqrt(2 pi) is within the
 * exponent. With tanh: y = x s(u), y' = s + y (1 - s) u', u = x (c + c k x^2). */
static void vjp_gelu(struct vjp *v)
{
    const struct gelu_attrs *a = v->call->attrs;
    struct builder *b = v->b;
    value_id x = v->in[0], square = build_mul(b, x, x);
    if (!a->tanh) {
        value_id below = build_unary(b, &op_erf, build_affine(b, x, 0.707106781f, 0));
        value_id density = build_unary(b, &op_exp, build_affine(b, square, -0.5f, -0.918938533f));
        give(v, build_add(b, build_affine(b, below, 0.5f, 0.5f), build_mul(b, x, density)));
        return;
    }
    value_id s = build_unary(b, &op_sigmoid, build_mul(b, x, build_affine(b, square, 0.0713548163f, 1.59576912f)));
    value_id inner = build_mul(b, build_affine(b, s, -1, 1), build_affine(b, square, 0.214064449f, 1.59576912f));
    give(v, build_add(b, s, build_mul(b, v->out[0], inner)));
}

static void vjp_softplus(struct vjp *v)
{
    give(v, build_unary(v->b, &op_sigmoid, v->in[0]));
}

/* y' = 1 / (1 + |x|)^2 = (1 - |y|)^2 */
static void vjp_softsign(struct vjp *v)
{
    value_id rest = build_affine(v->b, build_unary(v->b, &op_abs, v->out[0]), -1, 1);
    give(v, build_mul(v->b, rest, rest));
}

static void vjp_hard_sigmoid(struct vjp *v)
{
    const struct hard_sigmoid_attrs *a = v->call->attrs;
    v->gin[0] = gate(v->b, build_affine(v->b, v->gout[0], a->alpha, 0), v->out[0], 0, 1, 0);
}

/* y' = 1 where x > 0, y + alpha elsewhere */
static void vjp_elu(struct vjp *v)
{
    const struct elu_attrs *a = v->call->attrs;
    value_id below = build_mul(v->b, v->gout[0], build_affine(v->b, v->out[0], 1, a->alpha));
    value_id above = build(v->b, &op_greater, NULL, NULL, v->in[0], build_fill(v->b, (struct shape){.rank = 0}, 0));
    v->gin[0] = build(v->b, &op_where, NULL, NULL, above, v->gout[0], below);
}

/* y' = t + x (1 - t^2) sigmoid(x), t = tanh(softplus(x)) */
static void vjp_mish(struct vjp *v)
{
    struct builder *b = v->b;
    value_id x = v->in[0], t = build_unary(b, &op_tanh, build_unary(b, &op_softplus, x));
    value_id rest = build_affine(b, build_mul(b, t, t), -1, 1);
    give(v, build_add(b, t, build_mul(b, rest, build_mul(b, x, build_unary(b, &op_sigmoid, x)))));
}

/* Nothing at the limits themselves, as ReLU6 has it. */
static void vjp_clip(struct vjp *v)
{
    const struct clip_attrs *a = v->call->attrs;
    v->gin[0] = gate(v->b, v->gout[0], v->out[0], a->lo, a->hi, 0);
}

static void vjp_thresholded_relu(struct vjp *v)
{
    const struct thresholded_relu_attrs *a = v->call->attrs;
    v->gin[0] = gate(v->b, v->gout[0], v->in[0], a->alpha, INFINITY, 0);
}

static const struct attr_desc leaky_relu_attr[] = {{"slope", ATTR_F32, offsetof(struct leaky_relu_attrs, slope)}};
static const struct attr_desc gelu_attr[] = {{"tanh", ATTR_BOOL, offsetof(struct gelu_attrs, tanh)}};
static const struct attr_desc hard_sigmoid_attr[] = {{"alpha", ATTR_F32, offsetof(struct hard_sigmoid_attrs, alpha)},
                                                     {"beta", ATTR_F32, offsetof(struct hard_sigmoid_attrs, beta)}};
static const struct attr_desc elu_attr[] = {{"alpha", ATTR_F32, offsetof(struct elu_attrs, alpha)}};
static const struct attr_desc clip_attr[] = {{"lo", ATTR_F32, offsetof(struct clip_attrs, lo)},
                                             {"hi", ATTR_F32, offsetof(struct clip_attrs, hi)}};
static const struct attr_desc threshold_attr[] = {{"alpha", ATTR_F32, offsetof(struct thresholded_relu_attrs, alpha)}};

#define ACTIVATION .flags = OP_INPLACE | OP_ACTIVATION

/* Tolerances: exact selections and single roundings 1e-6; 1e-5 where exp is used (3 ULP and a part that grows with
 * |x|); gelu's erf is an own polynomial (shaders/include/math.glsl), its tanh form rests on exp. */
UNARY(relu, "max(x, 0)", ACTIVATION, .vjp = vjp_relu, .tol = 0);
UNARY(relu6, "min(max(x, 0), 6)", ACTIVATION, .vjp = vjp_relu6, .tol = 0);
UNARY(leaky_relu, "x where x > 0, slope * x elsewhere", ACTIVATION,
      UNARY_ATTRS(leaky_relu_attr, struct leaky_relu_attrs), .vjp = vjp_leaky_relu, .tol = 1e-6f);
UNARY(sigmoid, "1 / (1 + exp(-x))", ACTIVATION, .vjp = vjp_sigmoid, .flops_per_out = 4, .tol = 1e-5f);
UNARY(tanh, "tanh(x)", ACTIVATION, .vjp = vjp_tanh, .flops_per_out = 6, .tol = 1e-5f);
UNARY(silu, "x / (1 + exp(-x))", ACTIVATION, .vjp = vjp_silu, .flops_per_out = 5, .tol = 1e-5f);
UNARY(hard_swish, "x * min(max(x + 3, 0), 6) / 6", ACTIVATION, .vjp = vjp_hard_swish, .flops_per_out = 3, .tol = 1e-6f);
UNARY(gelu, "x F(x), F the normal distribution function; or x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2",
      ACTIVATION, UNARY_ATTRS(gelu_attr, struct gelu_attrs), .vjp = vjp_gelu, .flops_per_out = 40, .tol = 1e-5f);
UNARY(softplus, "log(1 + exp(x))", ACTIVATION, .vjp = vjp_softplus, .flops_per_out = 20, .tol = 1e-5f);
UNARY(softsign, "x / (1 + |x|)", ACTIVATION, .vjp = vjp_softsign, .flops_per_out = 3, .tol = 1e-6f);
UNARY(hard_sigmoid, "min(max(alpha * x + beta, 0), 1)", ACTIVATION,
      UNARY_ATTRS(hard_sigmoid_attr, struct hard_sigmoid_attrs), .vjp = vjp_hard_sigmoid, .flops_per_out = 4,
      .tol = 1e-6f);
UNARY(elu, "x where x > 0, alpha * (exp(x) - 1) elsewhere", ACTIVATION, UNARY_ATTRS(elu_attr, struct elu_attrs),
      .vjp = vjp_elu, .flops_per_out = 10, .tol = 1e-5f);
UNARY(mish, "x * tanh(log(1 + exp(x)))", ACTIVATION, .vjp = vjp_mish, .flops_per_out = 10, .tol = 1e-5f);
UNARY(clip, "min(max(x, lo), hi)", ACTIVATION, UNARY_ATTRS(clip_attr, struct clip_attrs), .vjp = vjp_clip,
      .flops_per_out = 2, .tol = 0);
UNARY(thresholded_relu, "x where x > alpha, else 0", ACTIVATION,
      UNARY_ATTRS(threshold_attr, struct thresholded_relu_attrs), .vjp = vjp_thresholded_relu, .tol = 0);
