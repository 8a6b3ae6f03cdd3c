/* transpose(x): out.dim[i] = x.dim[perm[i]], one strided copy. */
#include "ops/ops.h"

#include <stddef.h>

#include "ops/copy.h"

static const struct attr_desc transpose_desc[] = {{"perm", ATTR_I32X5, offsetof(struct transpose_attrs, perm)}};

static limn_status infer_transpose(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct transpose_attrs *a = c->attrs;
    struct shape r = {.rank = c->in[0].rank};
    uint32_t seen = 0;
    for (int i = 0; i < r.rank; i++) {
        int32_t p = a->perm[i];
        if (p < 0 || p >= r.rank || (seen & (1u << p))) {
            return err_set(err, LIMN_ERR_SHAPE, "transpose: perm[%d] is %d (expected each of 0 to %d once)", i, p,
                           r.rank - 1);
        }
        seen |= 1u << p;
        r.dim[i] = c->in[0].dim[p];
    }
    out[0] = r;
    return LIMN_OK;
}

static void ref_transpose(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct transpose_attrs *a = c->attrs;
    int32_t stride[SHAPE_MAX_RANK];
    shape_strides(&c->in[0], stride);
    for (size_t i = 0; i < shape_elems(&c->out[0]); i++) {
        size_t rest = i, from = 0;
        for (int k = c->out[0].rank - 1; k >= 0; k--) {
            from += rest % (size_t)c->out[0].dim[k] * (size_t)stride[a->perm[k]];
            rest /= (size_t)c->out[0].dim[k];
        }
        out[0][i] = in[0][from];
    }
}

static void vjp_transpose(struct vjp *v)
{
    const struct transpose_attrs *a = v->call->attrs;
    struct transpose_attrs inverse = {{0}};
    for (int i = 0; i < v->call->in[0].rank; i++) {
        inverse.perm[a->perm[i]] = i;
    }
    vjp_adjoint(v, &op_transpose, &inverse);
}

static limn_status plan_transpose(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                  limn_error *err)
{
    const struct transpose_attrs *a = c->attrs;
    struct copy_region r = {.rank = c->out[0].rank, .scale = 1};
    int32_t stride[SHAPE_MAX_RANK];
    shape_strides(&c->in[0], stride);
    shape_strides(&c->out[0], r.sy);
    for (int i = 0; i < r.rank; i++) {
        r.dim[i] = c->out[0].dim[i];
        r.sx[i] = stride[a->perm[i]];
    }
    return copy_plan(&r, 0, caps, out, err);
}

const struct op op_transpose = {
    .name = "transpose",
    .doc = "y.dim[i] = x.dim[perm[i]]",
    .n_in_min = 1,
    .n_in_max = 1,
    .n_out = 1,
    .attrs = transpose_desc,
    .n_attrs = 1,
    .attr_bytes = sizeof(struct transpose_attrs),
    .infer = infer_transpose,
    .ref = ref_transpose,
    .vjp = vjp_transpose,
    .plan = plan_transpose,
    .tol = 1e-6f, /* a copy: what remains is the rounding of x to float */
};
