/* conv(x, w, bias?, add?, mask?): cross-correlation, as in every deep learning framework:
 *     y[n, m, o] = sum over c, t of w[m, c, t] * x[n, c, o * stride - pad + t * dilation], then the epilogue. */
#include <string.h>

#include "ops/conv_geom.h"
#include "ops/conv_plan.h"
#include "ops/epilogue.h"

static limn_status conv_infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct conv_attrs *a = c->attrs;
    const struct shape *x = &c->in[CONV_X], *w = &c->in[CONV_W];
    char xt[SHAPE_TEXT_MAX], wt[SHAPE_TEXT_MAX];
    int32_t size[3];
    limn_status st = LIMN_OK;
    TRY(conv_attrs_check(a, x->rank, err));
    for (int i = 0; i < 3; i++) {
        size[i] = w->rank == x->rank ? conv_out_size(a, i, conv_axis(x, i), conv_axis(w, i)) : -1;
        if (size[i] < 1) {
            return err_set(err, LIMN_ERR_SHAPE, "input %s is too small for weights %s (stride %d, dilation %d)",
                           shape_text(x, xt), shape_text(w, wt), (int)a->stride[i], (int)a->dilation[i]);
        }
    }
    struct conv_geom g;
    struct shape y = conv_shape(x->rank, x->dim[0], w->dim[0], size);
    TRY(shape_check(&y, err));
    TRY(conv_geom_init(&g, a, x, &y, w, err));
    TRY(epilogue_infer(c, &a->epi, CONV_BIAS, w->dim[0], &y, err));
    *out = y;
out:
    return st;
}

static void add_product(void *user, size_t big, size_t w, size_t small)
{
    struct conv_sum *s = user;
    s->y[small] += s->x[big] * s->w[w];
}

static void conv_ref(const struct op_call *c, const double *const *in, double *const *out)
{
    conv_ref_sum(c, false, in, out, add_product);
}

static void conv_vjp(struct vjp *v)
{
    const struct conv_attrs *a = v->call->attrs;
    const struct shape *x = &v->call->in[CONV_X];
    if (!epilogue_neutral(v->b, &a->epi, "conv") || v->gout[0] == VALUE_NONE) {
        return;
    }
    struct conv_attrs t = *a;
    if (v->need[CONV_X]) {
        for (int i = 0; i < 3; i++) {
            t.size[i] = conv_axis(x, i);
        }
        v->gin[CONV_X] = build(v->b, &op_conv_transpose, NULL, &t, v->gout[0], v->in[CONV_W]);
    }
    conv_vjp_rest(v, v->in[CONV_X], v->gout[0]);
}

static limn_status conv_plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                             limn_error *err)
{
    return conv_plan_node(c, false, caps, out, err);
}

/* Tolerance: float sums of up to some thousand products, relative to the largest result. */
const struct op op_conv = {
    .name = "conv",
    .doc = "y = epilogue(sum w * x): cross-correlation with stride, padding, dilation and groups",
    CONV_DESCRIPTOR,
    .infer = conv_infer,
    .ref = conv_ref,
    .vjp = conv_vjp,
    .plan = conv_plan,
    .tol = 2e-5f,
};
