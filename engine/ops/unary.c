/* Activations and other functions of one element: one table row each holds the kernel's number and the value in double.
 * Attribute structs of these operators are at most two floats, which are the kernel's parameters a and b.
 *
 * Backward: the piecewise-linear ones are gates (act_gate) on their output, so that the input need not be kept and
 * explanation methods can swap the gate; the smooth ones are composed of primitive operators and differentiate again.
 */
#include "ops/ops.h"

#include <math.h>
#include <string.h>

#include "ops/elementwise.h"
#include "push/unary.h"

typedef double (*unary_fn)(double x, const float *p);

static double value_relu(double x, const float *p)
{
    (void)p;
    return x <= 0 ? 0 : x;
}

static double value_relu6(double x, const float *p)
{
    (void)p;
    return x <= 0 ? 0 : x >= 6 ? 6 : x;
}

static double value_leaky_relu(double x, const float *p)
{
    return x <= 0 ? (double)p[0] * x : x;
}

static double value_sigmoid(double x, const float *p)
{
    (void)p;
    return 1 / (1 + exp(-x));
}

static double value_tanh(double x, const float *p)
{
    (void)p;
    return tanh(x);
}

static double value_silu(double x, const float *p)
{
    (void)p;
    return x / (1 + exp(-x));
}

static double value_hard_swish(double x, const float *p)
{
    return x * value_relu6(x + 3, p) / 6;
}

static double value_affine(double x, const float *p)
{
    return (double)p[0] * x + (double)p[1];
}

static double value_exp(double x, const float *p)
{
    (void)p;
    return exp(x);
}

static double value_log(double x, const float *p)
{
    (void)p;
    return log(x);
}

static double value_sqrt(double x, const float *p)
{
    (void)p;
    return sqrt(x);
}

static double value_abs(double x, const float *p)
{
    (void)p;
    return fabs(x);
}

static const struct unary {
    const struct op *op;
    uint32_t fn;
    unary_fn value;
} table[] = {
    {&op_relu, UNARY_RELU, value_relu},
    {&op_relu6, UNARY_RELU6, value_relu6},
    {&op_leaky_relu, UNARY_LEAKY_RELU, value_leaky_relu},
    {&op_sigmoid, UNARY_SIGMOID, value_sigmoid},
    {&op_tanh, UNARY_TANH, value_tanh},
    {&op_silu, UNARY_SILU, value_silu},
    {&op_hard_swish, UNARY_HARD_SWISH, value_hard_swish},
    {&op_affine, UNARY_AFFINE, value_affine},
    {&op_exp, UNARY_EXP, value_exp},
    {&op_log, UNARY_LOG, value_log},
    {&op_sqrt, UNARY_SQRT, value_sqrt},
    {&op_abs, UNARY_ABS, value_abs},
};

static const struct unary *row_of(const struct op_call *c)
{
    size_t i = 0;
    while (table[i].op != c->op) {
        i++;
    }
    return &table[i];
}

static void params_of(const struct op_call *c, float p[2])
{
    p[0] = p[1] = 0;
    if (c->op->attr_bytes) {
        memcpy(p, c->attrs, c->op->attr_bytes);
    }
}

static void ref_unary(const struct op_call *c, const double *const *in, double *const *out)
{
    unary_fn value = row_of(c)->value;
    float p[2];
    params_of(c, p);
    size_t n = shape_elems(&c->out[0]);
    for (size_t i = 0; i < n; i++) {
        out[0][i] = value(in[0][i], p);
    }
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    float p[2];
    params_of(c, p);
    return plan_unary(c, caps, l, row_of(c)->fn, p[0], p[1], err);
}

static value_id gate(struct builder *b, value_id g, value_id mask, float lo, float hi, float slope)
{
    return build(b, &op_act_gate, NULL, (&(struct act_gate_attrs){GATE_VANILLA, lo, hi, slope}), g, mask);
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
    value_id y = v->out[0], slope = build_mul(v->b, y, build_affine(v->b, y, -1, 1));
    v->gin[0] = build_mul(v->b, v->gout[0], slope);
}

/* y' = 1 - y^2 */
static void vjp_tanh(struct vjp *v)
{
    value_id y = v->out[0], slope = build_affine(v->b, build_mul(v->b, y, y), -1, 1);
    v->gin[0] = build_mul(v->b, v->gout[0], slope);
}

/* y' = s + y (1 - s), s = sigmoid(x) */
static void vjp_silu(struct vjp *v)
{
    value_id s = build(v->b, &op_sigmoid, NULL, NULL, v->in[0]);
    value_id slope = build_add(v->b, s, build_mul(v->b, v->out[0], build_affine(v->b, s, -1, 1)));
    v->gin[0] = build_mul(v->b, v->gout[0], slope);
}

/* y = x r / 6 with r = relu6(x + 3): g r / 6 + g x / 6 where -3 < x < 3 */
static void vjp_hard_swish(struct vjp *v)
{
    value_id x = v->in[0], g = build_affine(v->b, v->gout[0], 1.0f / 6, 0);
    value_id r = build(v->b, &op_relu6, NULL, NULL, build_affine(v->b, x, 1, 3));
    v->gin[0] = build_add(v->b, build_mul(v->b, g, r), gate(v->b, build_mul(v->b, g, x), x, -3, 3, 0));
}

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

/* g where x > 0, -g where x < 0, 0 at 0 */
static void vjp_abs(struct vjp *v)
{
    value_id g = v->gout[0], x = v->in[0];
    v->gin[0] = build_sub(v->b, gate(v->b, g, x, 0, INFINITY, 0), gate(v->b, g, x, -INFINITY, 0, 0));
}

static const struct attr_desc leaky_relu_attr[] = {{"slope", ATTR_F32, offsetof(struct leaky_relu_attrs, slope)}};
static const struct attr_desc affine_attr[] = {{"scale", ATTR_F32, offsetof(struct affine_attrs, scale)},
                                               {"shift", ATTR_F32, offsetof(struct affine_attrs, shift)}};

#define LEAKY_RELU_ATTRS .attrs = leaky_relu_attr, .n_attrs = 1, .attr_bytes = sizeof(struct leaky_relu_attrs)
#define AFFINE_ATTRS .attrs = affine_attr, .n_attrs = 2, .attr_bytes = sizeof(struct affine_attrs)
#define ONE_IN .n_in_min = 1, .n_in_max = 1, .n_out = 1, .infer = infer_same, .ref = ref_unary, .plan = plan

/* Tolerances: exact selections and single roundings 1e-6; division and square root are 2.5 ULP in Vulkan, exp and log 3
 * ULP plus a part that grows with |x|, hence 1e-5 where they are used. */
const struct op op_relu = {
    .name = "relu", .doc = "max(x, 0)", ONE_IN, .flags = OP_INPLACE | OP_ACTIVATION, .vjp = vjp_relu, .tol = 0};
const struct op op_relu6 = {.name = "relu6",
                            .doc = "min(max(x, 0), 6)",
                            ONE_IN,
                            .flags = OP_INPLACE | OP_ACTIVATION,
                            .vjp = vjp_relu6,
                            .tol = 0};
const struct op op_leaky_relu = {.name = "leaky_relu",
                                 .doc = "x where x > 0, slope * x elsewhere",
                                 ONE_IN,
                                 LEAKY_RELU_ATTRS,
                                 .flags = OP_INPLACE | OP_ACTIVATION,
                                 .vjp = vjp_leaky_relu,
                                 .tol = 1e-6f};
const struct op op_sigmoid = {.name = "sigmoid",
                              .doc = "1 / (1 + exp(-x))",
                              ONE_IN,
                              .flags = OP_INPLACE | OP_ACTIVATION,
                              .vjp = vjp_sigmoid,
                              .flops_per_out = 4,
                              .tol = 1e-5f};
const struct op op_tanh = {.name = "tanh",
                           .doc = "tanh(x)",
                           ONE_IN,
                           .flags = OP_INPLACE | OP_ACTIVATION,
                           .vjp = vjp_tanh,
                           .flops_per_out = 6,
                           .tol = 1e-5f};
const struct op op_silu = {.name = "silu",
                           .doc = "x / (1 + exp(-x))",
                           ONE_IN,
                           .flags = OP_INPLACE | OP_ACTIVATION,
                           .vjp = vjp_silu,
                           .flops_per_out = 5,
                           .tol = 1e-5f};
const struct op op_hard_swish = {.name = "hard_swish",
                                 .doc = "x * min(max(x + 3, 0), 6) / 6",
                                 ONE_IN,
                                 .vjp = vjp_hard_swish,
                                 .flags = OP_INPLACE | OP_ACTIVATION,
                                 .flops_per_out = 3,
                                 .tol = 1e-6f};
const struct op op_affine = {.name = "affine",
                             .doc = "scale * x + shift",
                             ONE_IN,
                             AFFINE_ATTRS,
                             .flags = OP_INPLACE,
                             .vjp = vjp_affine,
                             .flops_per_out = 2,
                             .tol = 1e-6f};
const struct op op_exp = {.name = "exp", .doc = "e^x", ONE_IN, .flags = OP_INPLACE, .vjp = vjp_exp, .tol = 1e-5f};
const struct op op_log = {
    .name = "log", .doc = "natural logarithm of x", ONE_IN, .flags = OP_INPLACE, .vjp = vjp_log, .tol = 1e-5f};
const struct op op_sqrt = {
    .name = "sqrt", .doc = "square root of x", ONE_IN, .flags = OP_INPLACE, .vjp = vjp_sqrt, .tol = 1e-6f};
const struct op op_abs = {.name = "abs", .doc = "|x|", ONE_IN, .flags = OP_INPLACE, .vjp = vjp_abs, .tol = 0};
