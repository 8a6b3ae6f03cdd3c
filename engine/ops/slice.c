/* slice and pad, each the adjoint of the other. slice: out[i] = x[begin + i * step] per axis, steps may be negative.
 * pad: out[begin + i * (interior + 1)] = x[i], `value` elsewhere; negative begin or end crop. Strided copies. */
#include "ops/ops.h"

#include <stddef.h>
#include <string.h>

#include "ops/copy.h"

static const struct attr_desc slice_desc[] = {
    {"begin", ATTR_I32X5, offsetof(struct slice_attrs, begin)},
    {"size", ATTR_I32X5, offsetof(struct slice_attrs, size)},
    {"step", ATTR_I32X5, offsetof(struct slice_attrs, step)},
};
static const struct attr_desc pad_desc[] = {
    {"begin", ATTR_I32X5, offsetof(struct pad_attrs, begin)},
    {"end", ATTR_I32X5, offsetof(struct pad_attrs, end)},
    {"interior", ATTR_I32X5, offsetof(struct pad_attrs, interior)},
    {"value", ATTR_F32, offsetof(struct pad_attrs, value)},
};

/* --- slice --- */

static limn_status infer_slice(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct slice_attrs *a = c->attrs;
    struct shape r = {.rank = c->in[0].rank};
    for (int i = 0; i < r.rank; i++) {
        int64_t last = a->begin[i] + ((int64_t)a->size[i] - 1) * a->step[i];
        int32_t n = c->in[0].dim[i];
        if (a->size[i] < 1 || a->step[i] == 0 || a->begin[i] < 0 || a->begin[i] >= n || last < 0 || last >= n) {
            return err_set(err, LIMN_ERR_SHAPE,
                           "slice: axis %d takes %d elements from %d by %d (expected them within %d)", i, a->size[i],
                           a->begin[i], a->step[i], n);
        }
        r.dim[i] = a->size[i];
    }
    out[0] = r;
    return LIMN_OK;
}

static struct copy_region slice_region(const struct shape *in, const struct shape *out, const struct slice_attrs *a)
{
    struct copy_region r = {.rank = in->rank, .scale = 1};
    int32_t sx[SHAPE_MAX_RANK];
    shape_strides(in, sx);
    shape_strides(out, r.sy);
    for (int i = 0; i < in->rank; i++) {
        r.dim[i] = out->dim[i];
        r.sx[i] = out->dim[i] == 1 ? 0 : sx[i] * a->step[i];
        r.x_offset += sx[i] * a->begin[i];
    }
    return r;
}

/* The element of the flat index i of a shape, along each axis. */
static void unflatten(const struct shape *s, size_t i, int32_t at[SHAPE_MAX_RANK])
{
    for (int k = s->rank - 1; k >= 0; k--) {
        at[k] = (int32_t)(i % (size_t)s->dim[k]);
        i /= (size_t)s->dim[k];
    }
}

static void ref_slice(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct slice_attrs *a = c->attrs;
    int32_t at[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK];
    shape_strides(&c->in[0], stride);
    for (size_t i = 0; i < shape_elems(&c->out[0]); i++) {
        size_t from = 0;
        unflatten(&c->out[0], i, at);
        for (int k = 0; k < c->in[0].rank; k++) {
            from += (size_t)(a->begin[k] + at[k] * a->step[k]) * (size_t)stride[k];
        }
        out[0][i] = in[0][from];
    }
}

static void vjp_slice(struct vjp *v)
{
    const struct slice_attrs *a = v->call->attrs;
    const struct shape *x = &v->call->in[0];
    struct slice_attrs turn = {.step = {1, 1, 1, 1, 1}};
    struct pad_attrs pad = {.value = 0};
    bool turned = false;
    if (!v->need[0] || v->gout[0] == VALUE_NONE) {
        return;
    }
    for (int i = 0; i < x->rank; i++) {
        /* a negative step reads backwards: turn the gradient around, then it is a positive one */
        int32_t step = a->step[i], first = a->begin[i], n = a->size[i];
        bool back = step < 0 && n > 1;
        turn.size[i] = n;
        turn.begin[i] = back ? n - 1 : 0;
        turn.step[i] = back ? -1 : 1;
        turned = turned || back;
        first = back ? first + (n - 1) * step : first;
        step = n == 1 ? 1 : back ? -step : step;
        pad.begin[i] = first;
        pad.interior[i] = step - 1;
        pad.end[i] = x->dim[i] - (first + (n - 1) * step + 1);
    }
    value_id g = turned ? build(v->b, &op_slice, NULL, &turn, v->gout[0]) : v->gout[0];
    v->gin[0] = build(v->b, &op_pad, NULL, &pad, g);
}

static limn_status plan_slice(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                              limn_error *err)
{
    struct copy_region r = slice_region(&c->in[0], &c->out[0], c->attrs);
    return copy_plan(&r, 0, caps, out, err);
}

const struct op op_slice = {
    .name = "slice",
    .doc = "y[i] = x[begin + i * step]",
    .n_in_min = 1,
    .n_in_max = 1,
    .n_out = 1,
    .attrs = slice_desc,
    .n_attrs = 3,
    .attr_bytes = sizeof(struct slice_attrs),
    .infer = infer_slice,
    .ref = ref_slice,
    .vjp = vjp_slice,
    .plan = plan_slice,
    .tol = 1e-6f, /* a copy: what remains is the rounding of x to float */
};

/* --- pad --- */

static limn_status infer_pad(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct pad_attrs *a = c->attrs;
    struct shape r = {.rank = c->in[0].rank};
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
    shape_strides(&c->out[0], stride);
    for (size_t i = 0; i < shape_elems(&c->out[0]); i++) {
        out[0][i] = (double)a->value;
    }
    for (size_t i = 0; i < shape_elems(&c->in[0]); i++) {
        size_t to = 0;
        bool inside = true;
        unflatten(&c->in[0], i, at);
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

const struct op op_pad = {
    .name = "pad",
    .doc = "y[begin + i * (interior + 1)] = x[i], value elsewhere",
    .n_in_min = 1,
    .n_in_max = 1,
    .n_out = 1,
    .attrs = pad_desc,
    .n_attrs = 4,
    .attr_bytes = sizeof(struct pad_attrs),
    .infer = infer_pad,
    .ref = ref_pad,
    .vjp = vjp_pad,
    .plan = plan_pad,
    .tol = 1e-6f, /* a copy: what remains is the rounding of x to float */
};
