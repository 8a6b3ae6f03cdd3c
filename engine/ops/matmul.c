/* matmul(a, b, bias?, add?, mask?): y[i, j] = sum over k of a[i, k] * b[k, j], each operand transposed on request, then
 * the epilogue with one bias per column. Dimensions before the last two are batch dimensions and broadcast as in
 * numpy.matmul. */
#include <string.h>

#include "ops/conv_plan.h"
#include "ops/elementwise.h"
#include "ops/epilogue.h"
#include "ops/matmul.h"

static struct shape batch_of(const struct shape *s)
{
    return shape_of(s->rank - 2, s->dim);
}

static limn_status matmul_size(const struct op_call *c, struct matmul_size *s, limn_error *err)
{
    const struct matmul_attrs *t = c->attrs;
    const struct shape *a = &c->in[0], *b = &c->in[1];
    bool ta = t->trans_a != 0, tb = t->trans_b != 0, fits = a->rank >= 2 && b->rank >= 2;
    struct matmul_size r = {0};
    if (fits) {
        const int32_t *ad = a->dim + a->rank - 2, *bd = b->dim + b->rank - 2;
        r = (struct matmul_size){ad[ta ? 1 : 0], ad[ta ? 0 : 1], bd[tb ? 0 : 1], {batch_of(a), batch_of(b)}, {0}};
        fits = r.k == bd[tb ? 1 : 0] && shape_broadcast(&r.of[0], &r.of[1], &r.batch, NULL) == LIMN_OK;
    }
    if (!fits) {
        char at[SHAPE_TEXT_MAX], bt[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_SHAPE, "matrices %s%s and %s%s do not fit together", shape_text(a, at),
                       ta ? " (transposed)" : "", shape_text(b, bt), tb ? " (transposed)" : "");
    }
    *s = r;
    return LIMN_OK;
}

static limn_status matmul_infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct matmul_attrs *t = c->attrs;
    struct matmul_size s = {0};
    limn_status st = LIMN_OK;
    TRY(matmul_size(c, &s, err));
    struct shape y = s.batch;
    y.dim[y.rank++] = s.m;
    y.dim[y.rank++] = s.n;
    TRY(shape_check(&y, err));
    TRY(epilogue_infer(c, &t->epi, CONV_BIAS, s.n, &y, err));
    *out = y;
out:
    return st;
}

/* One product; y is its part of the result, which starts at element `first`. */
static void ref_item(const struct op_call *c, const struct matmul_size *s, const double *a, const double *b,
                     const double *const *all, double *y, size_t first)
{
    const struct matmul_attrs *t = c->attrs;
    size_t m = (size_t)s->m, n = (size_t)s->n, k = (size_t)s->k;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            double acc = 0;
            for (size_t l = 0; l < k; l++) {
                acc += a[t->trans_a ? l * m + i : i * k + l] * b[t->trans_b ? j * k + l : l * n + j];
            }
            y[i * n + j] = epilogue_ref(&t->epi, all, CONV_BIAS, acc, j, first + i * n + j);
        }
    }
}

static void matmul_ref(const struct op_call *c, const double *const *in, double *const *out)
{
    const double *all[CONV_N_IN] = {NULL};
    struct matmul_size s = {0};
    struct strided item[2];
    if (matmul_size(c, &s, NULL) != LIMN_OK) {
        return;
    }
    memcpy(all, in, (size_t)c->n_in * sizeof(*in));
    strided_read(&s.of[0], &s.batch, &item[0]);
    strided_read(&s.of[1], &s.batch, &item[1]);
    size_t m = (size_t)s.m, n = (size_t)s.n, k = (size_t)s.k;
    for (size_t i = 0; i < shape_elems(&s.batch); i++) {
        ref_item(c, &s, in[0] + strided_at(&item[0], i) * m * k, in[1] + strided_at(&item[1], i) * k * n, all,
                 out[0] + i * m * n, i * m * n);
    }
}

static value_id product(struct builder *b, value_id x, value_id y, int32_t trans_x, int32_t trans_y)
{
    struct matmul_attrs a = {.trans_a = trans_x, .trans_b = trans_y};
    return build(b, &op_matmul, NULL, &a, x, y);
}

/* x as one matrix: the batch items of a below each other. */
static value_id stacked(struct builder *b, value_id x)
{
    struct shape s = *build_shape(b, x);
    int32_t cols = s.rank > 0 ? s.dim[s.rank - 1] : 1;
    return s.rank <= 2 ? x : build_reshape(b, NULL, x, SHAPE((int32_t)(shape_elems(&s) / (size_t)cols), cols));
}

static void matmul_vjp(struct vjp *v)
{
    const struct matmul_attrs *t = v->call->attrs;
    value_id a = v->in[0], b = v->in[1], g = v->gout[0];
    if (!epilogue_neutral(v->b, &t->epi, "matmul") || g == VALUE_NONE) {
        return;
    }
    if (v->need[0]) {
        value_id ga = t->trans_a ? product(v->b, b, g, t->trans_b, 1) : product(v->b, g, b, 0, !t->trans_b);
        v->gin[0] = build_sum_to(v->b, ga, v->call->in[0]);
    }
    if (v->need[1]) {
        if (v->call->in[1].rank == 2 && !t->trans_a) { /* one product instead of one per item and their sum */
            a = stacked(v->b, a);
            b = v->in[1];
            g = stacked(v->b, g);
        }
        value_id gb = t->trans_b ? product(v->b, g, a, 1, t->trans_a) : product(v->b, a, g, !t->trans_a, 0);
        v->gin[1] = build_sum_to(v->b, gb, v->call->in[1]);
    }
    if (op_has(v->call, CONV_BIAS) && v->need[CONV_BIAS]) {
        int32_t rows = (1 << (v->call->out[0].rank - 1)) - 1;
        v->gin[CONV_BIAS] = build_reduce(v->b, &op_reduce_sum, v->gout[0], rows, false);
    }
    if (op_has(v->call, CONV_ADD) && v->need[CONV_ADD]) {
        v->gin[CONV_ADD] = v->gout[0];
    }
}

/* As a 1x1 convolution: rows of a (of all its batch items, where they share b) are points, k are channels, columns are
 * output channels. */
static limn_status matmul_plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                               limn_error *err)
{
    const struct matmul_attrs *t = c->attrs;
    struct matmul_size s = {0};
    limn_status st = matmul_size(c, &s, err);
    if (st != LIMN_OK) {
        return st;
    }
    bool one = shape_elems(&s.batch) == 1;
    if (!one && (t->trans_a || shape_elems(&s.of[1]) != 1)) {
        return matmul_plan_batch(c, &s, caps, out, err);
    }
    s.m = (int32_t)(shape_elems(&c->out[0]) / (size_t)s.n);
    struct conv_problem p = {
        .n = 1,
        .groups = 1,
        .c = s.k,
        .m = s.n,
        .x_dim = {1, 1, s.m},
        .y_dim = {1, 1, s.m},
        .k = {1, 1, 1},
        .stride = {1, 1, 1},
        .dilation = {1, 1, 1},
        .x_c = t->trans_a ? (uint32_t)s.m : 1,
        .x_w = t->trans_a ? 1 : (uint32_t)s.k,
        .y_c = 1,
        .y_w = (uint32_t)s.n,
        .w_m = t->trans_b ? (uint32_t)s.k : 1,
        .w_c = t->trans_b ? 1 : (uint32_t)s.n,
        .x_n = (uint32_t)shape_elems(&c->in[0]),
        .y_n = (uint32_t)shape_elems(&c->out[0]),
        .epi = &t->epi,
    };
    return matmul_plan_problem(c, &p, caps, out, err);
}

#define ATTR(field, type)                                                                                              \
    {                                                                                                                  \
#field, type, offsetof(struct matmul_attrs, field)                                                             \
    }
static const struct attr_desc attr_table[] = {
    ATTR(trans_a, ATTR_BOOL), ATTR(trans_b, ATTR_BOOL),    ATTR(epi.act, ATTR_I32),
    ATTR(epi.gate, ATTR_I32), ATTR(epi.gate_lo, ATTR_F32), ATTR(epi.gate_hi, ATTR_F32),
};

const struct op op_matmul = {
    .name = "matmul",
    .doc = "y = epilogue(a b), either operand transposed on request",
    .n_in_min = 2,
    .n_in_max = CONV_N_IN,
    .n_out = 1,
    .attrs = attr_table,
    .n_attrs = sizeof(attr_table) / sizeof(attr_table[0]),
    .attr_bytes = sizeof(struct matmul_attrs),
    .infer = matmul_infer,
    .ref = matmul_ref,
    .vjp = matmul_vjp,
    .plan = matmul_plan,
    .tol = 2e-5f, /* as conv */
};
