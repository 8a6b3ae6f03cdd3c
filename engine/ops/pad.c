/* pad and pad_grad. By a constant, out[begin + i * (interior + 1)] = x[i], `value` elsewhere; negative begin or end
 * crop: strided copies, and the adjoint is a slice. By reflection, repetition of the edge or wrapping around, element p
 * of an axis of n, p < 0 or p >= n, is that at reflect  |p| mod 2(n-1), counted backwards from n - 1      edge  the
 * nearest      wrap  p mod n which is a sparse map per axis, whose transpose is the adjoint. */
#include <stddef.h>
#include <string.h>

#include "ops/axis_map.h"
#include "ops/copy.h"

static const struct attr_desc pad_desc[] = {
    {"begin", ATTR_I32X5, offsetof(struct pad_attrs, begin)},
    {"end", ATTR_I32X5, offsetof(struct pad_attrs, end)},
    {"interior", ATTR_I32X5, offsetof(struct pad_attrs, interior)},
    {"value", ATTR_F32, offsetof(struct pad_attrs, value)},
    {"mode", ATTR_I32, offsetof(struct pad_attrs, mode)},
};

static limn_status check_mode(const struct op_call *c, limn_error *err)
{
    const struct pad_attrs *a = c->attrs;
    bool known = a->mode >= PAD_CONSTANT && a->mode <= PAD_WRAP, spread = false;
    for (int i = 0; i < c->in[0].rank; i++) {
        spread = spread || a->interior[i] != 0;
    }
    if (!known || (a->mode != PAD_CONSTANT && spread) || (a->mode == PAD_CONSTANT && c->op == &op_pad_grad)) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: mode %d%s (expected 0 to 3; 0 is for pad, and interior for 0)",
                       c->op->name, a->mode, spread ? " with interior" : "");
    }
    return LIMN_OK;
}

static limn_status infer_pad(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct pad_attrs *a = c->attrs;
    struct shape r = {.rank = c->in[0].rank};
    limn_status st = check_mode(c, err);
    if (st != LIMN_OK) {
        return st;
    }
    for (int i = 0; i < r.rank; i++) {
        int64_t body = ((int64_t)c->in[0].dim[i] - 1) * ((int64_t)a->interior[i] + 1) + 1;
        int64_t n = a->begin[i] + body + a->end[i];
        if (a->interior[i] < 0 || body > INT32_MAX || n < 1 || n > INT32_MAX) {
            return err_set(err, LIMN_ERR_SHAPE,
                           "pad: axis %d of %d elements with begin %d, end %d, interior %d has size %lld "
                           "(expected 1 to 2^31 - 1, interior >= 0)",
                           i, c->in[0].dim[i], a->begin[i], a->end[i], a->interior[i], (long long)n);
        }
        r.dim[i] = (int32_t)n;
    }
    out[0] = r;
    return LIMN_OK;
}

/* g is the padded tensor. */
static limn_status infer_pad_grad(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct pad_attrs *a = c->attrs;
    struct shape r = {.rank = c->in[0].rank};
    limn_status st = check_mode(c, err);
    for (int i = 0; i < r.rank && st == LIMN_OK; i++) {
        int64_t n = (int64_t)c->in[0].dim[i] - a->begin[i] - a->end[i];
        r.dim[i] = (int32_t)n;
        if (n < 1 || n > INT32_MAX) {
            st = err_set(err, LIMN_ERR_SHAPE, "pad_grad: axis %d of %d elements with begin %d, end %d", i,
                         c->in[0].dim[i], a->begin[i], a->end[i]);
        }
    }
    if (st == LIMN_OK) {
        out[0] = r;
    }
    return st;
}

/* --- by reflection, edge, wrapping --- */

/* The element of an axis of n that stands at position p. */
static int32_t padded_at(int32_t mode, int64_t p, int64_t n)
{
    int64_t period = mode == PAD_REFLECT ? 2 * (n - 1) : n;
    if (n == 1 || mode == PAD_EDGE) {
        return (int32_t)(p < 0 ? 0 : p >= n ? n - 1 : p);
    }
    p = (p % period + period) % period;
    return (int32_t)(p < n ? p : period - p);
}

static limn_status passes_of(const struct op_call *c, const struct shape *x, const struct shape *y,
                             struct axis_passes *passes, limn_error *err)
{
    const struct pad_attrs *a = c->attrs;
    limn_status st = LIMN_OK;
    for (int i = 0; i < x->rank; i++) {
        struct axis_map m;
        TRY(axis_map_init(&m, x->dim[i], y->dim[i], err));
        for (int32_t q = 0; q < m.n_out && st == LIMN_OK; q++) {
            st = axis_map_add(&m, padded_at(a->mode, (int64_t)q - a->begin[i], m.n_in), 1, err);
            axis_map_next(&m);
        }
        axis_passes_add(passes, i, &m);
        TRY(st);
    }
    if (c->op == &op_pad_grad) {
        TRY(axis_passes_transpose(passes, err));
    }
out:
    return st;
}

static void ref_passes(const struct op_call *c, const struct shape *x, const struct shape *y, const double *in,
                       double *out)
{
    struct axis_passes p = {.n = 0};
    if (passes_of(c, x, y, &p, NULL) == LIMN_OK) {
        axis_passes_ref(&p, &c->in[0], in, out);
    }
    axis_passes_finish(&p);
}

static limn_status plan_passes(const struct op_call *c, const struct shape *x, const struct shape *y,
                               const struct device_caps *caps, struct kernel_list *out, limn_error *err)
{
    struct axis_passes p = {.n = 0};
    limn_status st = passes_of(c, x, y, &p, err);
    st = st == LIMN_OK ? axis_passes_plan(c, &p, caps, out, err) : st;
    axis_passes_finish(&p);
    return st;
}

/* --- by a constant --- */

/* Which elements lo .. hi of an axis of n survive the crop; false when none does. */
static bool survivors(const struct pad_attrs *a, int axis, int32_t n, int32_t n_out, int32_t *lo, int32_t *hi)
{
    int64_t step = (int64_t)a->interior[axis] + 1, begin = a->begin[axis];
    int64_t first = begin < 0 ? (-begin + step - 1) / step : 0;
    int64_t last = begin > n_out - 1 ? -1 : (n_out - 1 - begin) / step;
    last = last < n - 1 ? last : n - 1;
    *lo = (int32_t)(first < n ? first : n);
    *hi = (int32_t)last;
    return first <= last;
}

static void ref_pad(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct pad_attrs *a = c->attrs;
    int32_t at[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK];
    if (a->mode != PAD_CONSTANT) {
        ref_passes(c, &c->in[0], &c->out[0], in[0], out[0]);
        return;
    }
    shape_strides(&c->out[0], stride);
    for (size_t i = 0; i < shape_elems(&c->out[0]); i++) {
        out[0][i] = (double)a->value;
    }
    for (size_t i = 0; i < shape_elems(&c->in[0]); i++) {
        size_t to = 0;
        bool inside = true;
        shape_unflatten(&c->in[0], i, at);
        for (int k = 0; k < c->in[0].rank; k++) {
            int64_t p = a->begin[k] + (int64_t)at[k] * (a->interior[k] + 1);
            inside = inside && p >= 0 && p < c->out[0].dim[k];
            to += inside ? (size_t)p * (size_t)stride[k] : 0;
        }
        if (inside) {
            out[0][to] = in[0][i];
        }
    }
}

/* Slices what survived out of g, then fills what had been cropped with zeros. */
static void vjp_pad(struct vjp *v)
{
    const struct pad_attrs *a = v->call->attrs;
    const struct shape *x = &v->call->in[0], *y = &v->call->out[0];
    struct slice_attrs s = {.step = {1, 1, 1, 1, 1}};
    struct pad_attrs back = {.value = 0};
    bool cropped = false;
    if (!v->need[0] || v->gout[0] == VALUE_NONE) {
        return;
    }
    if (a->mode != PAD_CONSTANT) {
        v->gin[0] = build(v->b, &op_pad_grad, NULL, a, v->gout[0]);
        return;
    }
    for (int i = 0; i < x->rank; i++) {
        int32_t lo, hi;
        if (!survivors(a, i, x->dim[i], y->dim[i], &lo, &hi)) {
            return; /* y does not depend on x */
        }
        s.step[i] = a->interior[i] + 1;
        s.begin[i] = a->begin[i] + lo * s.step[i];
        s.size[i] = hi - lo + 1;
        back.begin[i] = lo;
        back.end[i] = x->dim[i] - 1 - hi;
        cropped = cropped || back.begin[i] || back.end[i];
    }
    value_id g = build(v->b, &op_slice, NULL, &s, v->gout[0]);
    v->gin[0] = cropped ? build(v->b, &op_pad, NULL, &back, g) : g;
}

static limn_status plan_pad(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                            limn_error *err)
{
    const struct pad_attrs *a = c->attrs;
    const struct shape *x = &c->in[0], *y = &c->out[0];
    struct copy_region r = {.rank = x->rank, .scale = 1};
    int32_t sy[SHAPE_MAX_RANK];
    bool covers = true, any = true;
    if (a->mode != PAD_CONSTANT) {
        return plan_passes(c, x, y, caps, out, err);
    }
    shape_strides(x, r.sx);
    shape_strides(y, sy);
    for (int i = 0; i < x->rank; i++) {
        int32_t lo, hi, step = a->interior[i] + 1;
        any = survivors(a, i, x->dim[i], y->dim[i], &lo, &hi) && any;
        if (!any) {
            break;
        }
        r.dim[i] = hi - lo + 1;
        r.x_offset += r.sx[i] * lo;
        r.y_offset += sy[i] * (a->begin[i] + lo * step);
        r.sy[i] = sy[i] * step;
        covers = covers && r.dim[i] == y->dim[i];
    }
    if (!any || !covers) {
        limn_status st = copy_plan_fill(shape_elems(y), a->value, caps, out, err);
        if (st != LIMN_OK || !any) {
            return st;
        }
    }
    return copy_plan(&r, 0, caps, out, err);
}

/* --- pad_grad --- */

static void ref_pad_grad(const struct op_call *c, const double *const *in, double *const *out)
{
    ref_passes(c, &c->out[0], &c->in[0], in[0], out[0]);
}

static void vjp_pad_grad(struct vjp *v)
{
    vjp_adjoint(v, &op_pad, v->call->attrs);
}

static limn_status plan_pad_grad(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                 limn_error *err)
{
    return plan_passes(c, &c->out[0], &c->in[0], caps, out, err);
}

#define PADDING                                                                                                        \
    .n_in_min = 1, .n_in_max = 1, .n_out = 1, .attrs = pad_desc, .n_attrs = 5, .attr_bytes = sizeof(struct pad_attrs)

const struct op op_pad_grad = {
    .name = "pad_grad",
    .doc = "the adjoint of pad by reflection, edge or wrapping",
    PADDING,
    .infer = infer_pad_grad,
    .ref = ref_pad_grad,
    .vjp = vjp_pad_grad,
    .plan = plan_pad_grad,
    .tol = 1e-5f, /* sums of what one element was copied to */
};

const struct op op_pad = {
    .name = "pad",
    .doc = "y[begin + i * (interior + 1)] = x[i], elsewhere value, or x reflected, repeated or wrapped around",
    PADDING,
    .infer = infer_pad,
    .ref = ref_pad,
    .vjp = vjp_pad,
    .plan = plan_pad,
    .tol = 1e-6f, /* a copy: what remains is the rounding of x to float */
};
