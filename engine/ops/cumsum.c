/* cumsum(x): running sums along an axis, with or without the element itself, from either end. The adjoint runs from the
 * other end. */
#include <stddef.h>

#include "ops/elementwise.h"
#include "push/cumsum.h"
#include "shaders_gen.h"

struct cumsum_push {
    PUSH_CUMSUM
};

static limn_status infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct cumsum_attrs *a = c->attrs;
    if (a->axis < 0 || a->axis >= c->in[0].rank) {
        char text[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_SHAPE, "cumsum: axis %d of shape %s", a->axis, shape_text(&c->in[0], text));
    }
    out[0] = c->in[0];
    return LIMN_OK;
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct cumsum_attrs *a = c->attrs;
    struct shape_rows r = shape_around(&c->in[0], a->axis);
    for (size_t row = 0; row < r.outer * r.inner; row++) {
        size_t from = row / r.inner * r.n * r.inner + row % r.inner;
        double sum = 0;
        for (size_t k = 0; k < r.n; k++) {
            size_t i = from + (a->reverse ? r.n - 1 - k : k) * r.inner;
            double next = sum + in[0][i];
            out[0][i] = a->exclusive ? sum : next;
            sum = next;
        }
    }
}

static void vjp(struct vjp *v)
{
    struct cumsum_attrs a = *(const struct cumsum_attrs *)v->call->attrs;
    a.reverse = !a.reverse;
    vjp_adjoint(v, &op_cumsum, &a);
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    const struct cumsum_attrs *a = c->attrs;
    struct shape_rows r = shape_around(&c->in[0], a->axis);
    size_t block = r.n * r.inner, step = window_rows(c, caps, r.outer, block, err);
    bool shared = r.n >= 256 && r.outer * r.inner < (caps->cpu ? 16 : 1024);
    uint32_t lanes = !shared ? 1 : caps->cpu ? 16 : 64, rows = shared ? 1 : caps->cpu ? 16 : 64;
    for (size_t first = 0; first < r.outer && step > 0; first += step) {
        size_t count = r.outer - first < step ? r.outer - first : step;
        struct kernel_call *k = kernel_add(l, SHADER_CUMSUM, lanes, rows, 1);
        if (!k) {
            return err_nomem(err, sizeof(*k), "a kernel call");
        }
        struct cumsum_push p = {.rows = (uint32_t)(count * r.inner),
                                .n = (uint32_t)r.n,
                                .inner = (uint32_t)r.inner,
                                .exclusive = a->exclusive != 0,
                                .reverse = a->reverse != 0};
        p.base_x = bind_slice(k, caps, BIND_IN, 0, ACCESS_READ, first * block, count * block);
        p.base_y = bind_slice(k, caps, BIND_OUT, 0, ACCESS_WRITE, first * block, count * block);
        kernel_spec(k, lanes);
        kernel_push(k, &p, sizeof(p));
        kernel_grid_1d(k, caps, p.rows, rows);
        k->flops = 2.0 * (double)(count * block);
    }
    return step > 0 ? LIMN_OK : LIMN_ERR_UNSUPPORTED;
}

static const struct attr_desc attrs[] = {{"axis", ATTR_I32, offsetof(struct cumsum_attrs, axis)},
                                         {"exclusive", ATTR_BOOL, offsetof(struct cumsum_attrs, exclusive)},
                                         {"reverse", ATTR_BOOL, offsetof(struct cumsum_attrs, reverse)}};

const struct op op_cumsum = {.name = "cumsum",
                             .doc = "running sums along an axis",
                             .n_in_min = 1,
                             .n_in_max = 1,
                             .n_out = 1,
                             .attrs = attrs,
                             .n_attrs = 3,
                             .attr_bytes = sizeof(struct cumsum_attrs),
                             .infer = infer,
                             .ref = ref,
                             .vjp = vjp,
                             .plan = plan,
                             .tol = 1e-5f}; /* serial sums, as reduce_sum */
