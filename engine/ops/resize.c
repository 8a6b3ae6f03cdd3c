/* resize and its adjoint. Along each axis output o samples position (a * o + b) / den of the input:
 *   nearest                o * in / out, rounded down (PyTorch's nearest, in exact arithmetic)
 *   linear, half-pixel     (o + 1/2) * in / out - 1/2 = ((2 o + 1) in - out) / (2 out), clamped to the first and last
 * element linear, align_corners  o * (in - 1) / (out - 1), or 0 for one output Fractions are kept as integers, in the
 * shaders too. */
#include "ops/pool.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "push/resize.h"
#include "shaders_gen.h"

struct resize_push {
    PUSH_RESIZE
};

static const struct attr_desc resize_desc[] = {
    {"mode", ATTR_I32, offsetof(struct resize_attrs, mode)},
    {"align_corners", ATTR_BOOL, offsetof(struct resize_attrs, align_corners)},
    {"size", ATTR_I32X3, offsetof(struct resize_attrs, size)},
    {"in_size", ATTR_I32X3, offsetof(struct resize_attrs, in_size)},
};

/* The two elements and the weight of the second that output o of an axis reads. */
static void sample_of(const struct resize_attrs *a, int32_t in, int32_t out, int32_t o, int32_t at[2], double *t)
{
    double p;
    if (a->mode == RESIZE_MODE_NEAREST) {
        at[0] = at[1] = (int32_t)((int64_t)o * in / out);
        *t = 0;
        return;
    }
    if (a->align_corners) {
        p = out > 1 ? (double)o * (in - 1) / (out - 1) : 0;
    } else {
        p = (o + 0.5) * in / out - 0.5;
    }
    p = p < 0 ? 0 : p > in - 1 ? in - 1 : p;
    at[0] = (int32_t)floor(p);
    at[1] = at[0] + 1 < in ? at[0] + 1 : in - 1;
    *t = p - at[0];
}

/* Walks every (output, input, weight) triple: dst[to] += weight * src[from], where `grad` swaps the roles. */
static void ref_walk(const struct resize_attrs *a, const struct pool_geom *g, const double *src, double *dst, bool grad)
{
    size_t n_in = spatial_elems(g->in), n_out = spatial_elems(g->out), n = (size_t)g->planes * n_out;
    for (size_t o = 0; o < n; o++) {
        int32_t k = (int32_t)(o % n_out), d[2], h[2], w[2];
        double td, th, tw;
        sample_of(a, g->in[0], g->out[0], k / (g->out[1] * g->out[2]), d, &td);
        sample_of(a, g->in[1], g->out[1], k / g->out[2] % g->out[1], h, &th);
        sample_of(a, g->in[2], g->out[2], k % g->out[2], w, &tw);
        for (int c = 0; c < 8; c++) {
            double weight = (c & 4 ? td : 1 - td) * (c & 2 ? th : 1 - th) * (c & 1 ? tw : 1 - tw);
            size_t i = o / n_out * n_in + (size_t)((d[c >> 2] * g->in[1] + h[c >> 1 & 1]) * g->in[2] + w[c & 1]);
            if (weight != 0) {
                dst[grad ? i : o] += weight * src[grad ? o : i];
            }
        }
    }
}

static void ref_resize(const struct op_call *c, const double *const *in, double *const *out)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    memset(out[0], 0, shape_elems(&c->out[0]) * sizeof(double));
    ref_walk(c->attrs, &g, in[0], out[0], false);
}

static void ref_resize_grad(const struct op_call *c, const double *const *in, double *const *out)
{
    struct pool_geom g = pool_geom_of(&c->out[0], &c->in[0]);
    memset(out[0], 0, shape_elems(&c->out[0]) * sizeof(double));
    ref_walk(c->attrs, &g, in[0], out[0], true);
}

/* Numerators reach 2 * (in + 1) * (out + 1) and must fit 31 bits in the kernels. */
static limn_status check_attrs(const struct op_call *c, const int32_t in[3], const int32_t out[3], limn_error *err)
{
    const struct resize_attrs *a = c->attrs;
    if (a->mode != RESIZE_MODE_NEAREST && a->mode != RESIZE_MODE_LINEAR) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: mode %d (expected 0 or 1)", c->op->name, a->mode);
    }
    for (int i = 0; i < 3; i++) {
        bool ok = in[i] >= 1 && out[i] >= 1 && ((int64_t)in[i] + 1) * ((int64_t)out[i] + 1) < INT32_MAX / 2;
        if (!ok || (i == 0 && c->in[0].rank == 4 && (in[0] != 1 || out[0] != 1))) {
            return err_set(err, LIMN_ERR_SHAPE,
                           "%s: axis %c from %d to %d (expected sizes >= 1, product below 2^30; 1 and 1 for "
                           "D of rank 4)",
                           c->op->name, "DHW"[i], in[i], out[i]);
        }
    }
    return LIMN_OK;
}

static limn_status infer_resize(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st;
    const struct resize_attrs *a = c->attrs;
    int32_t in[3];
    TRY(spatial_check(c, 0, err));
    spatial_get(&c->in[0], in);
    TRY(check_attrs(c, in, a->size, err));
    out[0] = spatial_set(&c->in[0], a->size);
out:
    return st;
}

static limn_status infer_resize_grad(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st;
    const struct resize_attrs *a = c->attrs;
    int32_t g[3];
    TRY(spatial_check(c, 0, err));
    spatial_get(&c->in[0], g);
    TRY(check_attrs(c, a->in_size, g, err));
    if (memcmp(g, a->size, sizeof(g)) != 0) {
        st = err_set(err, LIMN_ERR_SHAPE, "resize_grad: g is %dx%dx%d (expected %dx%dx%d)", g[0], g[1], g[2],
                     a->size[0], a->size[1], a->size[2]);
        goto out;
    }
    out[0] = spatial_set(&c->in[0], a->in_size);
out:
    return st;
}

static void vjp_resize(struct vjp *v)
{
    struct resize_attrs a = *(const struct resize_attrs *)v->call->attrs;
    spatial_get(&v->call->in[0], a.in_size);
    if (v->need[0] && v->gout[0] != VALUE_NONE) {
        v->gin[0] = build(v->b, &op_resize_grad, NULL, &a, v->gout[0]);
    }
}

static void vjp_resize_grad(struct vjp *v)
{
    if (v->need[0] && v->gout[0] != VALUE_NONE) {
        v->gin[0] = build(v->b, &op_resize, NULL, v->call->attrs, v->gout[0]);
    }
}

static struct resize_push push_of(const struct resize_attrs *a, const struct pool_geom *g, bool grad, size_t n)
{
    struct resize_push p = {.n = (uint32_t)n};
    for (int i = 0; i < 3; i++) {
        int32_t in = g->in[i], out = g->out[i];
        p.in_dim[i] = in;
        p.out_dim[i] = out;
        if (a->mode == RESIZE_MODE_NEAREST) {
            p.a[i] = in;
            p.den[i] = out;
        } else if (a->align_corners) {
            p.a[i] = out > 1 ? in - 1 : 0;
            p.den[i] = out > 1 ? out - 1 : 1;
        } else {
            p.a[i] = 2 * in;
            p.b[i] = in - out;
            p.den[i] = 2 * out;
        }
        push_div_set(p.by_mul, &p.by_shift, i, (uint32_t)(grad ? in : out));
        push_div_set(p.by_mul, &p.by_shift, 3 + i, (uint32_t)p.den[i]);
        push_div_set(p.per_mul, &p.per_shift, i, (uint32_t)(p.a[i] > 0 ? p.a[i] : 1));
    }
    return p;
}

static limn_status plan_any(const struct op_call *c, const struct device_caps *caps, const struct pool_geom *g,
                            bool grad, struct kernel_list *out, limn_error *err)
{
    bool texel = pool_texel(caps, shape_elems(&c->in[0]));
    size_t n = shape_elems(&c->out[0]);
    struct resize_push p = push_of(c->attrs, g, grad, n);
    uint16_t shader =
        grad ? (texel ? SHADER_RESIZE_GRAD_TEXEL : SHADER_RESIZE_GRAD) : (texel ? SHADER_RESIZE_TEXEL : SHADER_RESIZE);
    struct kernel_call *k = kernel_add(out, shader, POOL_LOCAL, 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    kernel_spec(k, g->in[0] != 1 || g->out[0] != 1);
    kernel_spec(k, ((const struct resize_attrs *)c->attrs)->mode == RESIZE_MODE_LINEAR);
    kernel_push(k, &p, sizeof(p));
    pool_bind_in(k, 0, texel);
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    k->flops = 8.0 * (double)(shape_elems(&c->in[0]) > n ? shape_elems(&c->in[0]) : n);
    size_t from = spatial_elems(grad ? g->out : g->in), to = spatial_elems(grad ? g->in : g->out);
    return plane_windows(c, caps, g->planes, &(struct plane_work){to, {from, to}, POOL_LOCAL}, out, err);
}

static limn_status plan_resize(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                               limn_error *err)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    return plan_any(c, caps, &g, false, out, err);
}

static limn_status plan_resize_grad(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                    limn_error *err)
{
    struct pool_geom g = pool_geom_of(&c->out[0], &c->in[0]);
    return plan_any(c, caps, &g, true, out, err);
}

/* Tolerances: interpolation weights rounded to float, eight products; the adjoint sums (out / in)^3 of them. */
const struct op op_resize = {
    .name = "resize",
    .doc = "nearest or linear resampling to a spatial size",
    .n_in_min = 1,
    .n_in_max = 1,
    .n_out = 1,
    .attrs = resize_desc,
    .n_attrs = 4,
    .attr_bytes = sizeof(struct resize_attrs),
    .infer = infer_resize,
    .ref = ref_resize,
    .vjp = vjp_resize,
    .plan = plan_resize,
    .tol = 4e-6f,
};

const struct op op_resize_grad = {
    .name = "resize_grad",
    .doc = "the adjoint of resize",
    .n_in_min = 1,
    .n_in_max = 1,
    .n_out = 1,
    .attrs = resize_desc,
    .n_attrs = 4,
    .attr_bytes = sizeof(struct resize_attrs),
    .infer = infer_resize_grad,
    .ref = ref_resize_grad,
    .vjp = vjp_resize_grad,
    .plan = plan_resize_grad,
    .tol = 1e-5f,
};
