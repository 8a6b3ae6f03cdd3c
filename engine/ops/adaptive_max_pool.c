/* adaptive_max_pool(x): the maximum over the windows of adaptive_avg_pool, and where it stood. Backward scatters within
 * planes: outputs are few, so that every element looks at all of them. */
#include <stddef.h>

#include <math.h>

#include "ops/pool.h"
#include "push/pool.h"
#include "shaders_gen.h"

static limn_status infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct adaptive_attrs *a = c->attrs;
    limn_status st;
    int32_t in[3];
    TRY(spatial_check(c, 0, err));
    spatial_get(&c->in[0], in);
    TRY(plane_check(c, in, err));
    TRY(adaptive_check(c, in, a->size, err));
    out[0] = out[1] = spatial_set(&c->in[0], a->size);
out:
    return st;
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    size_t n_out = spatial_elems(g.out), n_in = spatial_elems(g.in);
    for (size_t i = 0; i < shape_elems(&c->out[0]); i++) {
        int32_t k = (int32_t)(i % n_out), at[3] = {k / (g.out[1] * g.out[2]), k / g.out[2] % g.out[1], k % g.out[2]};
        int32_t lo[3], hi[3];
        const double *x = in[0] + i / n_out * n_in;
        bool found = false;
        for (int axis = 0; axis < 3; axis++) {
            adaptive_window(g.in[axis], g.out[axis], at[axis], &lo[axis], &hi[axis]);
        }
        for (int32_t p = 0; p < (int32_t)n_in; p++) {
            int32_t d = p / (g.in[1] * g.in[2]), h = p / g.in[2] % g.in[1], w = p % g.in[2];
            bool inside = d >= lo[0] && d < hi[0] && h >= lo[1] && h < hi[1] && w >= lo[2] && w < hi[2];
            if (inside && (!found || x[p] > out[0][i] || isnan(x[p]))) {
                out[0][i] = x[p];
                out[1][i] = p;
                found = true;
            }
        }
    }
}

static void vjp(struct vjp *v)
{
    struct pool_geom g = pool_geom_of(&v->call->in[0], &v->call->out[0]);
    struct shape rows = SHAPE(g.planes, (int32_t)spatial_elems(g.out));
    struct gather_attrs a = {.axis = 1, .size = (int32_t)spatial_elems(g.in)};
    if (!v->need[0] || v->gout[0] == VALUE_NONE) {
        return;
    }
    value_id gout = build_reshape(v->b, NULL, v->gout[0], rows), index = build_reshape(v->b, NULL, v->out[1], rows);
    value_id sum = build(v->b, &op_scatter_elements, NULL, &a, gout, index);
    v->gin[0] = build_reshape(v->b, NULL, sum, v->call->in[0]);
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    bool texel = pool_texel(caps, shape_elems(&c->in[0]));
    struct kernel_call *k =
        pool_call(l, texel ? SHADER_ADAPTIVE_MAX_POOL_TEXEL : SHADER_ADAPTIVE_MAX_POOL, &g, NULL, false);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    kernel_spec(k, POOL_AVG_ADAPTIVE);
    pool_bind_in(k, 0, texel);
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    kernel_bind(k, BIND_OUT, 1, ACCESS_WRITE);
    k->flops = (double)shape_elems(&c->in[0]);
    size_t from = spatial_elems(g.in), to = spatial_elems(g.out);
    return plane_windows(c, caps, g.planes, &(struct plane_work){to, {from, to, to}, POOL_LOCAL}, l, err);
}

const struct op op_adaptive_max_pool = {
    .name = "adaptive_max_pool",
    .doc = "y[o] = max of x over floor(o*in/out) .. ceil((o+1)*in/out)-1; its place in the plane",
    .n_in_min = 1,
    .n_in_max = 1,
    .n_out = 2,
    .attrs = adaptive_attr_desc,
    .n_attrs = ADAPTIVE_N_ATTRS,
    .attr_bytes = sizeof(struct adaptive_attrs),
    .infer = infer,
    .ref = ref,
    .vjp = vjp,
    .plan = plan,
    .tol = 1e-6f, /* picks, does not compute */
};
