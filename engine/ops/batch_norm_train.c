/* batch_norm_train(x, gamma, beta): normalisation by the statistics of the batch itself (Ioffe and Szegedy 2015), and
 * its gradient as one operator.
 *
 * With z = (x - mean) / sqrt(var + eps) and m elements in a channel:
 *   ggamma = sum g z, gbeta = sum g, gx = gamma / sqrt(var + eps) (g - gbeta / m - z ggamma / m).
 * Statistics are taken in parts whose number depends on shape and device only, and merged in order. */
#include "ops/ops.h"

#include <math.h>

#include "ops/elementwise.h"
#include "push/batch_norm.h"
#include "push/batch_norm_train.h"
#include "shaders_gen.h"

enum { X, GAMMA, BETA, N_IN };
enum { GRAD_G, GRAD_X, GRAD_GAMMA, GRAD_MEAN, GRAD_VAR, GRAD_N_IN };
enum { Y, MEAN, VAR, N_OUT };

struct push_bn_parts {
    PUSH_BN_PARTS
};
struct push_bn_merge {
    PUSH_BN_MERGE
};
struct push_bn_apply {
    PUSH_BN_APPLY
};
struct push_batch_norm {
    PUSH_BATCH_NORM
};

static limn_status check_channels(const struct op_call *c, int x, int first, int last, limn_error *err)
{
    const struct shape *s = &c->in[x];
    char tx[SHAPE_TEXT_MAX], tp[SHAPE_TEXT_MAX];
    if (s->rank < 2) {
        return err_set(err, LIMN_ERR_SHAPE, "shape %s has no channels (expected rank 2 or more)", shape_text(s, tx));
    }
    for (int i = first; i < last; i++) {
        if (c->in[i].rank != 1 || c->in[i].dim[0] != s->dim[1]) {
            return err_set(err, LIMN_ERR_SHAPE, "parameter %d is %s, input is %s (expected %d values)", i,
                           shape_text(&c->in[i], tp), shape_text(s, tx), s->dim[1]);
        }
    }
    return LIMN_OK;
}

static limn_status infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st = check_channels(c, X, GAMMA, N_IN, err);
    if (st == LIMN_OK) {
        out[Y] = c->in[X];
        out[MEAN] = out[VAR] = c->in[GAMMA];
    }
    return st;
}

static limn_status infer_grad(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st = check_channels(c, GRAD_X, GRAD_GAMMA, GRAD_N_IN, err);
    char tg[SHAPE_TEXT_MAX], tx[SHAPE_TEXT_MAX];
    if (st == LIMN_OK && !shape_equal(&c->in[GRAD_G], &c->in[GRAD_X])) {
        return err_set(err, LIMN_ERR_SHAPE, "gradient is %s (expected %s)", shape_text(&c->in[GRAD_G], tg),
                       shape_text(&c->in[GRAD_X], tx));
    }
    if (st == LIMN_OK) {
        out[0] = c->in[GRAD_X];
        out[1] = out[2] = c->in[GRAD_GAMMA];
    }
    return st;
}

/* x as images of `channels` planes. */
struct bn_size {
    size_t images, channels, plane;
};

static struct bn_size size_of(const struct shape *x)
{
    size_t images = (size_t)x->dim[0], channels = (size_t)x->dim[1];
    return (struct bn_size){images, channels, shape_elems(x) / (images * channels)};
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct batch_norm_attrs *a = c->attrs;
    struct bn_size s = size_of(&c->in[X]);
    size_t n = shape_elems(&c->in[X]);
    double count = (double)(s.images * s.plane);
    for (size_t k = 0; k < s.channels; k++) {
        out[MEAN][k] = out[VAR][k] = 0;
    }
    for (size_t i = 0; i < n; i++) {
        out[MEAN][i / s.plane % s.channels] += in[X][i] / count;
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = i / s.plane % s.channels;
        out[VAR][k] += (in[X][i] - out[MEAN][k]) * (in[X][i] - out[MEAN][k]) / count;
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = i / s.plane % s.channels;
        out[Y][i] = (in[X][i] - out[MEAN][k]) * in[GAMMA][k] / sqrt(out[VAR][k] + (double)a->eps) + in[BETA][k];
    }
}

static void ref_grad(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct batch_norm_attrs *a = c->attrs;
    struct bn_size s = size_of(&c->in[GRAD_X]);
    size_t n = shape_elems(&c->in[GRAD_X]);
    double count = (double)(s.images * s.plane);
    for (size_t k = 0; k < s.channels; k++) {
        out[1][k] = out[2][k] = 0;
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = i / s.plane % s.channels;
        double inv = 1 / sqrt(in[GRAD_VAR][k] + (double)a->eps);
        out[1][k] += in[GRAD_G][i] * (in[GRAD_X][i] - in[GRAD_MEAN][k]) * inv;
        out[2][k] += in[GRAD_G][i];
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = i / s.plane % s.channels;
        double inv = 1 / sqrt(in[GRAD_VAR][k] + (double)a->eps), z = (in[GRAD_X][i] - in[GRAD_MEAN][k]) * inv;
        out[0][i] = in[GRAD_GAMMA][k] * inv * (in[GRAD_G][i] - out[2][k] / count - z * out[1][k] / count);
    }
}

/* A number per channel, to be broadcast over x; and the sum of x over all but the channel. */
static value_id spread(struct builder *b, const struct shape *x, value_id v)
{
    struct shape s = {.rank = x->rank, .dim = {1, x->dim[1], 1, 1, 1}};
    return build_reshape(b, NULL, v, s);
}

static value_id channel_sum(struct builder *b, const struct shape *x, value_id v)
{
    return build_reduce(b, &op_reduce_sum, v, ((1 << x->rank) - 1) & ~2, false);
}

static value_id add_to(struct builder *b, value_id sum, value_id v)
{
    return sum == VALUE_NONE ? v : build_add(b, sum, v);
}

static float share(const struct shape *x)
{
    return (float)((double)x->dim[1] / (double)shape_elems(x)); /* 1 / m */
}

/* What cotangents of mean and var give x: (gmean + 2 gvar (x - mean)) / m. */
static void vjp_stats(struct vjp *v)
{
    struct builder *b = v->b;
    const struct shape *x = &v->call->in[X];
    if (v->gout[VAR] != VALUE_NONE) {
        value_id d = build_sub(b, v->in[X], spread(b, x, v->out[MEAN]));
        value_id g = build_mul(b, d, spread(b, x, build_affine(b, v->gout[VAR], 2 * share(x), 0)));
        v->gin[X] = add_to(b, v->gin[X], g);
    }
    if (v->gout[MEAN] != VALUE_NONE) {
        value_id g = spread(b, x, build_affine(b, v->gout[MEAN], share(x), 0));
        v->gin[X] = add_to(b, v->gin[X], build_broadcast(b, g, *x));
    }
}

static void vjp(struct vjp *v)
{
    struct builder *b = v->b;
    if (v->gout[Y] != VALUE_NONE) {
        value_id gx = build(b, &op_batch_norm_train_grad, NULL, v->call->attrs, v->gout[Y], v->in[X], v->in[GAMMA],
                            v->out[MEAN], v->out[VAR]);
        for (int i = 0; i < N_IN && b->status == LIMN_OK; i++) {
            v->gin[i] = v->need[i] ? b->g->node[b->g->value[gx].producer].out[i] : VALUE_NONE;
        }
    }
    if (v->need[X]) {
        vjp_stats(v);
    }
}

/* With cotangents u, p, q of gx, ggamma, gbeta, i = 1 / sqrt(var + eps), z as above, S = sum g, T = sum g z, U = sum u,
 * V = sum u z, R = sum u g - S U / m - V T / m:
 *   g: the operator itself on u, + p z + q;  gamma: i R;  z: w = -gamma i / m (u T + V g) + p g, of which x gets i w
 * and mean -i sum w;  i: gamma R + sum w z / i, of which var gets -i^3 / 2. */
struct second {
    struct vjp *v;
    struct builder *b;
    const struct shape *x;
    value_id u, p, q, inv, z, w, r;
};

static value_id times(const struct second *s, value_id channel, value_id x)
{
    return build_mul(s->b, x, spread(s->b, s->x, channel));
}

static void second_sums(struct second *s)
{
    struct builder *b = s->b;
    const value_id *in = s->v->in;
    value_id g = in[GRAD_G], a = build_mul(b, in[GRAD_GAMMA], s->inv);
    if (s->p != VALUE_NONE) {
        s->w = times(s, s->p, g);
    }
    if (s->u == VALUE_NONE) {
        return;
    }
    value_id sg = channel_sum(b, s->x, g), t = channel_sum(b, s->x, build_mul(b, g, s->z));
    value_id su = channel_sum(b, s->x, s->u), sv = channel_sum(b, s->x, build_mul(b, s->u, s->z));
    value_id cross = build_affine(b, build_add(b, build_mul(b, sg, su), build_mul(b, sv, t)), share(s->x), 0);
    s->r = build_sub(b, channel_sum(b, s->x, build_mul(b, s->u, g)), cross);
    value_id both = build_add(b, times(s, t, s->u), times(s, sv, g));
    s->w = add_to(b, s->w, times(s, build_affine(b, a, -share(s->x), 0), both));
}

static void second_g(const struct second *s)
{
    struct builder *b = s->b;
    value_id *gin = &s->v->gin[GRAD_G];
    const value_id *in = s->v->in;
    if (s->u != VALUE_NONE) {
        *gin = build(b, &op_batch_norm_train_grad, NULL, s->v->call->attrs, s->u, in[GRAD_X], in[GRAD_GAMMA],
                     in[GRAD_MEAN], in[GRAD_VAR]);
    }
    if (s->p != VALUE_NONE) {
        *gin = add_to(b, *gin, times(s, s->p, s->z));
    }
    if (s->q != VALUE_NONE) {
        *gin = add_to(b, *gin, build_broadcast(b, spread(b, s->x, s->q), *s->x));
    }
}

static void vjp_grad(struct vjp *v)
{
    const struct batch_norm_attrs *a = v->call->attrs;
    struct builder *b = v->b;
    struct second s = {v, b, &v->call->in[GRAD_X], v->gout[0], v->gout[1], v->gout[2], 0, 0, VALUE_NONE, VALUE_NONE};
    value_id one = build_fill(b, v->call->in[GRAD_GAMMA], 1), zero = build_fill(b, v->call->in[GRAD_GAMMA], 0);
    s.z = build(b, &op_batch_norm, NULL, a, v->in[GRAD_X], one, zero, v->in[GRAD_MEAN], v->in[GRAD_VAR]);
    s.inv = build_div(b, one, build(b, &op_sqrt, NULL, NULL, build_affine(b, v->in[GRAD_VAR], 1, a->eps)));
    second_sums(&s);
    if (v->need[GRAD_G]) {
        second_g(&s);
    }
    if (v->need[GRAD_GAMMA] && s.r != VALUE_NONE) {
        v->gin[GRAD_GAMMA] = build_mul(b, s.inv, s.r);
    }
    if (s.w == VALUE_NONE) {
        return;
    }
    value_id ix = times(&s, s.inv, s.w);
    if (v->need[GRAD_X]) {
        v->gin[GRAD_X] = ix;
    }
    if (v->need[GRAD_MEAN]) {
        v->gin[GRAD_MEAN] = build_affine(b, channel_sum(b, s.x, ix), -1, 0);
    }
    if (v->need[GRAD_VAR]) {
        value_id gi = build_div(b, channel_sum(b, s.x, build_mul(b, s.w, s.z)), s.inv);
        gi = s.r != VALUE_NONE ? build_add(b, gi, build_mul(b, v->in[GRAD_GAMMA], s.r)) : gi;
        value_id cube = build_mul(b, s.inv, build_mul(b, s.inv, s.inv));
        v->gin[GRAD_VAR] = build_affine(b, build_mul(b, gi, cube), -0.5f, 0);
    }
}

/* --- plans --- */

struct parts_plan {
    const struct op_call *c;
    const struct device_caps *caps;
    struct kernel_list *l;
    struct bn_size s;
    uint32_t fn;
    int x, g, mean;       /* inputs; g and mean are read by BN_GRAD only */
    size_t windows, step; /* images a binding holds */
    uint32_t parts;       /* of each channel in a window */
    int scratch;
};

/* Enough runs to fill the device, each long enough to be worth its fold. */
static uint32_t parts_for(const struct device_caps *caps, const struct bn_size *s, size_t images)
{
    size_t target = (caps->cpu ? 512 : (size_t)caps->compute_units * 512) / s->channels;
    size_t most = images * s->plane / 128;
    target = target < most ? target : most;
    return target < 2 ? 1 : target > 256 ? 256 : (uint32_t)target;
}

static limn_status add_parts(struct parts_plan *p, size_t w, limn_error *err)
{
    size_t first = w * p->step, images = p->s.images - first < p->step ? p->s.images - first : p->step;
    size_t row = p->s.channels * p->s.plane;
    struct kernel_call *k = kernel_add(p->l, SHADER_BN_PARTS, p->caps->cpu ? 16 : local_1d(p->caps), 1, 1);
    struct push_bn_parts push = {.channels = (uint32_t)p->s.channels,
                                 .plane = (uint32_t)p->s.plane,
                                 .images = (uint32_t)images,
                                 .parts = p->parts,
                                 .first = (uint32_t)w * p->parts,
                                 .total = (uint32_t)p->windows * p->parts};
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    for (int view = 0; view < 2; view++) {
        push.base_x = bind_slice(k, p->caps, BIND_IN, p->x, ACCESS_READ, first * row, images * row);
    }
    for (int view = 0; view < 2; view++) {
        push.base_g = bind_slice(k, p->caps, BIND_IN, p->g, ACCESS_READ, first * row, images * row);
    }
    kernel_bind(k, BIND_IN, p->mean, ACCESS_READ);
    kernel_bind(k, BIND_SCRATCH, p->scratch, ACCESS_WRITE);
    kernel_spec(k, p->fn);
    kernel_spec(k, p->s.plane % 4 == 0);
    kernel_push(k, &push, sizeof(push));
    kernel_grid_1d(k, p->caps, (uint64_t)p->s.channels * p->parts, k->spec[0]);
    k->flops = 4.0 * (double)(images * row);
    return LIMN_OK;
}

/* The parts of all windows, then their fold into outputs a and b and, for BN_GRAD, scratch `numbers`. */
static limn_status plan_parts(struct parts_plan *p, int a, int b, int gamma, int var, int numbers, float eps,
                              limn_error *err)
{
    size_t row = p->s.channels * p->s.plane;
    limn_status st = LIMN_OK;
    p->step = window_rows(p->c, p->caps, p->s.images, row, err);
    if (!p->step) {
        return LIMN_ERR_UNSUPPORTED;
    }
    p->windows = (p->s.images + p->step - 1) / p->step;
    p->parts = parts_for(p->caps, &p->s, p->step);
    p->scratch = kernel_scratch(p->l, 12 * (uint64_t)p->windows * p->parts * p->s.channels, false);
    if (p->scratch < 0) {
        return err_nomem(err, sizeof(struct kernel_scratch), "a scratch buffer");
    }
    for (size_t w = 0; w < p->windows; w++) {
        TRY(add_parts(p, w, err));
    }
    struct push_bn_merge push = {(uint32_t)p->s.channels, (uint32_t)p->windows * p->parts,
                                 (float)(p->s.images * p->s.plane), eps};
    struct kernel_call *k = kernel_add(p->l, SHADER_BN_MERGE, p->caps->cpu ? 16 : 64, 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    kernel_bind(k, BIND_SCRATCH, p->scratch, ACCESS_READ);
    kernel_bind(k, BIND_OUT, a, ACCESS_WRITE);
    kernel_bind(k, BIND_OUT, b, ACCESS_WRITE);
    kernel_bind(k, BIND_IN, gamma, ACCESS_READ);
    kernel_bind(k, BIND_IN, p->mean, ACCESS_READ);
    kernel_bind(k, BIND_IN, var, ACCESS_READ);
    kernel_bind(k, BIND_SCRATCH, numbers, ACCESS_WRITE);
    kernel_spec(k, p->fn);
    kernel_push(k, &push, sizeof(push));
    kernel_grid_1d(k, p->caps, p->s.channels, k->spec[0]);
    k->flops = 8.0 * (double)push.total * (double)p->s.channels;
out:
    return st;
}

/* Planes [first, first + n) of y = (x - mean) gamma / sqrt(var + eps) + beta. */
static limn_status add_normalise(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                 size_t first, size_t n, limn_error *err)
{
    const struct batch_norm_attrs *a = c->attrs;
    size_t plane = size_of(&c->in[X]).plane, runs = (plane + 15) / 16;
    struct push_batch_norm p = {.n = (uint32_t)(runs * n),
                                .plane = (uint32_t)plane,
                                .channels = (uint32_t)c->in[X].dim[1],
                                .eps = a->eps,
                                .first = (uint32_t)first};
    struct kernel_call *k = kernel_add(l, SHADER_BATCH_NORM, local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    for (int view = 0; view < 2; view++) {
        p.base_x = bind_slice(k, caps, BIND_IN, X, ACCESS_READ, first * plane, n * plane);
    }
    for (int view = 0; view < 2; view++) {
        p.base_y = bind_slice(k, caps, BIND_OUT, Y, ACCESS_WRITE, first * plane, n * plane);
    }
    kernel_bind(k, BIND_IN, GAMMA, ACCESS_READ);
    kernel_bind(k, BIND_IN, BETA, ACCESS_READ);
    kernel_bind(k, BIND_OUT, MEAN, ACCESS_READ);
    kernel_bind(k, BIND_OUT, VAR, ACCESS_READ);
    kernel_spec(k, plane % 4 == 0);
    kernel_push(k, &p, sizeof(p));
    kernel_grid_1d(k, caps, p.n, local_1d(caps));
    k->flops = 2.0 * (double)(n * plane);
    return LIMN_OK;
}

static limn_status add_apply(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                             int numbers, size_t first, size_t n, limn_error *err)
{
    size_t plane = size_of(&c->in[GRAD_X]).plane, runs = (plane + 15) / 16;
    struct push_bn_apply p = {.n = (uint32_t)(runs * n),
                              .plane = (uint32_t)plane,
                              .channels = (uint32_t)c->in[GRAD_X].dim[1],
                              .first = (uint32_t)first};
    struct kernel_call *k = kernel_add(l, SHADER_BN_APPLY, local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    for (int view = 0; view < 2; view++) {
        p.base_g = bind_slice(k, caps, BIND_IN, GRAD_G, ACCESS_READ, first * plane, n * plane);
    }
    for (int view = 0; view < 2; view++) {
        p.base_x = bind_slice(k, caps, BIND_IN, GRAD_X, ACCESS_READ, first * plane, n * plane);
    }
    for (int view = 0; view < 2; view++) {
        p.base_y = bind_slice(k, caps, BIND_OUT, 0, ACCESS_WRITE, first * plane, n * plane);
    }
    kernel_bind(k, BIND_SCRATCH, numbers, ACCESS_READ);
    kernel_spec(k, plane % 4 == 0);
    kernel_push(k, &p, sizeof(p));
    kernel_grid_1d(k, caps, p.n, local_1d(caps));
    k->flops = 4.0 * (double)(n * plane);
    return LIMN_OK;
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    const struct batch_norm_attrs *a = c->attrs;
    struct parts_plan p = {
        .c = c, .caps = caps, .l = l, .s = size_of(&c->in[X]), .fn = BN_STATS, .x = X, .g = X, .mean = GAMMA};
    size_t planes = p.s.images * p.s.channels, step = window_rows(c, caps, planes, p.s.plane, err);
    int numbers = kernel_scratch(l, 16 * (uint64_t)p.s.channels, false);
    limn_status st = step ? LIMN_OK : LIMN_ERR_UNSUPPORTED;
    if (numbers < 0) {
        return err_nomem(err, sizeof(struct kernel_scratch), "a scratch buffer");
    }
    TRY(st);
    TRY(plan_parts(&p, MEAN, VAR, GAMMA, GAMMA, numbers, a->eps, err));
    for (size_t first = 0; first < planes; first += step) {
        TRY(add_normalise(c, caps, l, first, planes - first < step ? planes - first : step, err));
    }
out:
    return st;
}

static limn_status plan_grad(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                             limn_error *err)
{
    const struct batch_norm_attrs *a = c->attrs;
    struct parts_plan p = {.c = c,
                           .caps = caps,
                           .l = l,
                           .s = size_of(&c->in[GRAD_X]),
                           .fn = BN_GRAD,
                           .x = GRAD_X,
                           .g = GRAD_G,
                           .mean = GRAD_MEAN};
    size_t planes = p.s.images * p.s.channels, step = window_rows(c, caps, planes, p.s.plane, err);
    int numbers = kernel_scratch(l, 16 * (uint64_t)p.s.channels, false);
    limn_status st = step ? LIMN_OK : LIMN_ERR_UNSUPPORTED;
    if (numbers < 0) {
        return err_nomem(err, sizeof(struct kernel_scratch), "a scratch buffer");
    }
    TRY(st);
    TRY(plan_parts(&p, 1, 2, GRAD_GAMMA, GRAD_VAR, numbers, a->eps, err));
    for (size_t first = 0; first < planes; first += step) {
        TRY(add_apply(c, caps, l, numbers, first, planes - first < step ? planes - first : step, err));
    }
out:
    return st;
}

static const struct attr_desc attrs[] = {{"eps", ATTR_F32, offsetof(struct batch_norm_attrs, eps)}};

/* Tolerances: as batch_norm and reduce_sum; the variance of few elements may be small, which its root enlarges. */
const struct op op_batch_norm_train = {
    .name = "batch_norm_train",
    .doc = "batch_norm with mean and variance of the batch",
    .n_in_min = N_IN,
    .n_in_max = N_IN,
    .n_out = N_OUT,
    .attrs = attrs,
    .n_attrs = 1,
    .attr_bytes = sizeof(struct batch_norm_attrs),
    .infer = infer,
    .ref = ref,
    .vjp = vjp,
    .plan = plan,
    .flops_per_out = 6,
    .tol = 1e-5f,
};
const struct op op_batch_norm_train_grad = {
    .name = "batch_norm_train_grad",
    .doc = "gradients of batch_norm_train",
    .n_in_min = GRAD_N_IN,
    .n_in_max = GRAD_N_IN,
    .n_out = 3,
    .attrs = attrs,
    .n_attrs = 1,
    .attr_bytes = sizeof(struct batch_norm_attrs),
    .infer = infer_grad,
    .ref = ref_grad,
    .vjp = vjp_grad,
    .plan = plan_grad,
    .flops_per_out = 8,
    .tol = 2e-5f,
};
