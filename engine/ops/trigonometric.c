/* Circular and hyperbolic functions and their inverses. The kernels evaluate own polynomials
 * (shaders/include/math.glsl), as Vulkan promises next to nothing for these: sin and cos to 2^-11, atan to 4096 ULP. */
#include "ops/unary.h"

#include <math.h>

#include "push/unary.h"

const struct unary unary_trigonometric[] = {
    {&op_sin, UNARY_SIN, sin, NULL},       {&op_cos, UNARY_COS, cos, NULL},       {&op_tan, UNARY_TAN, tan, NULL},
    {&op_asin, UNARY_ASIN, asin, NULL},    {&op_acos, UNARY_ACOS, acos, NULL},    {&op_atan, UNARY_ATAN, atan, NULL},
    {&op_sinh, UNARY_SINH, sinh, NULL},    {&op_cosh, UNARY_COSH, cosh, NULL},    {&op_asinh, UNARY_ASINH, asinh, NULL},
    {&op_acosh, UNARY_ACOSH, acosh, NULL}, {&op_atanh, UNARY_ATANH, atanh, NULL}, {NULL, 0, NULL, NULL},
};

/* gin = g f(x) for an operator f */
static void times(struct vjp *v, const struct op *f)
{
    v->gin[0] = build_mul(v->b, v->gout[0], build_unary(v->b, f, v->in[0]));
}

/* gin = factor g f(scale x^2 + shift) for an operator f: the inverse functions */
static void times_of_square(struct vjp *v, float factor, const struct op *f, float scale, float shift)
{
    value_id x = v->in[0], square = build_affine(v->b, build_mul(v->b, x, x), scale, shift);
    value_id g = build_mul(v->b, v->gout[0], build_unary(v->b, f, square));
    v->gin[0] = factor < 0 ? build_affine(v->b, g, factor, 0) : g;
}

static void vjp_sin(struct vjp *v)
{
    times(v, &op_cos);
}

static void vjp_cos(struct vjp *v)
{
    v->gin[0] = build_affine(v->b, build_mul(v->b, v->gout[0], build_unary(v->b, &op_sin, v->in[0])), -1, 0);
}

/* 1 + y^2 */
static void vjp_tan(struct vjp *v)
{
    value_id y = v->out[0];
    v->gin[0] = build_mul(v->b, v->gout[0], build_affine(v->b, build_mul(v->b, y, y), 1, 1));
}

static void vjp_asin(struct vjp *v)
{
    times_of_square(v, 1, &op_rsqrt, -1, 1);
}

static void vjp_acos(struct vjp *v)
{
    times_of_square(v, -1, &op_rsqrt, -1, 1);
}

static void vjp_atan(struct vjp *v)
{
    times_of_square(v, 1, &op_reciprocal, 1, 1);
}

static void vjp_sinh(struct vjp *v)
{
    times(v, &op_cosh);
}

static void vjp_cosh(struct vjp *v)
{
    times(v, &op_sinh);
}

static void vjp_asinh(struct vjp *v)
{
    times_of_square(v, 1, &op_rsqrt, 1, 1);
}

static void vjp_acosh(struct vjp *v)
{
    times_of_square(v, 1, &op_rsqrt, 1, -1);
}

static void vjp_atanh(struct vjp *v)
{
    times_of_square(v, 1, &op_reciprocal, -1, 1);
}

/* Tolerances: some roundings of a polynomial; tan divides two, sinh and cosh rest on exp (3 ULP and a part that grows
 * with |x|). */
UNARY(sin, "sine of x", .flags = OP_INPLACE, .vjp = vjp_sin, .flops_per_out = 30, .tol = 1e-6f);
UNARY(cos, "cosine of x", .flags = OP_INPLACE, .vjp = vjp_cos, .flops_per_out = 30, .tol = 1e-6f);
UNARY(tan, "tangent of x", .flags = OP_INPLACE, .vjp = vjp_tan, .flops_per_out = 60, .tol = 2e-6f);
UNARY(asin, "arc sine of x", .flags = OP_INPLACE, .vjp = vjp_asin, .flops_per_out = 30, .tol = 1e-6f);
UNARY(acos, "arc cosine of x", .flags = OP_INPLACE, .vjp = vjp_acos, .flops_per_out = 30, .tol = 1e-6f);
UNARY(atan, "arc tangent of x", .flags = OP_INPLACE, .vjp = vjp_atan, .flops_per_out = 30, .tol = 1e-6f);
UNARY(sinh, "(e^x - e^-x) / 2", .flags = OP_INPLACE, .vjp = vjp_sinh, .flops_per_out = 20, .tol = 1e-5f);
UNARY(cosh, "(e^x + e^-x) / 2", .flags = OP_INPLACE, .vjp = vjp_cosh, .flops_per_out = 8, .tol = 1e-5f);
UNARY(asinh, "inverse hyperbolic sine of x", .flags = OP_INPLACE, .vjp = vjp_asinh, .flops_per_out = 40, .tol = 1e-6f);
UNARY(acosh, "inverse hyperbolic cosine of x", .flags = OP_INPLACE, .vjp = vjp_acosh, .flops_per_out = 40,
      .tol = 1e-6f);
UNARY(atanh, "inverse hyperbolic tangent of x", .flags = OP_INPLACE, .vjp = vjp_atanh, .flops_per_out = 40,
      .tol = 1e-6f);
