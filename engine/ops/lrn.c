/* lrn(x): local response normalisation over channels (Krizhevsky, Sutskever, Hinton 2012), with ONNX's window:
 *     s[c] = bias + alpha / size * sum of x[c']^2,  c' from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2)
 *     y = x s^-beta        dx = g s^-beta - 2 alpha beta x A'(g x s^-beta / s)
 * where A is the average over the window (outside counts as zero) and A' its adjoint: avg_pool along the channels. */
#include <stddef.h>

#include <math.h>

#include "ops/elementwise.h"
#include "push/lrn.h"
#include "shaders_gen.h"

struct lrn_push {
    PUSH_LRN
};

static limn_status infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct lrn_attrs *a = c->attrs;
    char text[SHAPE_TEXT_MAX];
    if (c->in[0].rank < 2) {
        return err_set(err, LIMN_ERR_SHAPE, "lrn: input is %s (expected N, C and more)", shape_text(&c->in[0], text));
    }
    if (a->size < 1 || a->size > 1 << 15) {
        return err_set(err, LIMN_ERR_SHAPE, "lrn: size is %d (expected 1 to 32768)", a->size);
    }
    out[0] = c->in[0];
    return LIMN_OK;
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct lrn_attrs *a = c->attrs;
    struct shape_rows r = shape_around(&c->in[0], 1);
    int64_t before = (a->size - 1) / 2, after = a->size / 2, channels = (int64_t)r.n;
    for (size_t i = 0; i < r.outer * r.n * r.inner; i++) {
        int64_t at = (int64_t)(i / r.inner % r.n);
        double sum = 0;
        for (int64_t k = -before; k <= after; k++) {
            double v = at + k >= 0 && at + k < channels ? in[0][(int64_t)i + k * (int64_t)r.inner] : 0;
            sum += v * v;
        }
        out[0][i] = in[0][i] * pow((double)a->bias + (double)a->alpha / a->size * sum, -(double)a->beta);
    }
}

static void vjp(struct vjp *v)
{
    const struct lrn_attrs *a = v->call->attrs;
    struct builder *b = v->b;
    struct shape_rows r = shape_around(&v->call->in[0], 1);
    struct shape flat = SHAPE((int32_t)r.outer, 1, (int32_t)r.n, (int32_t)r.inner);
    struct pool_attrs window = {.size = {1, a->size, 1},
                                .stride = {1, 1, 1},
                                .dilation = {1, 1, 1},
                                .pad_begin = {0, (a->size - 1) / 2, 0},
                                .pad_end = {0, a->size / 2, 0},
                                .count_include_pad = 1,
                                .in_size = {1, flat.dim[2], flat.dim[3]}};
    if (!v->need[0] || v->gout[0] == VALUE_NONE) {
        return;
    }
    value_id x = build_reshape(b, NULL, v->in[0], flat), g = build_reshape(b, NULL, v->gout[0], flat);
    value_id mean = build(b, &op_avg_pool, NULL, &window, build_mul(b, x, x));
    value_id s = build_affine(b, mean, a->alpha, a->bias);
    value_id log_s = build(b, &op_log, NULL, NULL, s);
    value_id p = build(b, &op_exp, NULL, NULL, build_affine(b, log_s, -a->beta, 0));
    value_id gp = build_mul(b, g, p);
    value_id spread = build(b, &op_avg_pool_grad, NULL, &window, build_div(b, build_mul(b, gp, x), s));
    value_id second = build_affine(b, build_mul(b, x, spread), -2 * a->alpha * a->beta, 0);
    v->gin[0] = build_reshape(b, NULL, build_add(b, gp, second), v->call->in[0]);
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    const struct lrn_attrs *a = c->attrs;
    struct shape_rows r = shape_around(&c->in[0], 1);
    size_t block = r.n * r.inner, step = window_rows(c, caps, r.outer, block, err);
    for (size_t first = 0; first < r.outer && step > 0; first += step) {
        size_t count = r.outer - first < step ? r.outer - first : step;
        struct lrn_push p = {.n = (uint32_t)(count * block),
                             .channels = (int32_t)r.n,
                             .inner = (uint32_t)r.inner,
                             .before = (a->size - 1) / 2,
                             .after = a->size / 2,
                             .scale = a->alpha / (float)a->size,
                             .beta = a->beta,
                             .bias = a->bias};
        struct kernel_call *k = kernel_add(l, SHADER_LRN, local_1d(caps), 1, 1);
        if (!k) {
            return err_nomem(err, sizeof(*k), "a kernel call");
        }
        p.base_x = bind_slice(k, caps, BIND_IN, 0, ACCESS_READ, first * block, count * block);
        p.base_y = bind_slice(k, caps, BIND_OUT, 0, ACCESS_WRITE, first * block, count * block);
        push_div_set(p.by_mul, &p.by_shift, 0, p.inner);
        push_div_set(p.by_mul, &p.by_shift, 1, (uint32_t)r.n);
        kernel_spec(k, a->beta == 0.75f);
        kernel_push(k, &p, sizeof(p));
        kernel_grid_1d(k, caps, p.n, local_1d(caps));
        k->flops = 2.0 * p.n * a->size;
    }
    return step > 0 ? LIMN_OK : LIMN_ERR_UNSUPPORTED;
}

static const struct attr_desc attrs[] = {{"size", ATTR_I32, offsetof(struct lrn_attrs, size)},
                                         {"alpha", ATTR_F32, offsetof(struct lrn_attrs, alpha)},
                                         {"beta", ATTR_F32, offsetof(struct lrn_attrs, beta)},
                                         {"bias", ATTR_F32, offsetof(struct lrn_attrs, bias)}};

const struct op op_lrn = {.name = "lrn",
                          .doc = "x / (bias + alpha / size * sum of x^2 over channels around)^beta",
                          .n_in_min = 1,
                          .n_in_max = 1,
                          .n_out = 1,
                          .attrs = attrs,
                          .n_attrs = 4,
                          .attr_bytes = sizeof(struct lrn_attrs),
                          .infer = infer,
                          .ref = ref,
                          .vjp = vjp,
                          .plan = plan,
                          .flops_per_out = 12,
                          .tol = 1e-5f}; /* exp and log, as softmax */
