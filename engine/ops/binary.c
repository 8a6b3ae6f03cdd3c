/* a op b with NumPy broadcasting. Backward sums over what was broadcast (build_sum_to). */
#include "ops/ops.h"

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

static const struct binary {
    const struct op *op;
    uint32_t fn;
    binary_fn value;
} table[] = {
    {&op_add, BINARY_ADD, value_add},
    {&op_sub, BINARY_SUB, value_sub},
    {&op_mul, BINARY_MUL, value_mul},
    {&op_div, BINARY_DIV, value_div},
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
    struct strided a, b;
    strided_read(&c->in[0], &c->out[0], &a);
    strided_read(&c->in[1], &c->out[0], &b);
    size_t n = shape_elems(&c->out[0]);
    for (size_t i = 0; i < n; i++) {
        size_t rest = i, ia = 0, ib = 0;
        for (int k = SHAPE_MAX_RANK - 1; k >= 0; k--) {
            size_t r = rest % (size_t)a.dim[k];
            rest /= (size_t)a.dim[k];
            ia += r * (size_t)a.stride[k];
            ib += r * (size_t)b.stride[k];
        }
        out[0][i] = value(in[0][ia], in[1][ib]);
    }
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    return plan_binary(c, caps, l, row_of(c)->fn, NULL, err);
}

/* The cotangent of input i is g summed to its shape. */
static void give(struct vjp *v, int i, value_id g)
{
    v->gin[i] = build_sum_to(v->b, g, v->call->in[i]);
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

#define TWO_IN .n_in_min = 2, .n_in_max = 2, .n_out = 1, .infer = infer_broadcast, .ref = ref_binary, .plan = plan

/* Tolerances: one rounding of an exact operation; division is 2.5 ULP in Vulkan. */
const struct op op_add = {.name = "add", .doc = "a + b", TWO_IN, .flags = OP_INPLACE, .vjp = vjp_add, .tol = 1e-6f};
const struct op op_sub = {.name = "sub", .doc = "a - b", TWO_IN, .flags = OP_INPLACE, .vjp = vjp_sub, .tol = 1e-6f};
const struct op op_mul = {.name = "mul", .doc = "a * b", TWO_IN, .flags = OP_INPLACE, .vjp = vjp_mul, .tol = 1e-6f};
const struct op op_div = {.name = "div", .doc = "a / b", TWO_IN, .flags = OP_INPLACE, .vjp = vjp_div, .tol = 1e-6f};
