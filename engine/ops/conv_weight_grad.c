/* conv_weight_grad(x, g): the adjoint of conv in its weights:
 *     dw[m, c, t] = sum over n, o of g[n, m, o] * x[n, c, o * stride - pad + t * dilation]. */
#include <string.h>

#include "base/checked.h"
#include "ops/conv_geom.h"
#include "ops/conv_plan.h"

static limn_status conv_weight_grad_infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct conv_attrs *a = c->attrs;
    const struct shape *x = &c->in[0], *g = &c->in[1];
    limn_status st = LIMN_OK;
    TRY(conv_attrs_check(a, x->rank, err));
    struct shape w = conv_shape(x->rank, g->dim[1], x->dim[1] / a->groups, a->size);
    TRY(shape_check(&w, err));
    struct conv_geom geom;
    TRY(conv_geom_init(&geom, a, x, g, &w, err));
    *out = w;
out:
    return st;
}

struct grad_sum {
    const double *x, *g;
    double *dw;
};

static void add_product(void *user, size_t big, size_t w, size_t small)
{
    struct grad_sum *s = user;
    s->dw[w] += s->x[big] * s->g[small];
}

static void conv_weight_grad_ref(const struct op_call *c, const double *const *in, double *const *out)
{
    struct conv_geom g;
    if (conv_geom_init(&g, c->attrs, &c->in[0], &c->in[1], &c->out[0], NULL) != LIMN_OK) {
        return;
    }
    memset(out[0], 0, shape_elems(&c->out[0]) * sizeof(double));
    conv_visit(&g, add_product, &(struct grad_sum){in[0], in[1], out[0]});
}

static void conv_weight_grad_vjp(struct vjp *v)
{
    struct conv_attrs t = *(const struct conv_attrs *)v->call->attrs;
    if (v->gout[0] == VALUE_NONE) {
        return;
    }
    if (v->need[0]) {
        for (int i = 0; i < 3; i++) {
            t.size[i] = conv_axis(&v->call->in[0], i);
        }
        v->gin[0] = build(v->b, &op_conv_transpose, NULL, &t, v->in[1], v->gout[0]);
    }
    if (v->need[1]) {
        memset(t.size, 0, sizeof(t.size));
        v->gin[1] = build(v->b, &op_conv, NULL, &t, v->in[0], v->gout[0]);
    }
}

static limn_status conv_weight_grad_plan(const struct op_call *c, const struct device_caps *caps,
                                         struct kernel_list *out, limn_error *err)
{
    struct conv_geom g;
    limn_status st = conv_geom_init(&g, c->attrs, &c->in[0], &c->in[1], &c->out[0], err);
    return st != LIMN_OK ? st : conv_plan_weight_grad(c, &g, caps, out, err);
}

const struct op op_conv_weight_grad = {
    .name = "conv_weight_grad",
    .doc = "dw = adjoint of conv in w",
    .n_in_min = 2,
    .n_in_max = 2,
    .n_out = 1,
    .attrs = conv_attr_table,
    .n_attrs = CONV_N_ATTRS,
    .attr_bytes = sizeof(struct conv_attrs),
    .infer = conv_weight_grad_infer,
    .ref = conv_weight_grad_ref,
    .vjp = conv_weight_grad_vjp,
    .plan = conv_weight_grad_plan,
    .tol = 3e-5f, /* as conv, with sums over every point */
};
