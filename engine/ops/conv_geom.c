/* Geometry and reference loops of the convolution family (ops.h: conv, conv_transpose, conv_weight_grad). The three are
 * one trilinear form in (big, w, small): y[small] += x[big] * w, with big = small * stride - pad + tap * dilation. */
#include "ops/conv_geom.h"

#include <stddef.h>
#include <string.h>

#include "ops/epilogue.h"

#define ATTR(field, type)                                                                                              \
    {                                                                                                                  \
#field, type, offsetof(struct conv_attrs, field)                                                               \
    }
const struct attr_desc conv_attr_table[CONV_N_ATTRS] = {
    ATTR(stride, ATTR_I32X3),    ATTR(pad_begin, ATTR_I32X3), ATTR(pad_end, ATTR_I32X3), ATTR(dilation, ATTR_I32X3),
    ATTR(groups, ATTR_I32),      ATTR(size, ATTR_I32X3),      ATTR(epi.act, ATTR_I32),   ATTR(epi.gate, ATTR_I32),
    ATTR(epi.gate_lo, ATTR_F32), ATTR(epi.gate_hi, ATTR_F32),
};

struct conv_attrs conv_attrs_2d(int32_t stride, int32_t pad, int32_t dilation, int32_t groups)
{
    return (struct conv_attrs){
        .stride = {1, stride, stride},
        .pad_begin = {0, pad, pad},
        .pad_end = {0, pad, pad},
        .dilation = {1, dilation, dilation},
        .groups = groups,
    };
}

int32_t conv_axis(const struct shape *s, int i)
{
    int32_t at = s->rank - 3 + i;
    return at < 2 ? 1 : s->dim[at];
}

struct shape conv_shape(int32_t rank, int32_t a, int32_t b, const int32_t size[3])
{
    struct shape s = {.rank = rank, .dim = {a, b}};
    for (int i = 0; i < rank - 2; i++) {
        s.dim[2 + i] = size[i + 5 - rank];
    }
    return s;
}

size_t conv_volume(const int32_t dim[3])
{
    return (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
}

limn_status conv_attrs_check(const struct conv_attrs *a, int32_t rank, limn_error *err)
{
    const int32_t most = 1 << 20;
    if (rank < 3 || rank > 5) {
        return err_set(err, LIMN_ERR_SHAPE, "convolution of a rank-%d tensor, expected rank 3 to 5", (int)rank);
    }
    for (int i = 0; i < 3; i++) {
        if (a->stride[i] < 1 || a->stride[i] > most || a->dilation[i] < 1 || a->dilation[i] > most ||
            a->pad_begin[i] < -most || a->pad_begin[i] > most || a->pad_end[i] < -most || a->pad_end[i] > most) {
            return err_set(err, LIMN_ERR_ARG, "axis %d: stride %d, dilation %d, padding %d and %d out of range", i,
                           (int)a->stride[i], (int)a->dilation[i], (int)a->pad_begin[i], (int)a->pad_end[i]);
        }
    }
    if (a->groups < 1) {
        return err_set(err, LIMN_ERR_ARG, "groups is %d, expected at least 1", (int)a->groups);
    }
    for (int i = 0; i < 5 - rank; i++) {
        if (a->stride[i] != 1 || a->pad_begin[i] != 0 || a->pad_end[i] != 0 || a->dilation[i] != 1) {
            return err_set(err, LIMN_ERR_ARG, "a rank-%d tensor has no axis %c to pad or stride", (int)rank, "DHW"[i]);
        }
    }
    return LIMN_OK;
}

int32_t conv_out_size(const struct conv_attrs *a, int i, int32_t in, int32_t k)
{
    int64_t reach = (int64_t)a->dilation[i] * (k - 1) + 1;
    int64_t room = (int64_t)in + a->pad_begin[i] + a->pad_end[i] - reach;
    int64_t out = room / a->stride[i] + 1;
    return room < 0 || out > INT32_MAX ? -1 : (int32_t)out;
}

limn_status conv_geom_init(struct conv_geom *g, const struct conv_attrs *a, const struct shape *big,
                           const struct shape *small, const struct shape *w, limn_error *err)
{
    char bt[SHAPE_TEXT_MAX], st[SHAPE_TEXT_MAX], wt[SHAPE_TEXT_MAX];
    limn_status status = conv_attrs_check(a, big->rank, err);
    if (status != LIMN_OK) {
        return status;
    }
    bool fits = small->rank == big->rank && w->rank == big->rank && big->dim[0] == small->dim[0] &&
                w->dim[0] == small->dim[1] && w->dim[0] % a->groups == 0 && big->dim[1] % a->groups == 0 &&
                big->dim[1] / a->groups == w->dim[1];
    for (int i = 0; i < 3 && fits; i++) {
        fits = conv_out_size(a, i, conv_axis(big, i), conv_axis(w, i)) == conv_axis(small, i);
    }
    if (!fits) {
        return err_set(err, LIMN_ERR_SHAPE, "input %s, weights %s (groups %d) and output %s do not fit together",
                       shape_text(big, bt), shape_text(w, wt), (int)a->groups, shape_text(small, st));
    }
    *g = (struct conv_geom){.n = big->dim[0], .groups = a->groups, .c = w->dim[1], .m = w->dim[0] / a->groups};
    for (int i = 0; i < 3; i++) {
        g->big[i] = conv_axis(big, i);
        g->small[i] = conv_axis(small, i);
        g->k[i] = conv_axis(w, i);
        g->stride[i] = a->stride[i];
        g->pad[i] = a->pad_begin[i];
        g->dilation[i] = a->dilation[i];
    }
    return LIMN_OK;
}

/* Position in big of tap t seen from point s along axis i; false in the padding. */
static bool big_at(const struct conv_geom *g, int i, int32_t s, int32_t t, size_t *at)
{
    int64_t p = (int64_t)s * g->stride[i] - g->pad[i] + (int64_t)t * g->dilation[i];
    if (p < 0 || p >= g->big[i]) {
        return false;
    }
    *at = (size_t)p;
    return true;
}

/* All taps of one pair of channel planes at one point of small. */
static void visit_taps(const struct conv_geom *g, const int32_t s[3], size_t big0, size_t w0, size_t small,
                       conv_visit_fn fn, void *user)
{
    size_t d, h, w;
    for (int32_t kd = 0; kd < g->k[0]; kd++) {
        for (int32_t kh = 0; kh < g->k[1]; kh++) {
            for (int32_t kw = 0; kw < g->k[2]; kw++) {
                if (big_at(g, 0, s[0], kd, &d) && big_at(g, 1, s[1], kh, &h) && big_at(g, 2, s[2], kw, &w)) {
                    size_t tap = ((size_t)kd * (size_t)g->k[1] + (size_t)kh) * (size_t)g->k[2] + (size_t)kw;
                    fn(user, big0 + (d * (size_t)g->big[1] + h) * (size_t)g->big[2] + w, w0 + tap, small);
                }
            }
        }
    }
}

static void visit_plane(const struct conv_geom *g, size_t big0, size_t w0, size_t small0, conv_visit_fn fn, void *user)
{
    size_t at = small0;
    for (int32_t d = 0; d < g->small[0]; d++) {
        for (int32_t h = 0; h < g->small[1]; h++) {
            for (int32_t w = 0; w < g->small[2]; w++) {
                visit_taps(g, (int32_t[]){d, h, w}, big0, w0, at++, fn, user);
            }
        }
    }
}

void conv_visit(const struct conv_geom *g, conv_visit_fn fn, void *user)
{
    size_t big = conv_volume(g->big), small = conv_volume(g->small), k = conv_volume(g->k);
    size_t c_all = (size_t)g->c * (size_t)g->groups, m_all = (size_t)g->m * (size_t)g->groups;
    for (size_t n = 0; n < (size_t)g->n; n++) {
        for (size_t m = 0; m < m_all; m++) {
            size_t group = m / (size_t)g->m;
            for (size_t c = 0; c < (size_t)g->c; c++) {
                visit_plane(g, (n * c_all + group * (size_t)g->c + c) * big, (m * (size_t)g->c + c) * k,
                            (n * m_all + m) * small, fn, user);
            }
        }
    }
}

limn_status conv_geom_of(const struct op_call *c, bool transposed, struct conv_geom *g, limn_error *err)
{
    const struct shape *x = &c->in[CONV_X], *y = &c->out[0];
    return conv_geom_init(g, c->attrs, transposed ? y : x, transposed ? x : y, &c->in[CONV_W], err);
}

void conv_ref_sum(const struct op_call *c, bool transposed, const double *const *in, double *const *out,
                  conv_visit_fn add)
{
    struct conv_geom g;
    if (conv_geom_of(c, transposed, &g, NULL) != LIMN_OK) {
        return;
    }
    const struct shape *y = &c->out[0];
    size_t n = shape_elems(y), channels = (size_t)y->dim[1], volume = n / (size_t)y->dim[0] / channels;
    const double *all[CONV_N_IN] = {NULL};
    memcpy(all, in, (size_t)c->n_in * sizeof(*in));
    memset(out[0], 0, n * sizeof(double));
    conv_visit(&g, add, &(struct conv_sum){in[CONV_X], in[CONV_W], out[0]});
    for (size_t i = 0; i < n; i++) {
        const struct epilogue *e = &((const struct conv_attrs *)c->attrs)->epi;
        out[0][i] = epilogue_ref(e, all, CONV_BIAS, out[0][i], i / volume % channels, i);
    }
}

void conv_vjp_rest(struct vjp *v, value_id big, value_id small)
{
    struct conv_attrs t = *(const struct conv_attrs *)v->call->attrs;
    if (v->need[CONV_W]) {
        for (int i = 0; i < 3; i++) {
            t.size[i] = conv_axis(&v->call->in[CONV_W], i);
        }
        v->gin[CONV_W] = build(v->b, &op_conv_weight_grad, NULL, &t, big, small);
    }
    if (op_has(v->call, CONV_BIAS) && v->need[CONV_BIAS]) {
        int32_t but_channels = ((1 << v->call->out[0].rank) - 1) & ~2;
        v->gin[CONV_BIAS] = build_reduce(v->b, &op_reduce_sum, v->gout[0], but_channels, false);
    }
    if (op_has(v->call, CONV_ADD) && v->need[CONV_ADD]) {
        v->gin[CONV_ADD] = v->gout[0];
    }
}
