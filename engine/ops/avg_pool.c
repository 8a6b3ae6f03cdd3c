/* avg_pool, adaptive_avg_pool and their adjoints. One pair of kernels serves both: only the window of an output
 * differs. Window rules are PyTorch's: a window of avg_pool counts what lies inside the input, or inside the padded
 * input with count_include_pad; output o of adaptive_avg_pool averages elements floor(o * in / out) .. ceil((o + 1) *
 * in / out) - 1. Whole planes (global pooling) and identities take shorter ways. */
#include "ops/pool.h"

#include <stddef.h>
#include <string.h>

#include "ops/copy.h"
#include "push/pool.h"
#include "shaders_gen.h"

/* Windows of up to this many elements become unrolled loops. */
#define MAX_UNROLL 32

struct window {
    int32_t begin, end, count;
};

static bool is_adaptive(const struct op *op)
{
    return op == &op_adaptive_avg_pool || op == &op_adaptive_avg_pool_grad;
}

/* Window of output o along an axis. */
static struct window window_of(const struct op_call *c, const struct pool_geom *g, int axis, int32_t o)
{
    const struct pool_attrs *a = c->attrs;
    int32_t in = g->in[axis], out = g->out[axis];
    if (is_adaptive(c->op)) {
        int32_t begin, end;
        adaptive_window(in, out, o, &begin, &end);
        return (struct window){begin, end, end - begin};
    }
    int32_t begin = o * a->stride[axis] - a->pad_begin[axis], end = begin + a->size[axis];
    int32_t padded = (end < in + a->pad_end[axis] ? end : in + a->pad_end[axis]) - begin;
    begin = begin < 0 ? 0 : begin;
    end = end < in ? end : in;
    return (struct window){begin, end, a->count_include_pad ? padded : end - begin};
}

/* Walks every (output, input) pair of a window: dst[to] += src[from] / count, where `grad` swaps the roles. */
static void ref_walk(const struct op_call *c, const struct pool_geom *g, const double *src, double *dst, bool grad)
{
    size_t n_in = spatial_elems(g->in), o = 0;
    for (int32_t p = 0; p < g->planes; p++) {
        for (int32_t k = 0; k < (int32_t)spatial_elems(g->out); k++, o++) {
            struct window d = window_of(c, g, 0, k / (g->out[1] * g->out[2]));
            struct window h = window_of(c, g, 1, k / g->out[2] % g->out[1]);
            struct window w = window_of(c, g, 2, k % g->out[2]);
            double count = (double)d.count * h.count * w.count;
            for (int32_t z = d.begin; z < d.end; z++) {
                for (int32_t y = h.begin; y < h.end; y++) {
                    for (int32_t x = w.begin; x < w.end; x++) {
                        size_t i = (size_t)p * n_in + (size_t)((z * g->in[1] + y) * g->in[2] + x);
                        dst[grad ? i : o] += src[grad ? o : i] / count;
                    }
                }
            }
        }
    }
}

static void ref_avg(const struct op_call *c, const double *const *in, double *const *out)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    memset(out[0], 0, shape_elems(&c->out[0]) * sizeof(double));
    ref_walk(c, &g, in[0], out[0], false);
}

static void ref_avg_grad(const struct op_call *c, const double *const *in, double *const *out)
{
    struct pool_geom g = pool_geom_of(&c->out[0], &c->in[0]);
    memset(out[0], 0, shape_elems(&c->out[0]) * sizeof(double));
    ref_walk(c, &g, in[0], out[0], true);
}

/* --- infer --- */

static limn_status check_dilation(const struct op_call *c, limn_error *err)
{
    const struct pool_attrs *a = c->attrs;
    if (a->dilation[0] != 1 || a->dilation[1] != 1 || a->dilation[2] != 1) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: dilation %d,%d,%d (expected 1)", c->op->name, a->dilation[0],
                       a->dilation[1], a->dilation[2]);
    }
    return LIMN_OK;
}

static limn_status infer_avg_pool(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st;
    int32_t in[3], size[3];
    TRY(spatial_check(c, 0, err));
    TRY(check_dilation(c, err));
    spatial_get(&c->in[0], in);
    TRY(pool_out_size(c, in, c->in[0].rank, size, err));
    out[0] = spatial_set(&c->in[0], size);
out:
    return st;
}

static limn_status infer_avg_pool_grad(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st;
    const struct pool_attrs *a = c->attrs;
    int32_t want[3];
    TRY(spatial_check(c, 0, err));
    TRY(check_dilation(c, err));
    TRY(pool_out_size(c, a->in_size, c->in[0].rank, want, err));
    TRY(spatial_expect(c, 0, want, err));
    out[0] = spatial_set(&c->in[0], a->in_size);
out:
    return st;
}

static limn_status infer_adaptive(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st;
    const struct adaptive_attrs *a = c->attrs;
    int32_t in[3];
    TRY(spatial_check(c, 0, err));
    spatial_get(&c->in[0], in);
    TRY(adaptive_check(c, in, a->size, err));
    out[0] = spatial_set(&c->in[0], a->size);
out:
    return st;
}

static limn_status infer_adaptive_grad(const struct op_call *c, struct shape *out, limn_error *err)
{
    limn_status st;
    const struct adaptive_attrs *a = c->attrs;
    TRY(spatial_check(c, 0, err));
    TRY(adaptive_check(c, a->in_size, a->size, err));
    TRY(spatial_expect(c, 0, a->size, err));
    out[0] = spatial_set(&c->in[0], a->in_size);
out:
    return st;
}

/* --- vjp --- */

static void vjp_avg_pool(struct vjp *v)
{
    struct pool_attrs a = *(const struct pool_attrs *)v->call->attrs;
    spatial_get(&v->call->in[0], a.in_size);
    vjp_adjoint(v, &op_avg_pool_grad, &a);
}

static void vjp_avg_pool_grad(struct vjp *v)
{
    vjp_adjoint(v, &op_avg_pool, v->call->attrs);
}

static void vjp_adaptive(struct vjp *v)
{
    struct adaptive_attrs a = *(const struct adaptive_attrs *)v->call->attrs;
    spatial_get(&v->call->in[0], a.in_size);
    vjp_adjoint(v, &op_adaptive_avg_pool_grad, &a);
}

static void vjp_adaptive_grad(struct vjp *v)
{
    vjp_adjoint(v, &op_adaptive_avg_pool, v->call->attrs);
}

/* --- plan --- */

static limn_status plan_windows(const struct op_call *c, const struct device_caps *caps, const struct pool_geom *g,
                                const struct pool_attrs *a, bool grad, struct kernel_list *out, limn_error *err)
{
    bool texel = pool_texel(caps, shape_elems(&c->in[0]));
    size_t n = shape_elems(&c->out[0]);
    uint16_t shader = grad ? (texel ? SHADER_AVG_POOL_GRAD_TEXEL : SHADER_AVG_POOL_GRAD)
                           : (texel ? SHADER_AVG_POOL_TEXEL : SHADER_AVG_POOL);
    uint32_t mode = !a ? POOL_AVG_ADAPTIVE : a->count_include_pad ? POOL_AVG_PADDED : POOL_AVG_VALID;
    struct kernel_call *k = pool_call(out, shader, g, a, grad);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    int32_t taps[3] = {0, 0, 0}; /* elements that one result sums; constants where few */
    k->flops = (double)n;
    for (int i = 0; i < 3; i++) {
        taps[i] = !a ? g->in[i] / g->out[i] + 1 : grad ? pool_covers(a, g, i) : a->size[i];
        k->flops *= taps[i];
    }
    kernel_spec(k, mode);
    bool few = a && (int64_t)taps[0] * taps[1] * taps[2] <= MAX_UNROLL;
    for (int i = 0; i < 3; i++) {
        kernel_spec(k, few ? (uint32_t)taps[i] : 0);
    }
    pool_bind_in(k, 0, texel);
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    size_t from = spatial_elems(grad ? g->out : g->in), to = spatial_elems(grad ? g->in : g->out);
    return plane_windows(c, caps, g->planes, &(struct plane_work){to, {from, to}, POOL_LOCAL}, out, err);
}

/* Global pooling: a plane is one row. On a GPU a workgroup shares it; a CPU driver walks it in one invocation. */
static limn_status plan_global(const struct op_call *c, const struct device_caps *caps, const struct pool_geom *g,
                               struct kernel_list *out, limn_error *err)
{
    int32_t elems = (int32_t)spatial_elems(g->in);
    struct pool_geom row = {.planes = g->planes, .in = {1, 1, elems}, .out = {1, 1, 1}};
    struct pool_attrs whole = {.size = {1, 1, elems}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    if (caps->cpu || elems < 32) {
        return plan_windows(c, caps, &row, &whole, false, out, err);
    }
    struct kernel_call *k = pool_call(out, SHADER_PLANE_MEAN, &row, &whole, false);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    pool_bind_in(k, 0, false);
    kernel_bind(k, BIND_OUT, 0, ACCESS_WRITE);
    k->flops = (double)elems * g->planes;
    return plane_windows(c, caps, g->planes, &(struct plane_work){1, {(size_t)elems, 1}, 1}, out, err);
}

/* y = scale * x spread over rows of `run` elements: the adjoint of global pooling; run 1 is a copy. */
static limn_status plan_spread(const struct op_call *c, const struct device_caps *caps, int32_t rows, int32_t run,
                               float scale, struct kernel_list *out, limn_error *err)
{
    (void)c;
    struct copy_region r = {.rank = 2, .dim = {rows, run}, .sx = {1, 0}, .sy = {run, 1}, .scale = scale};
    return copy_plan(&r, 0, caps, out, err);
}

static bool same_size(const struct pool_geom *g)
{
    return memcmp(g->in, g->out, sizeof(g->in)) == 0;
}

static limn_status plan_adaptive(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                 limn_error *err)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    if (same_size(&g)) {
        return plan_spread(c, caps, (int32_t)shape_elems(&c->in[0]), 1, 1, out, err);
    }
    if (spatial_elems(g.out) == 1) {
        return plan_global(c, caps, &g, out, err);
    }
    return plan_windows(c, caps, &g, NULL, false, out, err);
}

static limn_status plan_adaptive_grad(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                      limn_error *err)
{
    struct pool_geom g = pool_geom_of(&c->out[0], &c->in[0]);
    if (same_size(&g)) {
        return plan_spread(c, caps, (int32_t)shape_elems(&c->in[0]), 1, 1, out, err);
    }
    if (spatial_elems(g.out) == 1) {
        int32_t run = (int32_t)spatial_elems(g.in);
        return plan_spread(c, caps, g.planes, run, 1.0f / (float)run, out, err);
    }
    return plan_windows(c, caps, &g, NULL, true, out, err);
}

/* True for one window that is exactly the plane, as models that pool globally with avg_pool have it. */
static bool is_global(const struct pool_geom *g, const struct pool_attrs *a)
{
    static const int32_t none[3] = {0, 0, 0};
    return spatial_elems(g->out) == 1 && memcmp(a->size, g->in, sizeof(g->in)) == 0 &&
           memcmp(a->pad_begin, none, sizeof(none)) == 0 && memcmp(a->pad_end, none, sizeof(none)) == 0;
}

static limn_status plan_avg_pool(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                 limn_error *err)
{
    struct pool_geom g = pool_geom_of(&c->in[0], &c->out[0]);
    return is_global(&g, c->attrs) ? plan_global(c, caps, &g, out, err)
                                   : plan_windows(c, caps, &g, c->attrs, false, out, err);
}

static limn_status plan_avg_pool_grad(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                                      limn_error *err)
{
    struct pool_geom g = pool_geom_of(&c->out[0], &c->in[0]);
    if (is_global(&g, c->attrs)) {
        int32_t run = (int32_t)spatial_elems(g.in);
        return plan_spread(c, caps, g.planes, run, 1.0f / (float)run, out, err);
    }
    return plan_windows(c, caps, &g, c->attrs, true, out, err);
}

#define POOLING(type, desc, n)                                                                                         \
    .n_in_min = 1, .n_in_max = 1, .n_out = 1, .attrs = desc, .n_attrs = n, .attr_bytes = sizeof(struct type),          \
    .tol = 1e-5f
#define WINDOWS POOLING(pool_attrs, pool_attr_desc, POOL_N_ATTRS)
#define ADAPTIVE POOLING(adaptive_attrs, adaptive_attr_desc, ADAPTIVE_N_ATTRS)

/* Tolerances: sums of a window in another order than the reference; global pooling sums up to some ten thousand
 * elements one after the other, which errs by about sqrt(n) * 2^-24 of the terms' size, here below 1e-5. */
const struct op op_avg_pool = {.name = "avg_pool",
                               .doc = "y[o] = mean of the window of o",
                               WINDOWS,
                               .infer = infer_avg_pool,
                               .ref = ref_avg,
                               .vjp = vjp_avg_pool,
                               .plan = plan_avg_pool};
const struct op op_avg_pool_grad = {.name = "avg_pool_grad",
                                    .doc = "y[p] = sum of g[o] / count(o) over the windows o that hold p",
                                    WINDOWS,
                                    .infer = infer_avg_pool_grad,
                                    .ref = ref_avg_grad,
                                    .vjp = vjp_avg_pool_grad,
                                    .plan = plan_avg_pool_grad};
const struct op op_adaptive_avg_pool = {.name = "adaptive_avg_pool",
                                        .doc = "y[o] = mean of x over floor(o*in/out) .. ceil((o+1)*in/out)-1",
                                        ADAPTIVE,
                                        .infer = infer_adaptive,
                                        .ref = ref_avg,
                                        .vjp = vjp_adaptive,
                                        .plan = plan_adaptive};
const struct op op_adaptive_avg_pool_grad = {.name = "adaptive_avg_pool_grad",
                                             .doc = "the adjoint of adaptive_avg_pool",
                                             ADAPTIVE,
                                             .infer = infer_adaptive_grad,
                                             .ref = ref_avg_grad,
                                             .vjp = vjp_adaptive_grad,
                                             .plan = plan_adaptive_grad};
