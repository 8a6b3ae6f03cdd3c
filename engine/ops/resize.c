/* resize and its adjoint. Along each axis resize is a sparse map (resize_map.c) that any mode, rounding and filter
 * make; nearest as in PyTorch and plain linear, the modes of nearly every network, have kernels of their own where
 * output o samples position (a * o + b) / den of the input, fractions being kept as integers: nearest                o
 * * in / out, rounded down linear, half-pixel     (o + 1/2) * in / out - 1/2 = ((2 o + 1) in - out) / (2 out), clamped
 * to the elements linear, align corners  o * (in - 1) / (out - 1), or 0 for one output */
#include "ops/pool.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "ops/resize_map.h"
#include "push/resize.h"
#include "shaders_gen.h"

struct resize_push {
    PUSH_RESIZE
};

static const struct attr_desc resize_desc[] = {
    {"mode", ATTR_I32, offsetof(struct resize_attrs, mode)},
    {"coord", ATTR_I32, offsetof(struct resize_attrs, coord)},
    {"round", ATTR_I32, offsetof(struct resize_attrs, round)},
    {"antialias", ATTR_BOOL, offsetof(struct resize_attrs, antialias)},
    {"exclude_outside", ATTR_BOOL, offsetof(struct resize_attrs, exclude_outside)},
    {"cubic_a", ATTR_F32, offsetof(struct resize_attrs, cubic_a)},
    {"scale", ATTR_F32X3, offsetof(struct resize_attrs, scale)},
    {"size", ATTR_I32X3, offsetof(struct resize_attrs, size)},
    {"in_size", ATTR_I32X3, offsetof(struct resize_attrs, in_size)},
};

static limn_status passes_of(const struct op_call *c, const struct pool_geom *g, struct axis_passes *p, limn_error *err)
{
    limn_status st = LIMN_OK;
    *p = (struct axis_passes){.n = 0};
    for (int i = 0; i < 3 && st == LIMN_OK; i++) {
        struct axis_map m;
        if (i < 5 - c->in[0].rank) {
            continue;
        }
        st = resize_map(c->attrs, i, g->in[i], g->out[i], &m, err);
        if (st == LIMN_OK) {
            axis_passes_add(p, c->in[0].rank - 3 + i, &m);
        }
    }
    return st;
}

static void ref_resize(const struct op_call *c, const double *const *in, double *const *out)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    struct axis_passes p;
    if (passes_of(c, &g, &p, NULL) == LIMN_OK) {
        axis_passes_ref(&p, &c->in[0], in[0], out[0]);
    }
    axis_passes_finish(&p);
}

static void ref_resize_grad(const struct op_call *c, const double *const *in, double *const *out)
{
    struct pool_geom g = pool_geom_of(&c->out[0], &c->in[0]);
    struct axis_passes p;
    if (passes_of(c, &g, &p, NULL) == LIMN_OK && axis_passes_transpose(&p, NULL) == LIMN_OK) {
        axis_passes_ref(&p, &c->in[0], in[0], out[0]);
    }
    axis_passes_finish(&p);
}

static limn_status check_attrs(const struct op_call *c, const int32_t in[3], const int32_t out[3], limn_error *err)
{
    const struct resize_attrs *a = c->attrs;
    if (a->mode < 0 || a->mode > RESIZE_MODE_CUBIC || a->coord < 0 || a->coord >= RESIZE_N_COORD || a->round < 0 ||
        a->round >= RESIZE_N_ROUND || !(fabsf(a->cubic_a) <= 16)) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: mode %d, coordinates %d, rounding %d, cubic coefficient %g unknown",
                       c->op->name, a->mode, a->coord, a->round, (double)a->cubic_a);
    }
    for (int i = 0; i < 3; i++) {
        double scale = (double)a->scale[i], length = scale * in[i];
        if (in[i] < 1 || out[i] < 1 || (i < 5 - c->in[0].rank && (in[i] != 1 || out[i] != 1 || scale != 0))) {
            return err_set(err, LIMN_ERR_SHAPE,
                           "%s: axis %c from %d to %d (expected sizes >= 1, both 1 on an axis "
                           "that rank %d lacks)",
                           c->op->name, "DHW"[i], in[i], out[i], c -> in[0].rank);
        }
        if (scale != 0 && !(length >= 0.5 && length <= INT32_MAX)) {
            return err_set(err, LIMN_ERR_SHAPE, "%s: axis %c of %d elements scaled by %g", c->op->name, "DHW"[i], in[i],
                           scale);
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
    TRY(spatial_check(c, 0, err));
    TRY(check_attrs(c, a->in_size, a->size, err));
    TRY(spatial_expect(c, 0, a->size, err));
    out[0] = spatial_set(&c->in[0], a->in_size);
out:
    return st;
}

static void vjp_resize(struct vjp *v)
{
    struct resize_attrs a = *(const struct resize_attrs *)v->call->attrs;
    spatial_get(&v->call->in[0], a.in_size);
    vjp_adjoint(v, &op_resize_grad, &a);
}

static void vjp_resize_grad(struct vjp *v)
{
    vjp_adjoint(v, &op_resize, v->call->attrs);
}

/* The kernels of the usual kinds know their formula: positions are fractions whose numerators reach
 * 2 * (in + 1) * (out + 1) and must fit 31 bits. */
static bool has_kernel(const struct resize_attrs *a, const struct pool_geom *g)
{
    bool nearest = a->mode == RESIZE_MODE_NEAREST, linear = a->mode == RESIZE_MODE_LINEAR;
    bool yes = nearest ? (a->coord == RESIZE_TORCH || a->coord == RESIZE_ASYMMETRIC) && a->round == RESIZE_FLOOR
                       : linear && a->coord <= RESIZE_HALF_PIXEL;
    for (int i = 0; i < 3; i++) {
        yes = yes && a->scale[i] == 0 && ((int64_t)g->in[i] + 1) * ((int64_t)g->out[i] + 1) < INT32_MAX / 2;
        yes = yes && (nearest || !a->antialias || g->out[i] >= g->in[i]);
    }
    return yes;
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
        } else if (a->coord == RESIZE_ALIGN_CORNERS) {
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

static limn_status plan_tables(const struct op_call *c, const struct device_caps *caps, const struct pool_geom *g,
                               bool grad, struct kernel_list *out, limn_error *err)
{
    struct axis_passes p;
    limn_status st = LIMN_OK;
    TRY(passes_of(c, g, &p, err));
    if (grad) {
        TRY(axis_passes_transpose(&p, err));
    }
    TRY(axis_passes_plan(c, &p, caps, out, err));
out:
    axis_passes_finish(&p);
    return st;
}

static limn_status plan_any(const struct op_call *c, const struct device_caps *caps, const struct pool_geom *g,
                            bool grad, struct kernel_list *out, limn_error *err)
{
    if (!has_kernel(c->attrs, g)) {
        return plan_tables(c, caps, g, grad, out, err);
    }
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

#define RESIZE                                                                                                         \
    .n_in_min = 1, .n_in_max = 1, .n_out = 1, .attrs = resize_desc,                                                    \
    .n_attrs = sizeof(resize_desc) / sizeof(resize_desc[0]), .attr_bytes = sizeof(struct resize_attrs)

/* Tolerances: interpolation weights rounded to float, eight products; the adjoint sums (out / in)^3 of them. */
const struct op op_resize = {.name = "resize",
                             .doc = "nearest, linear or cubic resampling to a spatial size",
                             RESIZE,
                             .infer = infer_resize,
                             .ref = ref_resize,
                             .vjp = vjp_resize,
                             .plan = plan_resize,
                             .tol = 4e-6f};
const struct op op_resize_grad = {.name = "resize_grad",
                                  .doc = "the adjoint of resize",
                                  RESIZE,
                                  .infer = infer_resize_grad,
                                  .ref = ref_resize_grad,
                                  .vjp = vjp_resize_grad,
                                  .plan = plan_resize_grad,
                                  .tol = 1e-5f};
