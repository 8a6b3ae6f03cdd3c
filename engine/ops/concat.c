/* concat(x0, x1, ...) along an axis: one strided copy per input, each into its own part of the output. */
#include "ops/ops.h"

#include <stddef.h>
#include <string.h>

#include "ops/copy.h"

static const struct attr_desc concat_desc[] = {{"axis", ATTR_I32, offsetof(struct concat_attrs, axis)}};

static limn_status infer_concat(const struct op_call *c, struct shape *out, limn_error *err)
{
    int32_t axis = ((const struct concat_attrs *)c->attrs)->axis;
    struct shape r = c->in[0];
    char a[SHAPE_TEXT_MAX], b[SHAPE_TEXT_MAX];
    if (axis < 0 || axis >= r.rank) {
        return err_set(err, LIMN_ERR_SHAPE, "concat: axis %d (expected 0 to %d)", axis, r.rank - 1);
    }
    for (int32_t i = 1; i < c->n_in; i++) {
        struct shape x = c->in[i];
        int64_t sum = x.rank < 0 ? 0 : (int64_t)r.dim[axis] + x.dim[axis];
        x.dim[axis] = r.dim[axis];
        if (!shape_equal(&x, &r) || sum > INT32_MAX) {
            return err_set(err, LIMN_ERR_SHAPE, "concat: input %d is %s (expected the form of %s but for axis %d)", i,
                           c->in[i].rank < 0 ? "absent" : shape_text(&c->in[i], a), shape_text(&c->in[0], b), axis);
        }
        r.dim[axis] = (int32_t)sum;
    }
    out[0] = r;
    return LIMN_OK;
}

/* Elements of one step along the axis. */
static size_t inner_of(const struct shape *s, int32_t axis)
{
    size_t n = 1;
    for (int i = axis + 1; i < s->rank; i++) {
        n *= (size_t)s->dim[i];
    }
    return n;
}

static void ref_concat(const struct op_call *c, const double *const *in, double *const *out)
{
    int32_t axis = ((const struct concat_attrs *)c->attrs)->axis;
    size_t inner = inner_of(&c->out[0], axis), row = inner * (size_t)c->out[0].dim[axis];
    size_t rows = shape_elems(&c->out[0]) / row, at = 0;
    for (int32_t i = 0; i < c->n_in; i++) {
        size_t run = inner * (size_t)c->in[i].dim[axis];
        for (size_t r = 0; r < rows; r++) {
            memcpy(out[0] + r * row + at, in[i] + r * run, run * sizeof(double));
        }
        at += run;
    }
}

static void vjp_concat(struct vjp *v)
{
    int32_t axis = ((const struct concat_attrs *)v->call->attrs)->axis, at = 0;
    for (int32_t i = 0; i < v->call->n_in; i++) {
        const struct shape *s = &v->call->in[i];
        struct slice_attrs a = {.step = {1, 1, 1, 1, 1}};
        memcpy(a.size, s->dim, sizeof(a.size));
        a.begin[axis] = at;
        at += s->dim[axis];
        if (v->need[i] && v->gout[0] != VALUE_NONE) {
            v->gin[i] = build(v->b, &op_slice, NULL, &a, v->gout[0]);
        }
    }
}

static limn_status plan_concat(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                               limn_error *err)
{
    int32_t axis = ((const struct concat_attrs *)c->attrs)->axis;
    int32_t inner = (int32_t)inner_of(&c->out[0], axis), row = inner * c->out[0].dim[axis];
    int32_t rows = (int32_t)shape_elems(&c->out[0]) / row, at = 0;
    limn_status st = LIMN_OK;
    for (int32_t i = 0; i < c->n_in && st == LIMN_OK; i++) {
        int32_t run = inner * c->in[i].dim[axis];
        struct copy_region r = {
            .rank = 2, .dim = {rows, run}, .sx = {run, 1}, .sy = {row, 1}, .y_offset = at, .scale = 1};
        st = copy_plan(&r, i, caps, out, err);
        at += run;
    }
    return st;
}

const struct op op_concat = {
    .name = "concat",
    .doc = "the inputs one after the other along an axis",
    .n_in_min = 1,
    .n_in_max = OP_MAX_IN,
    .n_out = 1,
    .attrs = concat_desc,
    .n_attrs = 1,
    .attr_bytes = sizeof(struct concat_attrs),
    .infer = infer_concat,
    .ref = ref_concat,
    .vjp = vjp_concat,
    .plan = plan_concat,
    .tol = 1e-6f, /* a copy: what remains is the rounding of x to float */
};
