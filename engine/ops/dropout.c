/* dropout(x, step): Srivastava et al. 2014 with the kept elements scaled by 1 / (1 - p). Which are kept is a hash of
 * (seed, step, element), so that the backward pass, which is the same operator on the gradient, needs no mask. */
#include "ops/ops.h"

#include "ops/elementwise.h"
#include "push/dropout.h"
#include "shaders_gen.h"

enum { X, STEP, N_IN };

struct push_dropout {
    PUSH_DROPOUT
};

static limn_status infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct dropout_attrs *a = c->attrs;
    char text[SHAPE_TEXT_MAX];
    if (!(a->p >= 0 && a->p < 1)) {
        return err_set(err, LIMN_ERR_ARG, "dropout of %g (expected 0 <= p < 1)", (double)a->p);
    }
    if (c->in[STEP].rank != 1 || c->in[STEP].dim[0] != 2) {
        return err_set(err, LIMN_ERR_SHAPE, "step is %s (expected 2)", shape_text(&c->in[STEP], text));
    }
    out[0] = c->in[X];
    return LIMN_OK;
}

static struct push_dropout push_of(const struct op_call *c)
{
    const struct dropout_attrs *a = c->attrs;
    return (struct push_dropout){(uint32_t)shape_elems(&c->in[X]), (uint32_t)a->seed,
                                 (uint32_t)((double)a->p * 4294967296.0), 1 / (1 - a->p)};
}

static uint32_t mix32(uint32_t v)
{
    v = (v ^ (v >> 16)) * 0x7feb352du;
    v = (v ^ (v >> 15)) * 0x846ca68bu;
    return v ^ (v >> 16);
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    struct push_dropout p = push_of(c);
    uint32_t step = (uint32_t)in[STEP][0] + ((uint32_t)in[STEP][1] << 20);
    for (uint32_t i = 0; i < p.n; i++) {
        uint32_t r = mix32(mix32(p.seed ^ mix32(step)) + i * 0x9e3779b9u);
        out[0][i] = r < p.threshold ? 0 : in[X][i] * (double)p.scale;
    }
}

static void vjp(struct vjp *v)
{
    if (v->need[X]) {
        v->gin[X] = build(v->b, &op_dropout, NULL, v->call->attrs, v->gout[0], v->in[STEP]);
    }
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    struct push_dropout p = push_of(c);
    if (!window_rows(c, caps, 1, p.n, err)) {
        return LIMN_ERR_UNSUPPORTED;
    }
    struct kernel_call *k = kernel_add(l, SHADER_DROPOUT, local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    kernel_bind(k, BIND_IN, X, ACCESS_READ);
    kernel_bind(k, BIND_IN, STEP, ACCESS_READ);
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    kernel_push(k, &p, sizeof(p));
    kernel_grid_1d(k, caps, p.n, local_1d(caps));
    k->flops = 20.0 * p.n;
    return LIMN_OK;
}

static const struct attr_desc attrs[] = {{"p", ATTR_F32, offsetof(struct dropout_attrs, p)},
                                         {"seed", ATTR_I32, offsetof(struct dropout_attrs, seed)}};

const struct op op_dropout = {
    .name = "dropout",
    .doc = "x / (1 - p) or, with probability p, 0",
    .n_in_min = N_IN,
    .n_in_max = N_IN,
    .n_out = 1,
    .flags = OP_INPLACE,
    .attrs = attrs,
    .n_attrs = 2,
    .attr_bytes = sizeof(struct dropout_attrs),
    .infer = infer,
    .ref = ref,
    .vjp = vjp,
    .plan = plan,
    .flops_per_out = 20,
    .tol = 1e-6f, /* one product */
};
