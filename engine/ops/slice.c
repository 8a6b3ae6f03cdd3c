/* slice: out[i] = x[begin + i * step] per axis, steps may be negative: a strided copy. Its adjoint is pad. */
#include "ops/ops.h"

#include <stddef.h>
#include <string.h>

#include "ops/copy.h"

static const struct attr_desc slice_desc[] = {
    {"begin", ATTR_I32X5, offsetof(struct slice_attrs, begin)},
    {"size", ATTR_I32X5, offsetof(struct slice_attrs, size)},
    {"step", ATTR_I32X5, offsetof(struct slice_attrs, step)},
};

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

static void ref_slice(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct slice_attrs *a = c->attrs;
    int32_t at[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK];
    shape_strides(&c->in[0], stride);
    for (size_t i = 0; i < shape_elems(&c->out[0]); i++) {
        size_t from = 0;
        shape_unflatten(&c->out[0], i, at);
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
