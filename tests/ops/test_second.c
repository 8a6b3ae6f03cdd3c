/* Derivatives of derivatives of the elementwise operators and reductions: d <u, d <seed, y> / d x> / d x_j against
 * central differences of the gradient in double, for every pair of inputs. Operands broadcast. */
#include "base/mem.h"
#include "base/rng.h"
#include "support/check.h"
#include "support/toy.h"

enum { MAX_IN = 3, MAX_N = 24 };

static limn_error err;

struct row {
    const struct op *op;
    const void *attrs;
    double lo, hi; /* of the inputs */
    struct shape in[MAX_IN];
    int n_in, const_in; /* const_in: bit i: input i is not differentiated */
    bool linear;        /* the second derivative is 0 everywhere */
};

struct subject {
    struct graph *g;
    value_id x[MAX_IN], seed, u[MAX_IN], grad[MAX_IN], second[MAX_IN];
    double data[MAX_IN][MAX_N], seed_data[MAX_N], u_data[MAX_IN][MAX_N];
};

static void fill(double *x, size_t n, double lo, double hi, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)(float)(lo + (hi - lo) * rng_uniform(seed, i));
    }
}

static double read(const struct subject *s, const struct row *r, value_id v, double *out)
{
    struct toy_feed feed[2 * MAX_IN + 1];
    double dot = 0;
    size_t n = 0;
    for (int i = 0; i < r->n_in; i++) {
        feed[n++] = (struct toy_feed){s->x[i], s->data[i]};
        feed[n++] = (struct toy_feed){s->u[i], s->u_data[i]};
    }
    feed[n++] = (struct toy_feed){s->seed, s->seed_data};
    s->g->value[v].flags |= VALUE_OUTPUT;
    CHECK_OK(toy_run(s->g, feed, n, v, out, &err));
    for (size_t i = 0; i < shape_elems(&s->g->value[v].shape); i++) {
        dot += out[i];
    }
    return dot;
}

/* x, y = op(x), its gradients, sum_i u_i . gradient_i, the gradients of that. */
static void subject_init(struct subject *s, const struct row *r, value_id *total)
{
    CHECK_OK(graph_create(&s->g, &err));
    struct builder b = {s->g, LIMN_OK, &err};
    value_id y, wrt[MAX_IN], grad[MAX_IN];
    size_t n = 0;
    for (int i = 0; i < r->n_in; i++) {
        s->x[i] = toy_input(&b, i == 0 ? "x" : i == 1 ? "x1" : "x2", r->in[i]);
        s->u[i] = toy_input(&b, i == 0 ? "u" : i == 1 ? "u1" : "u2", r->in[i]);
        fill(s->data[i], shape_elems(&r->in[i]), r->lo, r->hi, 1 + (uint64_t)i);
        fill(s->u_data[i], shape_elems(&r->in[i]), -1, 1, 11 + (uint64_t)i);
        if (!(r->const_in >> i & 1)) {
            wrt[n++] = s->x[i];
        }
    }
    y = build_node(&b, r->op, "y", r->attrs, r->n_in, s->x);
    CHECK_OK(b.status);
    s->seed = toy_input(&b, "seed", *build_shape(&b, y));
    fill(s->seed_data, shape_elems(build_shape(&b, y)), -1, 1, 21);
    CHECK_OK(autodiff(s->g, NULL, y, s->seed, wrt, n, grad, &err));
    *total = VALUE_NONE;
    for (size_t i = 0, k = 0; i < (size_t)r->n_in; i++) {
        if (!(r->const_in >> i & 1)) {
            value_id dot = build_mul(&b, grad[k++], s->u[i]);
            dot = build_reduce(&b, &op_reduce_sum, dot, (1 << build_shape(&b, dot)->rank) - 1, false);
            *total = *total == VALUE_NONE ? dot : build_add(&b, *total, dot);
        }
    }
    CHECK_OK(b.status);
    value_id one = build_fill(&b, (struct shape){.rank = 0}, 1);
    CHECK_OK(autodiff(s->g, NULL, *total, one, wrt, n, grad, &err));
    for (size_t i = 0, k = 0; i < (size_t)r->n_in; i++) {
        s->second[i] = r->const_in >> i & 1 ? VALUE_NONE : grad[k++];
    }
}

static void check_row(const struct row *r)
{
    struct subject s = {0};
    const double eps = 1e-5;
    double found[MAX_N], one, most = 0, worst = 0;
    value_id total;
    subject_init(&s, r, &total);
    for (int i = 0; i < r->n_in; i++) {
        if (s.second[i] == VALUE_NONE) {
            continue;
        }
        read(&s, r, s.second[i], found);
        for (size_t k = 0; k < shape_elems(&r->in[i]); k++) {
            double kept = s.data[i][k];
            s.data[i][k] = kept + eps;
            double up = read(&s, r, total, &one);
            s.data[i][k] = kept - eps;
            double want = (up - read(&s, r, total, &one)) / (2 * eps);
            s.data[i][k] = kept;
            most = fmax(most, fabs(want));
            worst = fmax(worst, fabs(found[k] - want));
        }
    }
    check_count++;
    if (!(worst <= 1e-6 * fmax(1, most)) || (most > 1e-3) == r->linear) {
        check_failed++;
        fprintf(stderr, "%s: second derivative off by %.3g, largest %.3g\n", r->op->name, worst, most);
    }
    graph_destroy(&s.g);
}

int main(void)
{
    const struct shape full = SHAPE(2, 3, 4), row = SHAPE(3, 1), one = SHAPE(1);
#define ONE(name, lo, hi, ...)                                                                                         \
    {                                                                                                                  \
        &op_##name, __VA_ARGS__, lo, hi, {full}, 1, 0, false                                                           \
    }
#define TWO(name, lo, hi, linear)                                                                                      \
    {                                                                                                                  \
        &op_##name, NULL, lo, hi, {full, row}, 2, 0, linear                                                            \
    }
    const struct row rows[] = {
        ONE(exp, -1, 1, NULL),
        ONE(log, 0.5, 2, NULL),
        ONE(sqrt, 0.5, 2, NULL),
        ONE(rsqrt, 0.5, 2, NULL),
        ONE(reciprocal, 0.5, 2, NULL),
        ONE(erf, -1, 1, NULL),
        ONE(sin, -3, 3, NULL),
        ONE(cos, -3, 3, NULL),
        ONE(tan, -1, 1, NULL),
        ONE(asin, -0.8, 0.8, NULL),
        ONE(acos, -0.8, 0.8, NULL),
        ONE(atan, -2, 2, NULL),
        ONE(sinh, -1, 1, NULL),
        ONE(cosh, -1, 1, NULL),
        ONE(asinh, -1, 1, NULL),
        ONE(acosh, 1.3, 2, NULL),
        ONE(atanh, -0.8, 0.8, NULL),
        ONE(sigmoid, -2, 2, NULL),
        ONE(tanh, -2, 2, NULL),
        ONE(silu, -2, 2, NULL),
        ONE(hard_swish, -2, 2, NULL),
        ONE(gelu, -2, 2, &(const struct gelu_attrs){0}),
        ONE(gelu, -2, 2, &(const struct gelu_attrs){1}),
        ONE(softplus, -2, 2, NULL),
        ONE(softsign, 0.1, 2, NULL),
        ONE(elu, -2, -0.1, &(const struct elu_attrs){0.7f}),
        ONE(mish, -2, 2, NULL),
        ONE(reduce_prod, 0.5, 2, &(const struct reduce_attrs){5, 0}),
        {&op_abs, NULL, -2, 2, {full}, 1, 0, true},
        {&op_clip, &(const struct clip_attrs){-1, 1}, -2, 2, {full}, 1, 0, true},
        {&op_hard_sigmoid, &(const struct hard_sigmoid_attrs){0.5f, 0.5f}, -2, 2, {full}, 1, 0, true},
        {&op_reduce_min, &(const struct reduce_attrs){2, 0}, -2, 2, {full}, 1, 0, true},
        {&op_reduce_max, &(const struct reduce_attrs){2, 0}, -2, 2, {full}, 1, 0, true},
        TWO(mul, -2, 2, false),
        TWO(div, 0.5, 2, false),
        TWO(pow, 0.5, 2, false),
        TWO(prelu, -2, 2, false),
        TWO(add, -2, 2, true),
        TWO(min, -2, 2, true),
        TWO(max, -2, 2, true),
        TWO(mod, 0.5, 2, true),
        {&op_where, NULL, -2, 2, {row, full, one}, 3, 1, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_row(&rows[i]);
    }
    return check_done();
}
