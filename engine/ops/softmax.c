/* softmax and log_softmax along one axis, with the maximum subtracted first.
 * Backward: y (g - sum g y) and g - exp(y) sum g. */
#include "ops/ops.h"

#include <math.h>

#include "ops/elementwise.h"
#include "push/softmax.h"
#include "shaders_gen.h"

struct push_softmax {
    PUSH_SOFTMAX
};

static limn_status infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct axis_attrs *a = c->attrs;
    if (a->axis < 0 || a->axis >= c->in[0].rank) {
        char text[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_SHAPE, "axis %d of shape %s", a->axis, shape_text(&c->in[0], text));
    }
    out[0] = c->in[0];
    return LIMN_OK;
}

static struct push_softmax rows_of(const struct op_call *c)
{
    const struct axis_attrs *a = c->attrs;
    struct shape_rows r = shape_around(&c->in[0], a->axis);
    return (struct push_softmax){
        .rows = (uint32_t)(r.outer * r.inner), .len = (uint32_t)r.n, .inner = (uint32_t)r.inner};
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    struct push_softmax p = rows_of(c);
    for (size_t row = 0; row < p.rows; row++) {
        size_t base = row / p.inner * p.len * p.inner + row % p.inner;
        const double *x = in[0] + base;
        double *y = out[0] + base;
        double top = x[0], sum = 0;
        for (size_t k = 1; k < p.len; k++) {
            top = x[k * p.inner] > top ? x[k * p.inner] : top;
        }
        for (size_t k = 0; k < p.len; k++) {
            sum += exp(x[k * p.inner] - top);
        }
        for (size_t k = 0; k < p.len; k++) {
            double v = x[k * p.inner] - top;
            y[k * p.inner] = c->op == &op_softmax ? exp(v) / sum : v - log(sum);
        }
    }
}

static void vjp_softmax(struct vjp *v)
{
    const struct axis_attrs *a = v->call->attrs;
    value_id y = v->out[0], g = v->gout[0];
    value_id sum = build_reduce(v->b, &op_reduce_sum, build_mul(v->b, g, y), 1 << a->axis, true);
    v->gin[0] = build_mul(v->b, y, build_sub(v->b, g, sum));
}

static void vjp_log_softmax(struct vjp *v)
{
    const struct axis_attrs *a = v->call->attrs;
    value_id g = v->gout[0], p = build(v->b, &op_exp, NULL, NULL, v->out[0]);
    value_id sum = build_reduce(v->b, &op_reduce_sum, g, 1 << a->axis, true);
    v->gin[0] = build_sub(v->b, g, build_mul(v->b, p, sum));
}

/* Rows of `n` outer positions from `first` on. */
static limn_status plan_rows(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                             size_t first, size_t n, limn_error *err)
{
    struct push_softmax p = rows_of(c);
    size_t block = (size_t)p.len * p.inner;
    bool alone = caps->cpu || p.len < 32 || (p.rows >= 4096 && p.inner >= 32);
    uint32_t lanes = alone ? 1 : caps->max_invocations < 128 ? 64 : 128;
    uint32_t local = !alone ? lanes : caps->cpu ? 16 : 64;
    struct kernel_call *k = kernel_add(l, SHADER_SOFTMAX, local, 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    p.rows = (uint32_t)(n * p.inner);
    p.base_x = bind_slice(k, caps, BIND_IN, 0, ACCESS_READ, first * block, n * block);
    p.base_y = bind_slice(k, caps, BIND_OUT, 0, ACCESS_WRITE, first * block, n * block);
    kernel_spec(k, c->op == &op_log_softmax);
    kernel_spec(k, lanes);
    kernel_push(k, &p, sizeof(p));
    kernel_grid_1d(k, caps, p.rows, alone ? local : 1);
    k->flops = 6.0 * p.rows * p.len;
    return LIMN_OK;
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    struct push_softmax p = rows_of(c);
    size_t outer = p.rows / p.inner, step = window_rows(c, caps, outer, (size_t)p.len * p.inner, err);
    limn_status st = step ? LIMN_OK : LIMN_ERR_UNSUPPORTED;
    for (size_t first = 0; first < outer && st == LIMN_OK; first += step) {
        st = plan_rows(c, caps, l, first, outer - first < step ? outer - first : step, err);
    }
    return st;
}

static const struct attr_desc attrs[] = {{"axis", ATTR_I32, offsetof(struct axis_attrs, axis)}};

#define ALONG_AXIS                                                                                                     \
    .n_in_min = 1, .n_in_max = 1, .n_out = 1, .attrs = attrs, .n_attrs = 1, .attr_bytes = sizeof(struct axis_attrs),   \
    .infer = infer, .ref = ref, .plan = plan, .flops_per_out = 6

/* Tolerances: exp and log of Vulkan are good to 3 ULP plus a part that grows with the argument (some tens here). */
const struct op op_softmax = {
    .name = "softmax", .doc = "exp(x) / sum exp(x) over axis", ALONG_AXIS, .vjp = vjp_softmax, .tol = 1e-5f};
const struct op op_log_softmax = {
    .name = "log_softmax", .doc = "x - log sum exp(x) over axis", ALONG_AXIS, .vjp = vjp_log_softmax, .tol = 1e-5f};
