/* max_pool, and its first and second derivatives. The forward pass owns an index output, so that the backward pass
 * moves numbers without looking at x again: grad scatters g to the positions, gather picks the elements at them, and
 * the two are adjoints of each other. The kernels are written as gathers (each result element sums what reaches it, in
 * a fixed order). */
#include "ops/pool.h"

#include <math.h>
#include <string.h>

#include "shaders_gen.h"

static limn_status same_shape(const struct op_call *c, limn_error *err)
{
    char a[SHAPE_TEXT_MAX], b[SHAPE_TEXT_MAX];
    if (!shape_equal(&c->in[0], &c->in[1])) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: g is %s, index is %s (expected the same)", c->op->name,
                       shape_text(&c->in[0], a), shape_text(&c->in[1], b));
    }
    return LIMN_OK;
}

/* The pooled size of `in` must be that of input `pooled`. */
static limn_status check_pooled(const struct op_call *c, const int32_t in[3], int pooled, limn_error *err)
{
    int32_t want[3];
    limn_status st = pool_out_size(c, in, c->in[pooled].rank, want, err);
    return st == LIMN_OK ? spatial_expect(c, pooled, want, err) : st;
}

/* --- max_pool --- */

static limn_status infer_max_pool(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st;
    int32_t in[3], size[3];
    TRY(spatial_check(c, 0, err));
    spatial_get(&c->in[0], in);
    TRY(plane_check(c, in, err));
    TRY(pool_out_size(c, in, c->in[0].rank, size, err));
    out[0] = out[1] = spatial_set(&c->in[0], size);
out:
    return st;
}

/* The maximum of one window: `o` is its place, x its plane. */
static void window_max(const struct pool_attrs *a, const struct pool_geom *g, const int32_t o[3], const double *x,
                       double *max, double *index)
{
    int32_t start[3];
    bool found = false;
    for (int i = 0; i < 3; i++) {
        start[i] = o[i] * a->stride[i] - a->pad_begin[i];
    }
    for (int32_t k = 0; k < a->size[0] * a->size[1] * a->size[2]; k++) {
        int32_t d = start[0] + k / (a->size[1] * a->size[2]) * a->dilation[0];
        int32_t h = start[1] + k / a->size[2] % a->size[1] * a->dilation[1];
        int32_t w = start[2] + k % a->size[2] * a->dilation[2];
        if (d < 0 || h < 0 || w < 0 || d >= g->in[0] || h >= g->in[1] || w >= g->in[2]) {
            continue;
        }
        int32_t at = (d * g->in[1] + h) * g->in[2] + w;
        if (!found || x[at] > *max || isnan(x[at])) {
            *max = x[at];
            *index = at;
            found = true;
        }
    }
}

static void ref_max_pool(const struct op_call *c, const double *const *in, double *const *out)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    size_t n_in = spatial_elems(g.in), i = 0;
    int32_t o[3];
    for (int32_t p = 0; p < g.planes; p++) {
        for (o[0] = 0; o[0] < g.out[0]; o[0]++) {
            for (o[1] = 0; o[1] < g.out[1]; o[1]++) {
                for (o[2] = 0; o[2] < g.out[2]; o[2]++, i++) {
                    window_max(c->attrs, &g, o, in[0] + (size_t)p * n_in, &out[0][i], &out[1][i]);
                }
            }
        }
    }
}

static struct pool_attrs with_in_size(const struct op_call *c)
{
    struct pool_attrs a = *(const struct pool_attrs *)c->attrs;
    spatial_get(&c->in[0], a.in_size);
    return a;
}

static void vjp_max_pool(struct vjp *v)
{
    struct pool_attrs a = with_in_size(v->call);
    if (v->need[0] && v->gout[0] != VALUE_NONE) {
        v->gin[0] = build(v->b, &op_max_pool_grad, NULL, &a, v->gout[0], v->out[1]);
    }
}

static limn_status plan_max_pool(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                 limn_error *err)
{
    const struct pool_attrs *a = c->attrs;
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    bool texel = pool_texel(caps, shape_elems(&c->in[0]));
    size_t n = shape_elems(&c->out[0]);
    struct kernel_call *k = pool_call(out, texel ? SHADER_MAX_POOL_TEXEL : SHADER_MAX_POOL, &g, a, false);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    for (int i = 0; i < 3; i++) {
        kernel_spec(k, (uint32_t)a->size[i]);
    }
    pool_bind_in(k, 0, texel);
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    kernel_bind(k, BIND_OUT, 1, ACCESS_WRITE);
    k->flops = (double)n * a->size[0] * a->size[1] * a->size[2];
    size_t from = spatial_elems(g.in), to = spatial_elems(g.out);
    return plane_windows(c, caps, g.planes, &(struct plane_work){to, {from, to, to}, POOL_LOCAL}, out, err);
}

#define MAXIMUM(inputs, outputs)                                                                                       \
    .n_in_min = (inputs), .n_in_max = (inputs), .n_out = (outputs), .attrs = pool_attr_desc, .n_attrs = POOL_N_ATTRS,  \
    .attr_bytes = sizeof(struct pool_attrs)

const struct op op_max_pool = {
    .name = "max_pool",
    .doc = "y[o] = max of the window of o; index[o] = place of its first maximum in the plane",
    MAXIMUM(1, 2),
    .infer = infer_max_pool,
    .ref = ref_max_pool,
    .vjp = vjp_max_pool,
    .plan = plan_max_pool,
    .tol = 1e-6f, /* picks, does not compute: what remains is the rounding of x to float */
};

/* --- max_pool_grad(g, index) --- */

static limn_status infer_max_pool_grad(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st;
    const struct pool_attrs *a = c->attrs;
    TRY(spatial_check(c, 0, err));
    TRY(same_shape(c, err));
    TRY(plane_check(c, a->in_size, err));
    TRY(check_pooled(c, a->in_size, 0, err));
    out[0] = spatial_set(&c->in[0], a->in_size);
out:
    return st;
}

static void ref_max_pool_grad(const struct op_call *c, const double *const *in, double *const *out)
{
    size_t n = shape_elems(&c->out[0]), from = shape_elems(&c->in[0]);
    struct pool_geom g = pool_geom_of(&c->out[0], &c->in[0]);
    size_t n_in = spatial_elems(g.in), n_out = spatial_elems(g.out);
    for (size_t i = 0; i < n; i++) {
        out[0][i] = 0;
    }
    for (size_t i = 0; i < from; i++) {
        double at = in[1][i];
        if (at >= 0 && at < (double)n_in) { /* an index may come from a file */
            out[0][i / n_out * n_in + (size_t)at] += in[0][i];
        }
    }
}

static void vjp_max_pool_grad(struct vjp *v)
{
    vjp_adjoint(v, &op_max_pool_gather, v->call->attrs);
}

static limn_status plan_max_pool_grad(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                      limn_error *err)
{
    const struct pool_attrs *a = c->attrs;
    struct pool_geom g = pool_geom_of(&c->out[0], &c->in[0]);
    bool texel = pool_texel(caps, shape_elems(&c->in[0]));
    size_t n = shape_elems(&c->out[0]);
    struct kernel_call *k = pool_call(out, texel ? SHADER_MAX_POOL_GRAD_TEXEL : SHADER_MAX_POOL_GRAD, &g, a, true);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    k->flops = (double)n;
    for (int i = 0; i < 3; i++) {
        kernel_spec(k, (uint32_t)pool_covers(a, &g, i));
        k->flops *= pool_covers(a, &g, i);
    }
    pool_bind_in(k, 0, texel);
    pool_bind_in(k, 1, texel);
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    size_t from = spatial_elems(g.out), to = spatial_elems(g.in);
    return plane_windows(c, caps, g.planes, &(struct plane_work){to, {from, from, to}, POOL_LOCAL}, out, err);
}

const struct op op_max_pool_grad = {
    .name = "max_pool_grad",
    .doc = "y[p] = sum of g[o] over o with index[o] = p",
    MAXIMUM(2, 1),
    .infer = infer_max_pool_grad,
    .ref = ref_max_pool_grad,
    .vjp = vjp_max_pool_grad,
    .plan = plan_max_pool_grad,
    .tol = 2e-6f, /* sums of a few floats: the windows that share a pixel */
};

/* --- max_pool_gather(x, index) --- */

static limn_status infer_max_pool_gather(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st;
    int32_t in[3];
    char x[SHAPE_TEXT_MAX], index[SHAPE_TEXT_MAX];
    TRY(spatial_check(c, 0, err));
    TRY(spatial_check(c, 1, err));
    if (c->in[0].rank != c->in[1].rank || c->in[0].dim[0] != c->in[1].dim[0] || c->in[0].dim[1] != c->in[1].dim[1]) {
        st = err_set(err, LIMN_ERR_SHAPE, "%s: x is %s, index is %s (expected the same planes)", c->op->name,
                     shape_text(&c->in[0], x), shape_text(&c->in[1], index));
        goto out;
    }
    spatial_get(&c->in[0], in);
    TRY(plane_check(c, in, err));
    TRY(check_pooled(c, in, 1, err));
    out[0] = c->in[1];
out:
    return st;
}

static void ref_max_pool_gather(const struct op_call *c, const double *const *in, double *const *out)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->in[1]);
    size_t n = shape_elems(&c->out[0]), n_in = spatial_elems(g.in), n_out = spatial_elems(g.out);
    for (size_t i = 0; i < n; i++) {
        double at = in[1][i];
        out[0][i] = at >= 0 && at < (double)n_in ? in[0][i / n_out * n_in + (size_t)at] : 0;
    }
}

static void vjp_max_pool_gather(struct vjp *v)
{
    struct pool_attrs a = with_in_size(v->call);
    vjp_adjoint(v, &op_max_pool_grad, &a);
}

static limn_status plan_max_pool_gather(const struct op_call *c, const struct device_caps *caps,
                                        struct kernel_list *out, limn_error *err)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->in[1]);
    bool texel = pool_texel(caps, shape_elems(&c->in[0]));
    uint16_t shader = texel ? SHADER_MAX_POOL_GATHER_TEXEL : SHADER_MAX_POOL_GATHER;
    struct kernel_call *k = pool_call(out, shader, &g, c->attrs, false);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    pool_bind_in(k, 0, texel);
    pool_bind_in(k, 1, texel);
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    size_t from = spatial_elems(g.in), to = spatial_elems(g.out);
    return plane_windows(c, caps, g.planes, &(struct plane_work){to, {from, to, to}, POOL_LOCAL}, out, err);
}

const struct op op_max_pool_gather = {
    .name = "max_pool_gather",
    .doc = "y[o] = x[index[o]] within the plane",
    MAXIMUM(2, 1),
    .infer = infer_max_pool_gather,
    .ref = ref_max_pool_gather,
    .vjp = vjp_max_pool_gather,
    .plan = plan_max_pool_gather,
    .tol = 1e-6f, /* picks, does not compute */
};
