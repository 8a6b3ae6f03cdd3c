/* batch_norm(x, gamma, beta, mean, var): y = (x - mean) gamma / sqrt(var + eps) + beta per channel (dimension 1), the
 * inference form (Ioffe and Szegedy 2015). In x it is linear, so the gradient for x is the same operator without mean
 * and beta, which a pass may fold like any other. */
#include "ops/ops.h"

#include <math.h>

#include "ops/elementwise.h"
#include "push/batch_norm.h"
#include "shaders_gen.h"

enum { X, GAMMA, BETA, MEAN, VAR, N_IN };

struct push_batch_norm {
    PUSH_BATCH_NORM
};

static limn_status infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct shape *x = &c->in[X];
    char tx[SHAPE_TEXT_MAX], tp[SHAPE_TEXT_MAX];
    if (x->rank < 2) {
        return err_set(err, LIMN_ERR_SHAPE, "shape %s has no channels (expected rank 2 or more)", shape_text(x, tx));
    }
    for (int i = GAMMA; i < N_IN; i++) {
        if (c->in[i].rank != 1 || c->in[i].dim[0] != x->dim[1]) {
            return err_set(err, LIMN_ERR_SHAPE, "parameter %d is %s, input is %s (expected %d values)", i,
                           shape_text(&c->in[i], tp), shape_text(x, tx), x->dim[1]);
        }
    }
    out[0] = *x;
    return LIMN_OK;
}

static size_t plane_elems(const struct op_call *c)
{
    return shape_elems(&c->in[X]) / ((size_t)c->in[X].dim[0] * (size_t)c->in[X].dim[1]);
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct batch_norm_attrs *a = c->attrs;
    size_t n = shape_elems(&c->in[X]), plane = plane_elems(c), channels = (size_t)c->in[X].dim[1];
    for (size_t i = 0; i < n; i++) {
        size_t k = i / plane % channels;
        out[0][i] = (in[X][i] - in[MEAN][k]) * in[GAMMA][k] / sqrt(in[VAR][k] + (double)a->eps) + in[BETA][k];
    }
}

/* With s = gamma / sqrt(var + eps) and z = (x - mean) / sqrt(var + eps), summed over all but the channel:
 *   gx = g s,  ggamma = sum g z,  gbeta = sum g,  gmean = -sum gx,  gvar = -ggamma gamma / (2 (var + eps)) */
static void vjp(struct vjp *v)
{
    const struct batch_norm_attrs *a = v->call->attrs;
    struct builder *b = v->b;
    struct shape channel = v->call->in[GAMMA];
    int32_t others = ((1 << v->call->in[X].rank) - 1) & ~2;
    value_id g = v->gout[0], gx = VALUE_NONE, ggamma = VALUE_NONE, zero = build_fill(b, channel, 0);
    if (v->need[X] || v->need[MEAN]) {
        gx = build(b, &op_batch_norm, NULL, a, g, v->in[GAMMA], zero, zero, v->in[VAR]);
    }
    if (v->need[GAMMA] || v->need[VAR]) {
        value_id z =
            build(b, &op_batch_norm, NULL, a, v->in[X], build_fill(b, channel, 1), zero, v->in[MEAN], v->in[VAR]);
        ggamma = build_reduce(b, &op_reduce_sum, build_mul(b, g, z), others, false);
    }
    if (v->need[X]) {
        v->gin[X] = gx;
    }
    if (v->need[GAMMA]) {
        v->gin[GAMMA] = ggamma;
    }
    if (v->need[BETA]) {
        v->gin[BETA] = build_reduce(b, &op_reduce_sum, g, others, false);
    }
    if (v->need[MEAN]) {
        v->gin[MEAN] = build_affine(b, build_reduce(b, &op_reduce_sum, gx, others, false), -1, 0);
    }
    if (v->need[VAR]) {
        value_id slope = build_div(b, v->in[GAMMA], build_affine(b, v->in[VAR], 1, a->eps));
        v->gin[VAR] = build_affine(b, build_mul(b, ggamma, slope), -0.5f, 0);
    }
}

/* Planes [first, first + n). */
static limn_status plan_planes(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                               size_t first, size_t n, limn_error *err)
{
    const struct batch_norm_attrs *a = c->attrs;
    size_t plane = plane_elems(c), runs = (plane + 15) / 16;
    struct push_batch_norm p = {.n = (uint32_t)(runs * n),
                                .plane = (uint32_t)plane,
                                .channels = (uint32_t)c->in[X].dim[1],
                                .eps = a->eps,
                                .first = (uint32_t)first};
    struct kernel_call *k = kernel_add(l, SHADER_BATCH_NORM, local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    for (int view = 0; view < 2; view++) { /* as vec4 and as floats */
        p.base_x = bind_slice(k, caps, BIND_IN, X, ACCESS_READ, first * plane, n * plane);
    }
    for (int view = 0; view < 2; view++) {
        p.base_y = bind_slice(k, caps, BIND_OUT, 0, ACCESS_WRITE, first * plane, n * plane);
    }
    for (int i = GAMMA; i < N_IN; i++) {
        kernel_bind(k, BIND_IN, i, ACCESS_READ);
    }
    kernel_spec(k, plane % 4 == 0);
    kernel_push(k, &p, sizeof(p));
    kernel_grid_1d(k, caps, p.n, local_1d(caps));
    k->flops = 2.0 * (double)(n * plane);
    return LIMN_OK;
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    size_t plane = plane_elems(c), planes = shape_elems(&c->in[X]) / plane;
    size_t step = window_rows(c, caps, planes, plane, err);
    limn_status st = step ? LIMN_OK : LIMN_ERR_UNSUPPORTED;
    for (size_t first = 0; first < planes && st == LIMN_OK; first += step) {
        st = plan_planes(c, caps, l, first, planes - first < step ? planes - first : step, err);
    }
    return st;
}

static const struct attr_desc attrs[] = {{"eps", ATTR_F32, offsetof(struct batch_norm_attrs, eps)}};

/* Tolerance: a division and a square root (2.5 and 5 ULP in Vulkan), then a subtraction that can cancel against beta.
 */
const struct op op_batch_norm = {
    .name = "batch_norm",
    .doc = "(x - mean) * gamma / sqrt(var + eps) + beta per channel",
    .n_in_min = N_IN,
    .n_in_max = N_IN,
    .n_out = 1,
    .flags = OP_INPLACE,
    .attrs = attrs,
    .n_attrs = 1,
    .attr_bytes = sizeof(struct batch_norm_attrs),
    .infer = infer,
    .ref = ref,
    .vjp = vjp,
    .plan = plan,
    .flops_per_out = 2,
    .tol = 4e-6f,
};
