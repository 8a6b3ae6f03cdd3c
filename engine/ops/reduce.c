/* Sum, mean and maximum over any axes.
 *
 * The input is seen as [o0, r0, o1, r1, o2, r2]-like runs: neighbouring axes of one kind (kept or reduced) are merged, so
 * at most three runs of each kind are left. One invocation folds every S-th element of one output's run, S being 1 unless
 * there are few outputs and many elements; then a second dispatch of the same kernel folds the S partial results. The
 * order is fixed by the shape and the device, so results repeat bit by bit, without atomics. */
#include "ops/ops.h"

#include <float.h>
#include <math.h>

#include "ops/elementwise.h"
#include "push/reduce.h"
#include "shaders_gen.h"

struct push_reduce {
    PUSH_REDUCE
};
_Static_assert(sizeof(struct push_reduce) <= KERNEL_MAX_PUSH, "push constants");

static limn_status infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct reduce_attrs *a = c->attrs;
    const struct shape *x = &c->in[0];
    if (a->axes < 0 || a->axes >> x->rank != 0) {
        char text[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_SHAPE, "axis mask %#x names axes that shape %s does not have", (unsigned)a->axes,
                       shape_text(x, text));
    }
    struct shape y = {.rank = 0};
    for (int i = 0; i < x->rank; i++) {
        if (!(a->axes >> i & 1)) {
            y.dim[y.rank++] = x->dim[i];
        } else if (a->keepdims) {
            y.dim[y.rank++] = 1;
        }
    }
    out[0] = y;
    return LIMN_OK;
}

/* Shape of the result with keepdims, whatever the attribute says. */
static struct shape kept_shape(const struct op_call *c)
{
    const struct reduce_attrs *a = c->attrs;
    struct shape y = c->in[0];
    for (int i = 0; i < y.rank; i++) {
        y.dim[i] = a->axes >> i & 1 ? 1 : y.dim[i];
    }
    return y;
}

static size_t reduced_elems(const struct op_call *c)
{
    return shape_elems(&c->in[0]) / shape_elems(&c->out[0]);
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    struct shape kept = kept_shape(c);
    struct strided y;
    strided_read(&kept, &c->in[0], &y);
    bool is_max = c->op == &op_reduce_max;
    size_t n = shape_elems(&c->in[0]), n_out = shape_elems(&c->out[0]);
    for (size_t i = 0; i < n_out; i++) {
        out[0][i] = is_max ? -INFINITY : 0;
    }
    for (size_t i = 0; i < n; i++) {
        size_t rest = i, at = 0;
        for (int k = SHAPE_MAX_RANK - 1; k >= 0; k--) {
            at += rest % (size_t)y.dim[k] * (size_t)y.stride[k];
            rest /= (size_t)y.dim[k];
        }
        out[0][at] = is_max ? (out[0][at] >= in[0][i] ? out[0][at] : in[0][i]) : out[0][at] + in[0][i];
    }
    for (size_t i = 0; i < n_out && c->op == &op_reduce_mean; i++) {
        out[0][i] /= (double)reduced_elems(c);
    }
}

static value_id spread(struct vjp *v, value_id y)
{
    return build_broadcast(v->b, build_reshape(v->b, NULL, y, kept_shape(v->call)), v->call->in[0]);
}

static void vjp_sum(struct vjp *v)
{
    v->gin[0] = spread(v, v->gout[0]);
}

static void vjp_mean(struct vjp *v)
{
    v->gin[0] = spread(v, build_affine(v->b, v->gout[0], (float)(1.0 / (double)reduced_elems(v->call)), 0));
}

/* Shared evenly among the places that hold the maximum: x - max is 0 there and below -FLT_MIN elsewhere. */
static void vjp_max(struct vjp *v)
{
    const struct reduce_attrs *a = v->call->attrs;
    struct act_gate_attrs at_max = {GATE_VANILLA, -FLT_MIN, INFINITY, 0};
    struct shape kept = kept_shape(v->call);
    value_id y = build_reshape(v->b, NULL, v->out[0], kept);
    value_id below = build_sub(v->b, v->in[0], y);
    value_id hit = build(v->b, &op_act_gate, NULL, &at_max, build_fill(v->b, v->call->in[0], 1), below);
    value_id count = build_reduce(v->b, &op_reduce_sum, hit, a->axes, true);
    value_id g = build_div(v->b, build_reshape(v->b, NULL, v->gout[0], kept), count);
    v->gin[0] = build_mul(v->b, hit, g);
}

/* Merges neighbouring axes of one kind into at most three runs of each, innermost last, and notes their strides. */
static void fill_runs(const struct op_call *c, struct push_reduce *p, bool *inner_reduced)
{
    const struct reduce_attrs *a = c->attrs;
    const struct shape *x = &c->in[0];
    int at[2] = {REDUCE_RUNS, REDUCE_RUNS}, last = -1;
    uint32_t *dim[2] = {p->keep_dim, p->red_dim}, *stride[2] = {p->keep_stride, p->red_stride};
    uint32_t step = 1;
    *inner_reduced = false;
    for (int i = 0; i < REDUCE_RUNS; i++) {
        p->keep_dim[i] = p->red_dim[i] = 1;
    }
    for (int i = x->rank - 1; i >= 0; i--) {
        int kind = a->axes >> i & 1;
        if (x->dim[i] == 1) {
            continue;
        }
        if (kind == last) {
            dim[kind][at[kind]] *= (uint32_t)x->dim[i];
        } else {
            *inner_reduced = last < 0 ? kind == 1 : *inner_reduced;
            at[kind]--;
            dim[kind][at[kind]] = (uint32_t)x->dim[i];
            stride[kind][at[kind]] = step;
            last = kind;
        }
        step *= (uint32_t)x->dim[i];
    }
}

static limn_status add_call(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                            const struct push_reduce *p, bool first, bool last, int scratch, limn_error *err)
{
    uint32_t fn = c->op == &op_reduce_max ? REDUCE_MAX : REDUCE_SUM;
    struct kernel_call *k = kernel_add(l, SHADER_REDUCE, caps->cpu ? 16 : local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    kernel_spec(k, fn);
    kernel_push(k, p, sizeof(*p));
    kernel_bind(k, first ? BIND_IN : BIND_SCRATCH, first ? 0 : scratch, ACCESS_READ);
    kernel_bind(k, last ? BIND_OUT : BIND_SCRATCH, last ? 0 : scratch, ACCESS_WRITE);
    kernel_grid_1d(k, caps, (uint64_t)p->n_out * p->parts, k->spec[0]);
    k->flops = (double)p->n_out * p->n_red;
    return LIMN_OK;
}

/* Parts that the run of one output is cut into: enough to fill the device, each long enough to be worth it. */
static uint32_t parts_for(const struct device_caps *caps, size_t n_out, size_t n_red)
{
    size_t target = caps->cpu ? 512 : (size_t)caps->compute_units * 512;
    size_t parts = target / n_out, most = n_red / 32;
    parts = parts < most ? parts : most;
    parts = parts < 256 ? parts : 256;
    return parts < 2 ? 1 : (uint32_t)parts;
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    size_t n_out = shape_elems(&c->out[0]), n_red = reduced_elems(c);
    struct push_reduce p = {.n_out = (uint32_t)n_out, .n_red = (uint32_t)n_red, .scale = 1};
    float scale = c->op == &op_reduce_mean ? (float)(1.0 / (double)n_red) : 1;
    bool inner;
    limn_status st = check_range(c, caps, err);
    if (st != LIMN_OK) {
        return st;
    }
    fill_runs(c, &p, &inner);
    p.parts = parts_for(caps, n_out, n_red);
    if (p.parts == 1) {
        p.scale = scale;
        p.part_stride = p.out_stride = 1;
        return add_call(c, caps, l, &p, true, true, 0, err);
    }
    /* neighbouring invocations read neighbouring elements: parts vary fastest where the innermost run is reduced */
    p.part_stride = inner ? 1 : p.n_out;
    p.out_stride = inner ? p.parts : 1;
    int scratch = kernel_scratch(l, 4 * (uint64_t)n_out * p.parts, false);
    if (scratch < 0) {
        return err_nomem(err, 4 * n_out * p.parts, "a scratch buffer");
    }
    st = add_call(c, caps, l, &p, true, false, scratch, err);
    if (st != LIMN_OK) {
        return st;
    }
    struct push_reduce q = {.n_out = p.n_out, .n_red = p.parts, .parts = 1, .scale = scale, .part_stride = 1, .out_stride = 1,
                            .keep_dim = {1, 1, p.n_out}, .keep_stride = {0, 0, p.out_stride},
                            .red_dim = {1, 1, p.parts}, .red_stride = {0, 0, p.part_stride}};
    return add_call(c, caps, l, &q, false, true, scratch, err);
}

static const struct attr_desc attrs[] = {{"axes", ATTR_I32, offsetof(struct reduce_attrs, axes)},
                                         {"keepdims", ATTR_BOOL, offsetof(struct reduce_attrs, keepdims)}};

#define REDUCTION                                                                                                      \
    .n_in_min = 1, .n_in_max = 1, .n_out = 1, .attrs = attrs, .n_attrs = 2, .attr_bytes = sizeof(struct reduce_attrs), \
    .infer = infer, .ref = ref, .plan = plan

/* Tolerances: a serial float sum of n terms errs by about sqrt(n) / 2 roundings of its partial sums (n up to some thousand
 * here, sums near sqrt(n)); the maximum is exact. */
const struct op op_reduce_sum = {.name = "reduce_sum", .doc = "sum of x over axes", REDUCTION, .vjp = vjp_sum, .tol = 1e-5f};
const struct op op_reduce_mean = {.name = "reduce_mean", .doc = "mean of x over axes", REDUCTION, .vjp = vjp_mean,
                                  .tol = 2e-6f};
const struct op op_reduce_max = {.name = "reduce_max", .doc = "maximum of x over axes", REDUCTION, .vjp = vjp_max, .tol = 0};
