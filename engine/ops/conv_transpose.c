/* conv_transpose(x, w, bias?, add?, mask?): the adjoint of conv in its input:
 *     y[n, c, o * stride - pad + t * dilation] += w[m, c, t] * x[n, m, o], then the epilogue. */
#include <string.h>

#include "base/checked.h"
#include "ops/conv_geom.h"
#include "ops/conv_plan.h"
#include "ops/epilogue.h"

static limn_status conv_transpose_infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct conv_attrs *a = c->attrs;
    const struct shape *x = &c->in[CONV_X], *w = &c->in[CONV_W];
    limn_status st = LIMN_OK;
    int32_t channels;
    TRY(conv_attrs_check(a, x->rank, err));
    if (w->rank != x->rank || !mul_i32(w->dim[1], a->groups, &channels)) {
        char xt[SHAPE_TEXT_MAX], wt[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_SHAPE, "input %s and weights %s (groups %d) do not fit together",
                       shape_text(x, xt), shape_text(w, wt), (int)a->groups);
    }
    struct shape y = conv_shape(x->rank, x->dim[0], channels, a->size);
    TRY(shape_check(&y, err));
    struct conv_geom g;
    TRY(conv_geom_init(&g, a, &y, x, w, err));
    TRY(epilogue_infer(c, &a->epi, CONV_BIAS, channels, &y, err));
    *out = y;
out:
    return st;
}

static void add_product(void *user, size_t big, size_t w, size_t small)
{
    struct conv_sum *s = user;
    s->y[big] += s->x[small] * s->w[w];
}

static void conv_transpose_ref(const struct op_call *c, const double *const *in, double *const *out)
{
    conv_ref_sum(c, true, in, out, add_product);
}

static void conv_transpose_vjp(struct vjp *v)
{
    const struct conv_attrs *a = v->call->attrs;
    if (!epilogue_neutral(v->b, &a->epi, "conv_transpose") || v->gout[0] == VALUE_NONE) {
        return;
    }
    struct conv_attrs t = *a;
    if (v->need[CONV_X]) {
        memset(t.size, 0, sizeof(t.size));
        v->gin[CONV_X] = build(v->b, &op_conv, NULL, &t, v->gout[0], v->in[CONV_W]);
    }
    conv_vjp_rest(v, v->gout[0], v->in[CONV_X]);
}

static limn_status conv_transpose_plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                       limn_error *err)
{
    return conv_plan_node(c, true, caps, out, err);
}

const struct op op_conv_transpose = {
    .name = "conv_transpose",
    .doc = "y = epilogue(adjoint of conv in x)",
    CONV_DESCRIPTOR,
    .infer = conv_transpose_infer,
    .ref = conv_transpose_ref,
    .vjp = conv_transpose_vjp,
    .plan = conv_transpose_plan,
    .tol = 2e-5f, /* as conv */
};
