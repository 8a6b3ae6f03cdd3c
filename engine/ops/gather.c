/* gather(x, index), gather_elements(x, index) and their adjoints gather_grad(g, index), scatter_elements(g, index).
 * With a tensor as [outer, axis, inner]: gather            y[o, i, r] = x[o, index[i], r]          index of any rank
 * takes the place of the axis gather_elements   y[o, k, r] = x[o, index[o, k, r], r]    index has the shape of y and
 * the adjoints add up, in ascending order of i or k, what reaches an element. Indices are whole numbers 0 to axis - 1
 * held as floats; others are clamped to that range, so that a number in a file never reads elsewhere. */
#include <stddef.h>
#include <string.h>

#include "ops/elementwise.h"
#include "push/gather.h"
#include "shaders_gen.h"

struct gather_push {
    PUSH_GATHER
};

#define AXIS_MAX (1 << 24) /* positions are floats: exact up to here */

/* x of gather, or the result of an adjoint, around the axis; positions along it. */
struct layout {
    struct shape_rows rows;
    size_t n_index;
};

static bool is_adjoint(const struct op *op)
{
    return op == &op_gather_grad || op == &op_scatter_elements;
}

static bool is_shared(const struct op *op)
{
    return op == &op_gather || op == &op_gather_grad;
}

static struct layout layout_of(const struct op_call *c)
{
    const struct gather_attrs *a = c->attrs;
    const struct shape *s = is_adjoint(c->op) ? &c->out[0] : &c->in[0];
    return (struct layout){shape_around(s, a->axis),
                           is_shared(c->op) ? shape_elems(&c->in[1]) : (size_t)c->in[1].dim[a->axis]};
}

/* --- infer --- */

static limn_status check_axis(const struct op_call *c, int32_t rank, int32_t size, limn_error *err)
{
    const struct gather_attrs *a = c->attrs;
    if (a->axis < 0 || a->axis >= rank || size < 1 || size > AXIS_MAX) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: axis %d of %d has %d elements (expected an axis of 1 to 2^24)",
                       c->op->name, a->axis, rank, size);
    }
    return LIMN_OK;
}

/* s with the dimensions from `axis` on, `n` of them, replaced by those of `by`. */
static limn_status replaced(const struct op_call *c, const struct shape *s, int axis, int n, const struct shape *by,
                            struct shape *out, limn_error *err)
{
    struct shape r = {.rank = s->rank - n + by->rank};
    if (r.rank > SHAPE_MAX_RANK) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: a result of rank %d (expected at most %d)", c->op->name, r.rank,
                       SHAPE_MAX_RANK);
    }
    for (int i = 0; i < r.rank; i++) {
        r.dim[i] = i < axis ? s->dim[i] : i < axis + by->rank ? by->dim[i - axis] : s->dim[i - by->rank + n];
    }
    *out = r;
    return shape_check(out, err);
}

static limn_status infer_gather(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct gather_attrs *a = c->attrs;
    const struct shape *x = &c->in[0];
    bool known = a->axis >= 0 && a->axis < x->rank;
    limn_status st = check_axis(c, x->rank, known ? x->dim[a->axis] : 0, err);
    return st != LIMN_OK ? st : replaced(c, x, a->axis, 1, &c->in[1], out, err);
}

static limn_status infer_gather_grad(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct gather_attrs *a = c->attrs;
    const struct shape *g = &c->in[0], *index = &c->in[1], size = SHAPE(a->size);
    char gt[SHAPE_TEXT_MAX], it[SHAPE_TEXT_MAX];
    limn_status st = check_axis(c, g->rank - index->rank + 1, a->size, err);
    if (st == LIMN_OK && memcmp(g->dim + a->axis, index->dim, (size_t)index->rank * sizeof(int32_t)) != 0) {
        st = err_set(err, LIMN_ERR_SHAPE, "gather_grad: g is %s, index is %s (expected its dimensions from axis %d on)",
                     shape_text(g, gt), shape_text(index, it), a->axis);
    }
    return st != LIMN_OK ? st : replaced(c, g, a->axis, index->rank, &size, out, err);
}

/* Both tensors have one shape but for the axis. */
static limn_status infer_elements(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct gather_attrs *a = c->attrs;
    const struct shape *x = &c->in[0], *index = &c->in[1];
    char xt[SHAPE_TEXT_MAX], it[SHAPE_TEXT_MAX];
    bool adjoint = is_adjoint(c->op), fits = x->rank == index->rank, known = a->axis >= 0 && a->axis < x->rank;
    limn_status st = check_axis(c, x->rank, adjoint ? a->size : known ? x->dim[a->axis] : 0, err);
    for (int i = 0; st == LIMN_OK && i < x->rank; i++) {
        fits = fits && (x->dim[i] == index->dim[i] || (i == a->axis && !adjoint));
    }
    if (st == LIMN_OK && !fits) {
        st = err_set(err, LIMN_ERR_SHAPE, "%s: %s and index %s (expected the same dimensions%s)", c->op->name,
                     shape_text(x, xt), shape_text(index, it), adjoint ? "" : " beside the axis");
    }
    if (st == LIMN_OK) {
        *out = *index;
        out->dim[a->axis] = adjoint ? a->size : index->dim[a->axis];
        st = shape_check(out, err);
    }
    return st;
}

/* --- reference --- */

static void ref_gather(const struct op_call *c, const double *const *in, double *const *out)
{
    struct layout l = layout_of(c);
    bool adjoint = is_adjoint(c->op), shared = is_shared(c->op);
    memset(out[0], 0, shape_elems(&c->out[0]) * sizeof(double));
    for (size_t o = 0; o < l.rows.outer; o++) {
        for (size_t i = 0; i < l.n_index; i++) {
            for (size_t r = 0; r < l.rows.inner; r++) {
                size_t e = (o * l.n_index + i) * l.rows.inner + r;
                double at = in[1][shared ? i : e], last = (double)(l.rows.n - 1);
                at = at > 0 ? at < last ? at : last : 0;
                size_t p = (o * l.rows.n + (size_t)at) * l.rows.inner + r;
                out[0][adjoint ? p : e] += in[0][adjoint ? e : p];
            }
        }
    }
}

/* --- vjp: each pair is adjoint to each other --- */

static void vjp_with(struct vjp *v, const struct op *op)
{
    struct gather_attrs a = *(const struct gather_attrs *)v->call->attrs;
    a.size = is_adjoint(op) ? v->call->in[0].dim[a.axis] : 0;
    vjp_adjoint(v, op, &a);
}

static void vjp_gather(struct vjp *v)
{
    vjp_with(v, &op_gather_grad);
}

static void vjp_gather_grad(struct vjp *v)
{
    vjp_with(v, &op_gather);
}

static void vjp_gather_elements(struct vjp *v)
{
    vjp_with(v, &op_scatter_elements);
}

static void vjp_scatter_elements(struct vjp *v)
{
    vjp_with(v, &op_gather_elements);
}

/* --- plan --- */

struct job {
    const struct op_call *c;
    const struct device_caps *caps;
    struct kernel_list *list;
    struct layout l;
    size_t row[2]; /* elements of input 0 and of the result for one o */
    bool texel;
    int chain; /* scratch of gather_grad */
    limn_error *err;
};

static limn_status add_call(struct job *j, uint16_t plain, uint16_t texel, struct kernel_call **k)
{
    *k = kernel_add(j->list, j->texel ? texel : plain, j->caps->cpu ? 32 : local_1d(j->caps), 1, 1);
    return *k ? LIMN_OK : err_nomem(j->err, sizeof(**k), "a kernel call");
}

/* The rows o of one window. */
static limn_status rows_call(struct job *j, size_t first, size_t count)
{
    const struct op *op = j->c->op;
    bool shared = is_shared(op), adjoint = is_adjoint(op);
    struct gather_push p = {.n = (uint32_t)(count * j->row[1]),
                            .axis = (uint32_t)j->l.rows.n,
                            .n_index = (uint32_t)j->l.n_index,
                            .inner = (uint32_t)j->l.rows.inner};
    struct kernel_call *k = NULL;
    limn_status st = !adjoint ? add_call(j, SHADER_GATHER, SHADER_GATHER_TEXEL, &k)
                     : shared ? add_call(j, SHADER_GATHER_ADD, SHADER_GATHER_ADD_TEXEL, &k)
                              : add_call(j, SHADER_SCATTER_ELEMENTS, SHADER_SCATTER_ELEMENTS_TEXEL, &k);
    if (st != LIMN_OK) {
        return st;
    }
    size_t own = j->l.n_index * j->l.rows.inner;
    kernel_spec(k, shared ? GATHER_SHARED : GATHER_OWN);
    p.base_x = bind_read(k, j->caps, BIND_IN, 0, j->texel, first * j->row[0], count * j->row[0]);
    if (adjoint && shared) {
        kernel_bind(k, BIND_SCRATCH, j->chain, ACCESS_READ);
    } else {
        p.base_index = shared ? bind_read(k, j->caps, BIND_IN, 1, j->texel, 0, j->l.n_index)
                              : bind_read(k, j->caps, BIND_IN, 1, j->texel, first * own, count * own);
    }
    p.base_y = bind_slice(k, j->caps, BIND_OUT, 0, ACCESS_WRITE, first * j->row[1], count * j->row[1]);
    push_div_set(p.by_mul, &p.by_shift, 0, p.inner);
    push_div_set(p.by_mul, &p.by_shift, 1, adjoint ? p.axis : p.n_index);
    kernel_push(k, &p, sizeof(p));
    kernel_grid_1d(k, j->caps, p.n, k->spec[0]);
    k->flops = (double)p.n * (adjoint && !shared ? p.n_index : 1);
    return LIMN_OK;
}

static limn_status chain_call(struct job *j)
{
    struct gather_push p = {.axis = (uint32_t)j->l.rows.n, .n_index = (uint32_t)j->l.n_index};
    struct kernel_call *k = NULL;
    j->chain = kernel_scratch(j->list, 4 * (uint64_t)(j->l.rows.n + j->l.n_index), true);
    if (j->chain < 0) {
        return err_nomem(j->err, sizeof(struct kernel_scratch), "a scratch buffer");
    }
    limn_status st = add_call(j, SHADER_GATHER_CHAIN, SHADER_GATHER_CHAIN_TEXEL, &k);
    if (st == LIMN_OK) {
        k->prepare = true; /* once, where the index is constant */
        bind_read(k, j->caps, BIND_IN, 1, j->texel, 0, j->l.n_index);
        kernel_bind(k, BIND_SCRATCH, j->chain, ACCESS_WRITE);
        kernel_push(k, &p, sizeof(p));
        kernel_grid_1d(k, j->caps, p.axis, k->spec[0]);
        k->flops = (double)p.axis * p.n_index;
    }
    return st;
}

static limn_status plan_gather(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                               limn_error *err)
{
    struct job j = {.c = c, .caps = caps, .list = out, .l = layout_of(c), .err = err};
    size_t most = shape_elems(&c->in[0]) > shape_elems(&c->in[1]) ? shape_elems(&c->in[0]) : shape_elems(&c->in[1]);
    j.row[0] = shape_elems(&c->in[0]) / j.l.rows.outer;
    j.row[1] = shape_elems(&c->out[0]) / j.l.rows.outer;
    size_t step = window_rows(c, caps, j.l.rows.outer, j.row[0] > j.row[1] ? j.row[0] : j.row[1], err);
    if (step == 0) {
        return LIMN_ERR_UNSUPPORTED;
    }
    j.texel = caps->cpu && step == j.l.rows.outer && most <= caps->max_texel_elements;
    limn_status st = c->op == &op_gather_grad ? chain_call(&j) : LIMN_OK;
    for (size_t o = 0; o < j.l.rows.outer && st == LIMN_OK; o += step) {
        st = rows_call(&j, o, j.l.rows.outer - o < step ? j.l.rows.outer - o : step);
    }
    return st;
}

static const struct attr_desc attrs[] = {{"axis", ATTR_I32, offsetof(struct gather_attrs, axis)},
                                         {"size", ATTR_I32, offsetof(struct gather_attrs, size)}};

#define GATHER                                                                                                         \
    .n_in_min = 2, .n_in_max = 2, .n_out = 1, .attrs = attrs, .n_attrs = 2, .attr_bytes = sizeof(struct gather_attrs), \
    .ref = ref_gather, .plan = plan_gather

/* Tolerances: the first of each pair picks, the second sums a few floats: as many as share an index. */
const struct op op_gather = {
    .name = "gather", .doc = "y[o, i, r] = x[o, index[i], r]", GATHER, .infer = infer_gather, .vjp = vjp_gather};
const struct op op_gather_grad = {.name = "gather_grad",
                                  .doc = "y[o, p, r] = sum of g[o, i, r] over i with index[i] = p",
                                  GATHER,
                                  .infer = infer_gather_grad,
                                  .vjp = vjp_gather_grad,
                                  .tol = 5e-6f};
const struct op op_gather_elements = {.name = "gather_elements",
                                      .doc = "y[o, k, r] = x[o, index[o, k, r], r]",
                                      GATHER,
                                      .infer = infer_elements,
                                      .vjp = vjp_gather_elements};
const struct op op_scatter_elements = {.name = "scatter_elements",
                                       .doc = "y[o, p, r] = sum of g[o, k, r] over k with index[o, k, r] = p",
                                       GATHER,
                                       .infer = infer_elements,
                                       .vjp = vjp_scatter_elements,
                                       .tol = 5e-6f};
