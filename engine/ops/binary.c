/* Functions of two elements with NumPy broadcasting, and the choice of three (where). Backward sums over what was
 * broadcast (build_sum_to). Comparisons and logic give 0 or 1 and have no vjp, which is a derivative of zero; a number
 * counts as true unless it is 0. */
#include "ops/ops.h"

#include <math.h>

#include "ops/elementwise.h"
#include "push/binary.h"

typedef double (*binary_fn)(double a, double b);

static double value_add(double a, double b)
{
    return a + b;
}

static double value_sub(double a, double b)
{
    return a - b;
}

static double value_mul(double a, double b)
{
    return a * b;
}

static double value_div(double a, double b)
{
    return a / b;
}

/* Unlike fmin and fmax, NaN stays. */
static double value_min(double a, double b)
{
    return a < b || isnan(a) ? a : b;
}

static double value_max(double a, double b)
{
    return a > b || isnan(a) ? a : b;
}

static double value_mod(double a, double b)
{
    double r = fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static double value_prelu(double x, double slope)
{
    return x <= 0 ? slope * x : x;
}

static double value_equal(double a, double b)
{
    return a == b;
}

static double value_less(double a, double b)
{
    return a < b;
}

static double value_less_or_equal(double a, double b)
{
    return a <= b;
}

static double value_greater(double a, double b)
{
    return a > b;
}

static double value_greater_or_equal(double a, double b)
{
    return a >= b;
}

static double value_and(double a, double b)
{
    return a != 0 && b != 0;
}

static double value_or(double a, double b)
{
    return a != 0 || b != 0;
}

static double value_xor(double a, double b)
{
    return (a != 0) != (b != 0);
}

static const struct binary {
    const struct op *op;
    uint32_t fn;
    binary_fn value;
} table[] = {
    {&op_add, BINARY_ADD, value_add},
    {&op_sub, BINARY_SUB, value_sub},
    {&op_mul, BINARY_MUL, value_mul},
    {&op_div, BINARY_DIV, value_div},
    {&op_pow, BINARY_POW, pow},
    {&op_min, BINARY_MIN, value_min},
    {&op_max, BINARY_MAX, value_max},
    {&op_mod, BINARY_MOD, value_mod},
    {&op_fmod, BINARY_FMOD, fmod},
    {&op_prelu, BINARY_PRELU, value_prelu},
    {&op_equal, BINARY_EQUAL, value_equal},
    {&op_less, BINARY_LESS, value_less},
    {&op_less_or_equal, BINARY_LESS_OR_EQUAL, value_less_or_equal},
    {&op_greater, BINARY_GREATER, value_greater},
    {&op_greater_or_equal, BINARY_GREATER_OR_EQUAL, value_greater_or_equal},
    {&op_logical_and, BINARY_AND, value_and},
    {&op_logical_or, BINARY_OR, value_or},
    {&op_logical_xor, BINARY_XOR, value_xor},
};

static const struct binary *row_of(const struct op_call *c)
{
    size_t i = 0;
    while (table[i].op != c->op) {
        i++;
    }
    return &table[i];
}

static void ref_binary(const struct op_call *c, const double *const *in, double *const *out)
{
    binary_fn value = row_of(c)->value;
    struct strided s[2];
    size_t n = shape_elems(&c->out[0]);
    strided_read(&c->in[0], &c->out[0], &s[0]);
    strided_read(&c->in[1], &c->out[0], &s[1]);
    for (size_t i = 0; i < n; i++) {
        out[0][i] = value(in[0][strided_at(&s[0], i)], in[1][strided_at(&s[1], i)]);
    }
}

static void ref_where(const struct op_call *c, const double *const *in, double *const *out)
{
    struct strided s[3];
    size_t n = shape_elems(&c->out[0]);
    for (int k = 0; k < 3; k++) {
        strided_read(&c->in[k], &c->out[0], &s[k]);
    }
    for (size_t i = 0; i < n; i++) {
        int chosen = in[0][strided_at(&s[0], i)] != 0 ? 1 : 2;
        out[0][i] = in[chosen][strided_at(&s[chosen], i)];
    }
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    return plan_binary(c, caps, l, row_of(c)->fn, NULL, err);
}

static limn_status infer_prelu(const struct op_call *c, struct shape *out, limn_error *err)
{
    struct shape y;
    limn_status st = infer_broadcast(c, &y, err);
    if (st == LIMN_OK && !shape_equal(&y, &c->in[0])) {
        char x[SHAPE_TEXT_MAX], slope[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_SHAPE, "slope is %s, which does not broadcast to %s", shape_text(&c->in[1], slope),
                       shape_text(&c->in[0], x));
    }
    out[0] = st == LIMN_OK ? y : out[0];
    return st;
}

/* The cotangent of input i is g summed to its shape. */
static void give(struct vjp *v, int i, value_id g)
{
    v->gin[i] = build_sum_to(v->b, g, v->call->in[i]);
}

static value_id zero(struct vjp *v)
{
    return build_fill(v->b, (struct shape){.rank = 0}, 0);
}

static void vjp_add(struct vjp *v)
{
    for (int i = 0; i < 2; i++) {
        if (v->need[i]) {
            give(v, i, v->gout[0]);
        }
    }
}

static void vjp_sub(struct vjp *v)
{
    if (v->need[0]) {
        give(v, 0, v->gout[0]);
    }
    if (v->need[1]) {
        v->gin[1] = build_affine(v->b, build_sum_to(v->b, v->gout[0], v->call->in[1]), -1, 0);
    }
}

static void vjp_mul(struct vjp *v)
{
    for (int i = 0; i < 2; i++) {
        if (v->need[i]) {
            give(v, i, build_mul(v->b, v->gout[0], v->in[1 - i]));
        }
    }
}

/* g / b and -(g / b) y */
static void vjp_div(struct vjp *v)
{
    value_id g = build_div(v->b, v->gout[0], v->in[1]);
    if (v->need[0]) {
        give(v, 0, g);
    }
    if (v->need[1]) {
        give(v, 1, build_affine(v->b, build_mul(v->b, g, v->out[0]), -1, 0));
    }
}

/* g b a^(b-1), and 0 where b is 0 whatever a is: there the exponent is taken as 0; g y log(a), and 0 where a is 0:
 * there log(1) is taken. */
static void vjp_pow(struct vjp *v)
{
    struct builder *b = v->b;
    value_id base = v->in[0], exponent = v->in[1], g = v->gout[0];
    if (v->need[0]) {
        value_id none = build(b, &op_equal, NULL, NULL, exponent, zero(v));
        value_id less = build_add(b, build_affine(b, exponent, 1, -1), none);
        value_id power = build(b, &op_pow, NULL, NULL, base, less);
        give(v, 0, build_mul(b, g, build_mul(b, power, exponent)));
    }
    if (v->need[1]) {
        value_id none = build(b, &op_equal, NULL, NULL, base, zero(v));
        value_id log_base = build_unary(b, &op_log, build_add(b, base, none));
        give(v, 1, build_mul(b, g, build_mul(b, v->out[0], log_base)));
    }
}

/* To the one that was chosen; half to each where they are equal, as PyTorch has it. `ahead` and `level` compare a with
 * b strictly and not. */
static void vjp_choice(struct vjp *v, const struct op *ahead, const struct op *level)
{
    struct builder *b = v->b;
    value_id strict = build(b, ahead, NULL, NULL, v->in[0], v->in[1]);
    value_id loose = build(b, level, NULL, NULL, v->in[0], v->in[1]);
    value_id share = build_affine(b, build_add(b, strict, loose), 0.5f, 0);
    if (v->need[0]) {
        give(v, 0, build_mul(b, v->gout[0], share));
    }
    if (v->need[1]) {
        give(v, 1, build_mul(b, v->gout[0], build_affine(b, share, -1, 1)));
    }
}

static void vjp_min(struct vjp *v)
{
    vjp_choice(v, &op_less, &op_less_or_equal);
}

static void vjp_max(struct vjp *v)
{
    vjp_choice(v, &op_greater, &op_greater_or_equal);
}

/* y = a - q b with a whole q: g and -q g */
static void vjp_mod(struct vjp *v)
{
    struct builder *b = v->b;
    if (v->need[0]) {
        give(v, 0, v->gout[0]);
    }
    if (v->need[1]) {
        value_id q = build_unary(b, &op_round, build_div(b, build_sub(b, v->out[0], v->in[0]), v->in[1]));
        give(v, 1, build_mul(b, v->gout[0], q));
    }
}

/* g where x > 0, slope g elsewhere; to the slope g min(x, 0) */
static void vjp_prelu(struct vjp *v)
{
    struct builder *b = v->b;
    value_id x = v->in[0], g = v->gout[0];
    if (v->need[0]) {
        value_id above = build(b, &op_greater, NULL, NULL, x, zero(v));
        v->gin[0] = build(b, &op_where, NULL, NULL, above, g, build_mul(b, g, v->in[1]));
    }
    if (v->need[1]) {
        value_id below = build(b, &op_clip, NULL, (&(struct clip_attrs){-INFINITY, 0}), x);
        give(v, 1, build_mul(b, g, below));
    }
}

static void vjp_where(struct vjp *v)
{
    if (v->need[1]) {
        give(v, 1, build(v->b, &op_where, NULL, NULL, v->in[0], v->gout[0], zero(v)));
    }
    if (v->need[2]) {
        give(v, 2, build(v->b, &op_where, NULL, NULL, v->in[0], zero(v), v->gout[0]));
    }
}

#define SMOOTH .flags = OP_INPLACE
#define STEP .flags = OP_INPLACE | OP_STEP, .tol = 0
#define BINARY(id, doc_, ...)                                                                                          \
    const struct op op_##id = {.name = #id,                                                                            \
                               .doc = doc_,                                                                            \
                               .n_in_min = 2,                                                                          \
                               .n_in_max = 2,                                                                          \
                               .n_out = 1,                                                                             \
                               .infer = infer_broadcast,                                                               \
                               .ref = ref_binary,                                                                      \
                               .plan = plan,                                                                           \
                               __VA_ARGS__}

/* Tolerances: one rounding of an exact operation; division is 2.5 ULP in Vulkan; a power errs by the rounding of its
 * logarithm times the exponent; the rest is exact. */
BINARY(add, "a + b", SMOOTH, .vjp = vjp_add, .tol = 1e-6f);
BINARY(sub, "a - b", SMOOTH, .vjp = vjp_sub, .tol = 1e-6f);
BINARY(mul, "a * b", SMOOTH, .vjp = vjp_mul, .tol = 1e-6f);
BINARY(div, "a / b", SMOOTH, .vjp = vjp_div, .tol = 1e-6f);
BINARY(pow, "a to the power b", SMOOTH, .vjp = vjp_pow, .flops_per_out = 50, .tol = 5e-6f);
BINARY(min, "the smaller of a and b", SMOOTH, .vjp = vjp_min, .tol = 0);
BINARY(max, "the larger of a and b", SMOOTH, .vjp = vjp_max, .tol = 0);
BINARY(mod, "a - b * floor(a / b)", SMOOTH, .vjp = vjp_mod, .flops_per_out = 50, .tol = 1e-6f);
BINARY(fmod, "a - b * trunc(a / b)", SMOOTH, .vjp = vjp_mod, .flops_per_out = 50, .tol = 0);
BINARY(equal, "1 where a = b, else 0", STEP);
BINARY(less, "1 where a < b, else 0", STEP);
BINARY(less_or_equal, "1 where a <= b, else 0", STEP);
BINARY(greater, "1 where a > b, else 0", STEP);
BINARY(greater_or_equal, "1 where a >= b, else 0", STEP);
BINARY(logical_and, "1 where a and b are not 0, else 0", STEP);
BINARY(logical_or, "1 where a or b is not 0, else 0", STEP);
BINARY(logical_xor, "1 where one of a and b is not 0, else 0", STEP);
const struct op op_prelu = {.name = "prelu",
                            .doc = "x where x > 0, slope * x elsewhere",
                            .n_in_min = 2,
                            .n_in_max = 2,
                            .n_out = 1,
                            .flags = OP_INPLACE | OP_ACTIVATION,
                            .infer = infer_prelu,
                            .ref = ref_binary,
                            .vjp = vjp_prelu,
                            .plan = plan,
                            .tol = 1e-6f};
const struct op op_where = {.name = "where",
                            .doc = "a where c is not 0, else b",
                            .n_in_min = 3,
                            .n_in_max = 3,
                            .n_out = 1,
                            .infer = infer_broadcast,
                            .ref = ref_where,
                            .vjp = vjp_where,
                            .plan = plan_where,
                            .tol = 0};
