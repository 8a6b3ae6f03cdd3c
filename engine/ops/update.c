/* The optimisers' steps and running averages, as operators that may write over what they read (OP_UPDATE).
 *
 * SGD as PyTorch has it: d = g + decay w; m = momentum m + d; w -= lr (nesterov ? d + momentum m : m).
 * Adam (Kingma and Ba 2015), AMSGrad (Reddi et al. 2018), AdamW (Loshchilov and Hutter 2019):
 *   m = b1 m + (1 - b1) d; v = b2 v + (1 - b2) d^2; w -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps). */
#include "ops/ops.h"

#include <math.h>

#include "ops/elementwise.h"
#include "push/update.h"
#include "shaders_gen.h"

enum { W, S, G, H, N_IN };
enum { COMBINE_S, COMBINE_X, COMBINE_K, COMBINE_N_IN };

struct push_update {
    PUSH_UPDATE
};
struct push_combine {
    PUSH_COMBINE
};

static limn_status infer_update(const struct op_call *c, int32_t rows, struct shape *out, limn_error *err)
{
    char a[SHAPE_TEXT_MAX], b[SHAPE_TEXT_MAX];
    struct shape s = SHAPE(rows, (int32_t)shape_elems(&c->in[W]));
    if (!shape_equal(&c->in[S], &s)) {
        return err_set(err, LIMN_ERR_SHAPE, "state is %s (expected %s)", shape_text(&c->in[S], a), shape_text(&s, b));
    }
    if (!shape_equal(&c->in[G], &c->in[W])) {
        return err_set(err, LIMN_ERR_SHAPE, "gradient is %s (expected %s)", shape_text(&c->in[G], a),
                       shape_text(&c->in[W], b));
    }
    if (c->in[H].rank != 1 || c->in[H].dim[0] != 4) {
        return err_set(err, LIMN_ERR_SHAPE, "the step's numbers are %s (expected 4)", shape_text(&c->in[H], a));
    }
    out[0] = c->in[W];
    out[1] = s;
    return LIMN_OK;
}

static limn_status infer_sgd(const struct op_call *c, struct shape *out, limn_error *err)
{
    return infer_update(c, 1, out, err);
}

static limn_status infer_adam(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct adam_attrs *a = c->attrs;
    return infer_update(c, a->amsgrad ? 3 : 2, out, err);
}

static void ref_sgd(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct sgd_attrs *a = c->attrs;
    double lr = in[H][0], momentum = (double)a->momentum;
    for (size_t i = 0; i < shape_elems(&c->in[W]); i++) {
        double d = in[G][i] + (double)a->weight_decay * in[W][i];
        double m = momentum * in[S][i] + d;
        out[1][i] = m;
        out[0][i] = in[W][i] - lr * (a->nesterov ? d + momentum * m : m);
    }
}

static void ref_adam(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct adam_attrs *a = c->attrs;
    size_t n = shape_elems(&c->in[W]);
    double b1 = (double)a->beta1, b2 = (double)a->beta2, decay = (double)a->weight_decay;
    for (size_t i = 0; i < n; i++) {
        double w = in[W][i], d = in[G][i];
        if (a->decoupled) {
            w *= 1 - in[H][0] * decay;
        } else {
            d += decay * w;
        }
        double m = b1 * in[S][i] + (1 - b1) * d, v = b2 * in[S][n + i] + (1 - b2) * d * d, top = v;
        if (a->amsgrad) {
            top = fmax(v, in[S][2 * n + i]);
            out[1][2 * n + i] = top;
        }
        out[1][i] = m;
        out[1][n + i] = v;
        out[0][i] = w - in[H][1] * (m / (sqrt(top) * in[H][2] + (double)a->eps));
    }
}

static limn_status plan_update(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                               uint32_t rule, struct push_update p, limn_error *err)
{
    p.n = (uint32_t)shape_elems(&c->in[W]);
    if (!window_rows(c, caps, 1, shape_elems(&c->in[S]), err)) {
        return LIMN_ERR_UNSUPPORTED;
    }
    struct kernel_call *k = kernel_add(l, SHADER_UPDATE, local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    kernel_spec(k, rule);
    kernel_push(k, &p, sizeof(p));
    for (int i = W; i < N_IN; i++) {
        kernel_bind(k, BIND_IN, i, ACCESS_READ);
    }
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    kernel_bind(k, BIND_OUT, 1, ACCESS_WRITE);
    kernel_grid_1d(k, caps, p.n, local_1d(caps));
    k->flops = (double)p.n * c->op->flops_per_out;
    return LIMN_OK;
}

static limn_status plan_sgd(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                            limn_error *err)
{
    const struct sgd_attrs *a = c->attrs;
    struct push_update p = {.a = a->momentum, .c = a->nesterov ? 1 : 0, .decay = a->weight_decay};
    return plan_update(c, caps, l, UPDATE_SGD, p, err);
}

static limn_status plan_adam(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                             limn_error *err)
{
    const struct adam_attrs *a = c->attrs;
    struct push_update p = {.a = a->beta1,
                            .b = a->beta2,
                            .c = a->eps,
                            .decay = a->weight_decay,
                            .amsgrad = a->amsgrad != 0,
                            .decoupled = a->decoupled != 0};
    return plan_update(c, caps, l, UPDATE_ADAM, p, err);
}

static limn_status infer_combine(const struct op_call *c, struct shape *out, limn_error *err)
{
    char a[SHAPE_TEXT_MAX], b[SHAPE_TEXT_MAX];
    if (!shape_equal(&c->in[COMBINE_S], &c->in[COMBINE_X])) {
        return err_set(err, LIMN_ERR_SHAPE, "x is %s (expected %s)", shape_text(&c->in[COMBINE_X], a),
                       shape_text(&c->in[COMBINE_S], b));
    }
    if (c->in[COMBINE_K].rank != 1 || c->in[COMBINE_K].dim[0] != 2) {
        return err_set(err, LIMN_ERR_SHAPE, "factors are %s (expected 2)", shape_text(&c->in[COMBINE_K], a));
    }
    out[0] = c->in[COMBINE_S];
    return LIMN_OK;
}

static void ref_combine(const struct op_call *c, const double *const *in, double *const *out)
{
    const double *k = in[COMBINE_K];
    for (size_t i = 0; i < shape_elems(&c->in[COMBINE_S]); i++) {
        out[0][i] = k[1] * in[COMBINE_X][i] + (k[0] == 0 ? 0 : k[0] * in[COMBINE_S][i]);
    }
}

static limn_status plan_combine(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                limn_error *err)
{
    struct push_combine p = {(uint32_t)shape_elems(&c->in[COMBINE_S])};
    if (!window_rows(c, caps, 1, p.n, err)) {
        return LIMN_ERR_UNSUPPORTED;
    }
    struct kernel_call *k = kernel_add(l, SHADER_COMBINE, local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    kernel_push(k, &p, sizeof(p));
    for (int i = COMBINE_S; i < COMBINE_N_IN; i++) {
        kernel_bind(k, BIND_IN, i, ACCESS_READ);
    }
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    kernel_grid_1d(k, caps, p.n, local_1d(caps));
    k->flops = 3.0 * p.n;
    return LIMN_OK;
}

static const struct attr_desc sgd_attr_table[] = {{"momentum", ATTR_F32, offsetof(struct sgd_attrs, momentum)},
                                                  {"weight_decay", ATTR_F32, offsetof(struct sgd_attrs, weight_decay)},
                                                  {"nesterov", ATTR_BOOL, offsetof(struct sgd_attrs, nesterov)}};
static const struct attr_desc adam_attr_table[] = {
    {"beta1", ATTR_F32, offsetof(struct adam_attrs, beta1)},
    {"beta2", ATTR_F32, offsetof(struct adam_attrs, beta2)},
    {"eps", ATTR_F32, offsetof(struct adam_attrs, eps)},
    {"weight_decay", ATTR_F32, offsetof(struct adam_attrs, weight_decay)},
    {"amsgrad", ATTR_BOOL, offsetof(struct adam_attrs, amsgrad)},
    {"decoupled", ATTR_BOOL, offsetof(struct adam_attrs, decoupled)}};

/* Tolerances: sums of two or three products; Adam divides by a root (2.5 and 5 ULP in Vulkan) and 1 - beta in float. */
const struct op op_sgd_update = {
    .name = "sgd_update",
    .doc = "one step of gradient descent with momentum",
    .n_in_min = N_IN,
    .n_in_max = N_IN,
    .n_out = 2,
    .flags = OP_UPDATE,
    .attrs = sgd_attr_table,
    .n_attrs = 3,
    .attr_bytes = sizeof(struct sgd_attrs),
    .infer = infer_sgd,
    .ref = ref_sgd,
    .plan = plan_sgd,
    .flops_per_out = 7,
    .tol = 1e-6f,
};
const struct op op_adam_update = {
    .name = "adam_update",
    .doc = "one step of Adam, AdamW or AMSGrad",
    .n_in_min = N_IN,
    .n_in_max = N_IN,
    .n_out = 2,
    .flags = OP_UPDATE,
    .attrs = adam_attr_table,
    .n_attrs = 6,
    .attr_bytes = sizeof(struct adam_attrs),
    .infer = infer_adam,
    .ref = ref_adam,
    .plan = plan_adam,
    .flops_per_out = 16,
    .tol = 4e-6f,
};
const struct op op_combine = {
    .name = "combine",
    .doc = "k0 s + k1 x",
    .n_in_min = COMBINE_N_IN,
    .n_in_max = COMBINE_N_IN,
    .n_out = 1,
    .flags = OP_UPDATE,
    .infer = infer_combine,
    .ref = ref_combine,
    .plan = plan_combine,
    .flops_per_out = 3,
    .tol = 1e-6f,
};
