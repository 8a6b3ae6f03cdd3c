/* top_k, arg_max and arg_min: the first elements of each row along an axis, in the order of their value and then of
 * their position (arg_max with `last`: the greater position first). NaN comes before every number, as in PyTorch. The
 * positions are floats, exact below 2^24, and not differentiable; the gradient of the values goes to where they stood.
 */
#include <math.h>
#include <stddef.h>

#include "ops/elementwise.h"
#include "push/top_k.h"
#include "shaders_gen.h"

struct top_k_push {
    PUSH_TOP_K
};

#define AXIS_MAX (1 << 24)

struct selection {
    struct shape_rows rows;
    int32_t k;
    uint32_t mode;
};

static bool is_top_k(const struct op *op)
{
    return op == &op_top_k;
}

static int32_t axis_of(const struct op_call *c)
{
    return is_top_k(c->op) ? ((const struct top_k_attrs *)c->attrs)->axis : ((const struct arg_attrs *)c->attrs)->axis;
}

static struct selection selection_of(const struct op_call *c)
{
    struct selection s = {.rows = shape_around(&c->in[0], axis_of(c)), .k = 1};
    if (is_top_k(c->op)) {
        const struct top_k_attrs *a = c->attrs;
        s.k = a->k;
        s.mode = TOP_K_VALUES | (a->smallest ? TOP_K_SMALLEST : 0u);
        return s;
    }
    const struct arg_attrs *a = c->attrs;
    s.mode = (c->op == &op_arg_min ? TOP_K_SMALLEST : 0u) | (a->last ? TOP_K_LAST : 0u);
    return s;
}

static limn_status check_axis(const struct op_call *c, limn_error *err)
{
    const struct shape *x = &c->in[0];
    int32_t axis = axis_of(c);
    if (axis < 0 || axis >= x->rank || x->dim[axis] > AXIS_MAX) {
        char text[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_SHAPE, "%s: axis %d of shape %s (expected one of at most 2^24)", c->op->name, axis,
                       shape_text(x, text));
    }
    return LIMN_OK;
}

static limn_status infer_arg(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct arg_attrs *a = c->attrs;
    struct shape y = c->in[0];
    limn_status st = check_axis(c, err);
    if (st != LIMN_OK) {
        return st;
    }
    y.dim[a->axis] = 1;
    for (int i = a->axis; !a->keepdims && i < y.rank; i++) {
        y.dim[i] = i + 1 < y.rank ? y.dim[i + 1] : 0;
    }
    y.rank -= a->keepdims ? 0 : 1;
    out[0] = y;
    return LIMN_OK;
}

static limn_status infer_top_k(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct top_k_attrs *a = c->attrs;
    limn_status st = check_axis(c, err);
    if (st == LIMN_OK && (a->k < 1 || a->k > c->in[0].dim[a->axis])) {
        st = err_set(err, LIMN_ERR_SHAPE, "top_k: k is %d (expected 1 to %d)", a->k, c->in[0].dim[a->axis]);
    }
    if (st == LIMN_OK) {
        out[0] = c->in[0];
        out[0].dim[a->axis] = a->k;
        out[1] = out[0];
    }
    return st;
}

/* Element i of a row comes before element j. */
static bool before(const struct selection *s, const double *x, size_t i, size_t j)
{
    double a = x[i * s->rows.inner], b = x[j * s->rows.inner];
    if (isnan(a) != isnan(b)) {
        return isnan(a);
    }
    if (a == b || isnan(a)) {
        return s->mode & TOP_K_LAST ? i > j : i < j;
    }
    return s->mode & TOP_K_SMALLEST ? a < b : a > b;
}

/* The rank of each element is the number of those before it. */
static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    struct selection s = selection_of(c);
    size_t n = s.rows.n, inner = s.rows.inner;
    for (size_t row = 0; row < s.rows.outer * inner; row++) {
        const double *x = in[0] + row / inner * n * inner + row % inner;
        size_t to = row / inner * (size_t)s.k * inner + row % inner;
        for (size_t i = 0; i < n; i++) {
            size_t rank = 0;
            for (size_t j = 0; j < n; j++) {
                rank += before(&s, x, j, i);
            }
            if (rank < (size_t)s.k) {
                out[s.mode & TOP_K_VALUES ? 1 : 0][to + rank * inner] = (double)i;
                if (s.mode & TOP_K_VALUES) {
                    out[0][to + rank * inner] = x[i * inner];
                }
            }
        }
    }
}

static void vjp_top_k(struct vjp *v)
{
    struct gather_attrs a = {.axis = axis_of(v->call), .size = v->call->in[0].dim[axis_of(v->call)]};
    if (v->need[0] && v->gout[0] != VALUE_NONE) {
        v->gin[0] = build(v->b, &op_scatter_elements, NULL, &a, v->gout[0], v->out[1]);
    }
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    struct selection s = selection_of(c);
    size_t n = s.rows.n, inner = s.rows.inner, outer = s.rows.outer, k_inner = (size_t)s.k * inner;
    size_t step = window_rows(c, caps, outer, n * inner, err);
    bool shared = n >= 64 && outer * inner < (caps->cpu ? 16 : 4096);
    uint32_t lanes = !shared ? 1 : caps->cpu ? 16 : 64, rows = shared ? 1 : caps->cpu ? 16 : 64;
    for (size_t first = 0; first < outer && step > 0; first += step) {
        size_t count = outer - first < step ? outer - first : step;
        struct kernel_call *k = kernel_add(l, SHADER_TOP_K, lanes, rows, 1);
        if (!k) {
            return err_nomem(err, sizeof(*k), "a kernel call");
        }
        struct top_k_push p = {
            .rows = (uint32_t)(count * inner), .n = (uint32_t)n, .k = (uint32_t)s.k, .inner = (uint32_t)inner};
        p.base_x = bind_slice(k, caps, BIND_IN, 0, ACCESS_READ, first * n * inner, count * n * inner);
        p.base_values = bind_slice(k, caps, BIND_OUT, 0, ACCESS_WRITE, first * k_inner, count * k_inner);
        p.base_index = bind_slice(k, caps, BIND_OUT, c->n_out - 1, ACCESS_WRITE, first * k_inner, count * k_inner);
        kernel_spec(k, s.mode);
        kernel_spec(k, lanes);
        kernel_push(k, &p, sizeof(p));
        kernel_grid_1d(k, caps, p.rows, rows);
        k->flops = (double)p.rows * p.n * p.k;
    }
    return step > 0 ? LIMN_OK : LIMN_ERR_UNSUPPORTED;
}

static const struct attr_desc arg_desc[] = {{"axis", ATTR_I32, offsetof(struct arg_attrs, axis)},
                                            {"keepdims", ATTR_BOOL, offsetof(struct arg_attrs, keepdims)},
                                            {"last", ATTR_BOOL, offsetof(struct arg_attrs, last)}};
static const struct attr_desc top_k_desc[] = {{"axis", ATTR_I32, offsetof(struct top_k_attrs, axis)},
                                              {"k", ATTR_I32, offsetof(struct top_k_attrs, k)},
                                              {"smallest", ATTR_BOOL, offsetof(struct top_k_attrs, smallest)}};

#define ARG                                                                                                            \
    .n_in_min = 1, .n_in_max = 1, .n_out = 1, .attrs = arg_desc, .n_attrs = 3, .attr_bytes = sizeof(struct arg_attrs), \
    .infer = infer_arg, .ref = ref, .plan = plan

/* Tolerances: they pick. */
const struct op op_arg_max = {.name = "arg_max", .doc = "position of the maximum along an axis", ARG};
const struct op op_arg_min = {.name = "arg_min", .doc = "position of the minimum along an axis", ARG};
const struct op op_top_k = {.name = "top_k",
                            .doc = "the k largest or smallest along an axis, sorted, and their positions",
                            .n_in_min = 1,
                            .n_in_max = 1,
                            .n_out = 2,
                            .attrs = top_k_desc,
                            .n_attrs = 3,
                            .attr_bytes = sizeof(struct top_k_attrs),
                            .infer = infer_top_k,
                            .ref = ref,
                            .vjp = vjp_top_k,
                            .plan = plan};
