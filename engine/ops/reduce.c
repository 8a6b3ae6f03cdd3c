/* Sum, mean, product, maximum and minimum over any axes.
 *
 * Neighbouring axes of one kind (kept or reduced) are merged into runs, at most three of each kind. One invocation
 * folds every P-th element of one output, P being 1 unless there are few outputs and many elements; then a second
 * dispatch of the same kernel folds the P parts. An input longer than a binding is walked in windows of its outermost
 * run, which give pieces of the output or further parts. The order is fixed by the shape and the device: results repeat
 * bit by bit. */
#include "ops/ops.h"

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

static double fold_sum(double a, double v)
{
    return a + v;
}

static double fold_product(double a, double v)
{
    return a * v;
}

/* NaN stays in both. */
static double fold_max(double a, double v)
{
    return v > a || isnan(v) ? v : a;
}

static double fold_min(double a, double v)
{
    return v < a || isnan(v) ? v : a;
}

static const struct row {
    const struct op *op;
    uint32_t fn;
    double start;
    double (*fold)(double a, double v);
} table[] = {
    {&op_reduce_sum, REDUCE_SUM, 0, fold_sum},          {&op_reduce_mean, REDUCE_SUM, 0, fold_sum},
    {&op_reduce_max, REDUCE_MAX, -INFINITY, fold_max},  {&op_reduce_min, REDUCE_MIN, INFINITY, fold_min},
    {&op_reduce_prod, REDUCE_PRODUCT, 1, fold_product},
};

static const struct row *row_of(const struct op_call *c)
{
    size_t i = 0;
    while (table[i].op != c->op) {
        i++;
    }
    return &table[i];
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    struct shape kept = kept_shape(c);
    struct strided y;
    strided_read(&kept, &c->in[0], &y);
    double (*fold)(double, double) = row_of(c)->fold;
    size_t n = shape_elems(&c->in[0]), n_out = shape_elems(&c->out[0]);
    for (size_t i = 0; i < n_out; i++) {
        out[0][i] = row_of(c)->start;
    }
    for (size_t i = 0; i < n; i++) {
        size_t at = strided_at(&y, i);
        out[0][at] = fold(out[0][at], in[0][i]);
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

/* Shared evenly among the places that hold the extremum (amax and amin of PyTorch). */
static void vjp_extremum(struct vjp *v)
{
    const struct reduce_attrs *a = v->call->attrs;
    struct shape kept = kept_shape(v->call);
    value_id y = build_reshape(v->b, NULL, v->out[0], kept);
    value_id hit = build(v->b, &op_equal, NULL, NULL, v->in[0], y);
    value_id count = build_reduce(v->b, &op_reduce_sum, hit, a->axes, true);
    value_id g = build_div(v->b, build_reshape(v->b, NULL, v->gout[0], kept), count);
    v->gin[0] = build_mul(v->b, hit, g);
}

/* g times the product of the others, zeros among them or not: with 1 in place of each 0 the product over x_i is that of
 * the others that are not 0, and it counts where no other is 0. */
static void vjp_product(struct vjp *v)
{
    const struct reduce_attrs *a = v->call->attrs;
    struct builder *b = v->b;
    value_id nought = build_fill(b, (struct shape){.rank = 0}, 0);
    value_id is_zero = build(b, &op_equal, NULL, NULL, v->in[0], nought);
    value_id safe = build_add(b, v->in[0], is_zero);
    value_id product = build_reduce(b, &op_reduce_prod, safe, a->axes, true);
    value_id zeros = build_reduce(b, &op_reduce_sum, is_zero, a->axes, true);
    value_id counts = build(b, &op_equal, NULL, NULL, build_sub(b, zeros, is_zero), nought);
    value_id others = build_mul(b, counts, build_div(b, product, safe));
    v->gin[0] = build_mul(b, others, build_reshape(b, NULL, v->gout[0], kept_shape(v->call)));
}

struct runs {
    bool inner_reduced, outer_reduced;
    uint32_t *outer; /* dimension of the outermost run, in the push constants */
};

/* Merges neighbouring axes of one kind into at most three runs of each, innermost last, and notes their strides. */
static struct runs fill_runs(const struct op_call *c, struct push_reduce *p)
{
    const struct reduce_attrs *a = c->attrs;
    const struct shape *x = &c->in[0];
    int at[2] = {REDUCE_RUNS, REDUCE_RUNS}, last = -1;
    uint32_t *dim[2] = {p->keep_dim, p->red_dim}, *stride[2] = {p->keep_stride, p->red_stride};
    uint32_t step = 1;
    struct runs runs = {false, false, &p->keep_dim[REDUCE_RUNS - 1]};
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
            runs.inner_reduced = last < 0 ? kind == 1 : runs.inner_reduced;
            at[kind]--;
            dim[kind][at[kind]] = (uint32_t)x->dim[i];
            stride[kind][at[kind]] = step;
            last = kind;
        }
        step *= (uint32_t)x->dim[i];
    }
    if (last >= 0) {
        runs.outer_reduced = last == 1;
        runs.outer = &dim[last][at[last]];
    }
    return runs;
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

/* A slice of a buffer: an input, an output or, from 0 on, a scratch buffer. */
struct slice {
    int scratch; /* -1: the node's own tensor */
    size_t begin, n;
};

static limn_status add_call(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                            struct push_reduce p, struct slice from, struct slice to, limn_error *err)
{
    struct kernel_call *k = kernel_add(l, SHADER_REDUCE, caps->cpu ? 16 : local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    p.base_x = bind_slice(k, caps, from.scratch < 0 ? BIND_IN : BIND_SCRATCH, from.scratch < 0 ? 0 : from.scratch,
                          ACCESS_READ, from.begin, from.n);
    p.base_y = bind_slice(k, caps, to.scratch < 0 ? BIND_OUT : BIND_SCRATCH, to.scratch < 0 ? 0 : to.scratch,
                          ACCESS_WRITE, to.begin, to.n);
    kernel_spec(k, row_of(c)->fn);
    kernel_push(k, &p, sizeof(p));
    kernel_grid_1d(k, caps, (uint64_t)p.n_out * p.parts, k->spec[0]);
    k->flops = (double)p.n_out * p.n_red;
    return LIMN_OK;
}

/* Folds `parts` parts of n_out results that lie in a scratch buffer into the output from element `begin` on. */
static limn_status add_fold(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, int scratch,
                            size_t n_out, size_t parts, float scale, size_t begin, limn_error *err)
{
    struct push_reduce p = {.n_out = (uint32_t)n_out,
                            .n_red = (uint32_t)parts,
                            .parts = 1,
                            .scale = scale,
                            .keep_dim = {1, 1, (uint32_t)n_out},
                            .keep_stride = {0, 0, 1},
                            .red_dim = {1, 1, (uint32_t)parts},
                            .red_stride = {0, 0, (uint32_t)n_out}};
    return add_call(c, caps, l, p, (struct slice){scratch, 0, n_out * parts}, (struct slice){-1, begin, n_out}, err);
}

static int add_scratch(struct kernel_list *l, size_t n, limn_error *err)
{
    int scratch = kernel_scratch(l, 4 * (uint64_t)n, false);
    if (scratch < 0) {
        err_nomem(err, sizeof(struct kernel_scratch), "a scratch buffer");
    }
    return scratch;
}

/* Windows of a kept run: each gives its own piece of the output. `p` describes one row of it, `outer` its dimension. */
static limn_status plan_kept(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                             struct push_reduce p, uint32_t *outer, size_t rows, size_t step, float scale,
                             limn_error *err)
{
    size_t row = shape_elems(&c->in[0]) / rows, row_out = shape_elems(&c->out[0]) / rows;
    limn_status st = LIMN_OK;
    for (size_t r = 0; r < rows && st == LIMN_OK; r += step) {
        size_t n = rows - r < step ? rows - r : step, n_out = n * row_out;
        struct slice from = {-1, r * row, n * row}, to = {-1, r * row_out, n_out};
        *outer = (uint32_t)n;
        p.n_out = (uint32_t)n_out;
        p.parts = parts_for(caps, n_out, p.n_red);
        p.scale = p.parts == 1 ? scale : 1;
        if (p.parts > 1) {
            to = (struct slice){add_scratch(l, n_out * p.parts, err), 0, n_out * p.parts};
            st = to.scratch < 0 ? LIMN_ERR_NOMEM : LIMN_OK;
        }
        st = st == LIMN_OK ? add_call(c, caps, l, p, from, to, err) : st;
        if (st == LIMN_OK && p.parts > 1) {
            st = add_fold(c, caps, l, to.scratch, n_out, p.parts, scale, r * row_out, err);
        }
    }
    return st;
}

/* Windows of a reduced run: each gives further parts of the whole output, folded at the end. */
static limn_status plan_reduced(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                struct push_reduce p, uint32_t *outer, size_t rows, size_t step, float scale,
                                limn_error *err)
{
    size_t row = shape_elems(&c->in[0]) / rows, n_out = shape_elems(&c->out[0]), row_red = p.n_red / rows;
    size_t windows = (rows + step - 1) / step, last = rows - (windows - 1) * step;
    p.parts = parts_for(caps, n_out, last * row_red);
    size_t parts = windows * p.parts;
    p.scale = parts == 1 ? scale : 1;
    int scratch = parts == 1 ? -1 : add_scratch(l, n_out * parts, err);
    limn_status st = parts > 1 && scratch < 0 ? LIMN_ERR_NOMEM : LIMN_OK;
    for (size_t w = 0; w < windows && st == LIMN_OK; w++) {
        size_t n = w == windows - 1 ? last : step, each = n_out * p.parts;
        *outer = (uint32_t)n;
        p.n_red = (uint32_t)(n * row_red);
        st = add_call(c, caps, l, p, (struct slice){-1, w * step * row, n * row},
                      (struct slice){scratch, w * each, each}, err);
    }
    return st == LIMN_OK && parts > 1 ? add_fold(c, caps, l, scratch, n_out, parts, scale, 0, err) : st;
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    size_t n_red = reduced_elems(c);
    struct push_reduce p = {.n_out = (uint32_t)shape_elems(&c->out[0]), .n_red = (uint32_t)n_red};
    float scale = c->op == &op_reduce_mean ? (float)(1.0 / (double)n_red) : 1;
    struct runs runs = fill_runs(c, &p);
    size_t rows = *runs.outer, step = window_rows(c, caps, rows, shape_elems(&c->in[0]) / rows, err);
    p.parts_first = runs.inner_reduced;
    if (step == 0) {
        return LIMN_ERR_UNSUPPORTED;
    }
    return (runs.outer_reduced ? plan_reduced : plan_kept)(c, caps, l, p, runs.outer, rows, step, scale, err);
}

static const struct attr_desc attrs[] = {{"axes", ATTR_I32, offsetof(struct reduce_attrs, axes)},
                                         {"keepdims", ATTR_BOOL, offsetof(struct reduce_attrs, keepdims)}};

#define REDUCTION                                                                                                      \
    .n_in_min = 1, .n_in_max = 1, .n_out = 1, .attrs = attrs, .n_attrs = 2, .attr_bytes = sizeof(struct reduce_attrs), \
    .infer = infer, .ref = ref, .plan = plan

/* Tolerances: a serial float sum of n terms errs by about sqrt(n) / 2 roundings of its partial sums (n up to some
 * thousand here, sums near sqrt(n)); a product of n factors by about n / 2
 * roundings at worst; the extrema are exact. */
const struct op op_reduce_sum = {
    .name = "reduce_sum", .doc = "sum of x over axes", REDUCTION, .vjp = vjp_sum, .tol = 1e-5f};
const struct op op_reduce_mean = {
    .name = "reduce_mean", .doc = "mean of x over axes", REDUCTION, .vjp = vjp_mean, .tol = 2e-6f};
const struct op op_reduce_max = {
    .name = "reduce_max", .doc = "maximum of x over axes", REDUCTION, .vjp = vjp_extremum, .tol = 0};
const struct op op_reduce_min = {
    .name = "reduce_min", .doc = "minimum of x over axes", REDUCTION, .vjp = vjp_extremum, .tol = 0};
const struct op op_reduce_prod = {
    .name = "reduce_prod", .doc = "product of x over axes", REDUCTION, .vjp = vjp_product, .tol = 1e-5f};
