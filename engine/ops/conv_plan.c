/* Cutting convolution problems into sub-convolutions and choosing their kernels: what software drivers run fastest was
 * measured on lavapipe; GPUs get implicit GEMM. conv_calls.c fills the kernel calls. */
#include "ops/conv_plan.h"

#include "ops/conv_calls.h"
#include "ops/epilogue.h"

static int32_t gcd(int32_t a, int32_t b)
{
    while (b != 0) {
        int32_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

int32_t conv_sub_count(const struct conv_problem *p, int axis)
{
    int32_t s = p->stride[axis], y = p->y_dim[axis];
    return !p->transposed ? 1 : s < y ? s : y;
}

/* Transposed: outputs i + stride * q use the taps k with (i + pad - k * dilation) divisible by stride, an arithmetic
 * progression; from the last to the first they read x at ascending positions. */
static struct conv_sub_axis residue(const struct conv_problem *p, int axis, int32_t i)
{
    int32_t s = p->stride[axis], d = p->dilation[axis], y = p->y_dim[axis];
    struct conv_sub_axis r = {.q = i < y ? (y - i + s - 1) / s : 0, .stride = 1, .off = i, .out_step = s};
    int32_t by = gcd(d, s), step = s / by, reach = i + p->pad[axis], first = 0;
    while (first < step && (reach - (int64_t)first * d) % s != 0) {
        first++;
    }
    if (first >= step || first >= p->k[axis]) {
        r.dil = 1;
        return r;
    }
    r.taps = (p->k[axis] - first + step - 1) / step;
    r.dil = d / by;
    r.first = first + (r.taps - 1) * step;
    r.step = -step;
    r.start = (reach - first * d) / s - (r.taps - 1) * r.dil;
    return r;
}

struct conv_sub_axis conv_sub_axis(const struct conv_problem *p, int axis, int32_t i)
{
    if (p->transposed) {
        return residue(p, axis, i);
    }
    return (struct conv_sub_axis){
        .q = p->y_dim[axis],
        .taps = p->k[axis],
        .stride = p->stride[axis],
        .dil = p->dilation[axis],
        .start = -p->pad[axis],
        .out_step = 1,
        .step = 1,
    };
}

struct conv_problem conv_problem_forward(const struct conv_geom *g)
{
    uint32_t k = (uint32_t)conv_volume(g->k), c = (uint32_t)g->c, m = (uint32_t)g->m;
    struct conv_problem p = {.n = g->n, .groups = g->groups, .c = g->c, .m = g->m, .x_w = 1, .y_w = 1};
    for (int i = 0; i < 3; i++) {
        p.x_dim[i] = g->big[i];
        p.y_dim[i] = g->small[i];
        p.k[i] = g->k[i];
        p.stride[i] = g->stride[i];
        p.pad[i] = g->pad[i];
        p.dilation[i] = g->dilation[i];
    }
    p.x_c = (uint32_t)conv_volume(p.x_dim);
    p.y_c = (uint32_t)conv_volume(p.y_dim);
    p.x_n = p.x_c * c * (uint32_t)g->groups;
    p.y_n = p.y_c * m * (uint32_t)g->groups;
    p.w_g = m * c * k;
    p.w_m = c * k;
    p.w_c = k;
    return p;
}

/* The same with the roles of x and y, and of the two channel axes of w, exchanged. */
struct conv_problem conv_problem_transposed(const struct conv_geom *g)
{
    struct conv_problem f = conv_problem_forward(g), p = f;
    p.transposed = true;
    p.c = f.m;
    p.m = f.c;
    p.x_n = f.y_n;
    p.x_c = f.y_c;
    p.y_n = f.x_n;
    p.y_c = f.x_c;
    p.w_m = f.w_c;
    p.w_c = f.w_m;
    for (int i = 0; i < 3; i++) {
        p.x_dim[i] = f.y_dim[i];
        p.y_dim[i] = f.x_dim[i];
    }
    return p;
}

int32_t conv_batch(const struct conv_problem *p, const struct device_caps *caps, uint64_t packed_bytes)
{
    uint64_t x = (uint64_t)p->x_n * 4, y = (uint64_t)p->y_n * 4;
    uint64_t most = x > y ? x : y;
    most = most > packed_bytes ? most : packed_bytes;
    uint64_t fit = caps->max_storage_range / most;
    if (fit >= (uint64_t)p->n) {
        return p->n;
    }
    uint64_t align = caps->offset_align > 0 ? caps->offset_align : 1, n = fit;
    while (n > 0 && (n * x % align != 0 || n * y % align != 0)) {
        n--;
    }
    return (int32_t)n;
}

static bool texel_fits(const struct conv_problem *p, const struct device_caps *caps, int32_t batch, uint64_t packed)
{
    uint64_t most = (uint64_t)p->y_n > p->x_n ? p->y_n : p->x_n;
    uint64_t w = (uint64_t)p->groups * (uint64_t)p->m * (uint64_t)p->c * conv_volume(p->k);
    most = most * (uint64_t)batch > packed ? most * (uint64_t)batch : packed;
    return caps->cpu && most <= caps->max_texel_elements && w <= caps->max_texel_elements;
}

/* Kernels that read x as it is take strides, dilations and kernels in 10 bits per axis. */
static bool direct_allows(const struct conv_problem *p)
{
    bool fits = true;
    for (int i = 0; i < 3; i++) {
        fits = fits && p->stride[i] <= 1023 && p->dilation[i] <= 1023 && p->k[i] <= 1023;
    }
    return fits;
}

static enum conv_family family(const struct conv_problem *p, const struct device_caps *caps)
{
    enum conv_family f = caps->cpu ? CONV_FAMILY_BLOCK : CONV_FAMILY_GEMM;
    if (caps->conv_family != 0) {
        f = (enum conv_family)caps->conv_family;
    } else if (p->m < 4 ? p->groups > 1 || !caps->cpu : p->m < 16 && p->groups > 1 && !caps->cpu) {
        f = caps->cpu && p->m == 1 && p->c == 1 && p->groups >= 4 ? CONV_FAMILY_DEPTHWISE : CONV_FAMILY_DIRECT;
    }
    if (f != CONV_FAMILY_BLOCK && !direct_allows(p)) {
        f = CONV_FAMILY_BLOCK;
    }
    return f;
}

/* The part of x that the sub-convolutions read, along one axis: `size` points from `lo`, `step` apart. */
static void axis_box(const struct conv_problem *p, int axis, int32_t *lo, int32_t *size, int32_t *step)
{
    int64_t hi = INT32_MIN;
    *step = 1;
    if (!p->transposed && p->k[axis] == 1) { /* one tap: only the points it visits */
        *lo = -p->pad[axis];
        *step = p->stride[axis];
        *size = p->y_dim[axis];
        return;
    }
    *lo = INT32_MAX;
    for (int32_t i = 0; i < conv_sub_count(p, axis); i++) {
        struct conv_sub_axis s = conv_sub_axis(p, axis, i);
        if (s.q > 0 && s.taps > 0) {
            int64_t end = s.start + (int64_t)(s.q - 1) * s.stride + (int64_t)(s.taps - 1) * s.dil + 1;
            *lo = s.start < *lo ? s.start : *lo;
            hi = end > hi ? end : hi;
        }
    }
    if (hi <= *lo) {
        *lo = 0;
        hi = 1;
    }
    *size = hi - *lo < INT32_MAX ? (int32_t)(hi - *lo) : INT32_MAX;
}

/* Calls fn for every sub-convolution that has points. */
static limn_status each_sub(struct conv_job *job, limn_status (*fn)(struct conv_job *job, const struct conv_sub *s))
{
    const struct conv_problem *p = job->p;
    limn_status st = LIMN_OK;
    for (int32_t d = 0; d < conv_sub_count(p, 0); d++) {
        for (int32_t h = 0; h < conv_sub_count(p, 1); h++) {
            for (int32_t w = 0; w < conv_sub_count(p, 2); w++) {
                struct conv_sub s = {{conv_sub_axis(p, 0, d), conv_sub_axis(p, 1, h), conv_sub_axis(p, 2, w)}};
                if (s.a[0].q > 0 && s.a[1].q > 0 && s.a[2].q > 0) {
                    TRY(fn(job, &s));
                    job->sub++;
                }
            }
        }
    }
out:
    job->sub = 0;
    return st;
}

/* Groups of one channel in and out become one group whose channels are not summed. */
static struct conv_problem as_depthwise(const struct conv_problem *p)
{
    struct conv_problem d = *p;
    d.groups = 1;
    d.c = d.m = p->groups;
    d.w_m = p->w_g;
    return d;
}

/* Whether packed x of one sample can be indexed; padding may be far larger than x. */
static bool box_fits(const struct conv_job *job, const struct conv_problem *p)
{
    return (double)job->dim[0] * job->dim[1] * job->dim[2] * p->groups * ((p->c + 3) / 4) < INT32_MAX;
}

static limn_status check_residues(const struct op_call *c, const struct conv_problem *p, limn_error *err)
{
    const int64_t most = 4096; /* one kernel call each */
    int64_t n = 1;
    for (int i = 0; i < 3 && n <= most; i++) {
        n *= conv_sub_count(p, i);
    }
    return n <= most ? LIMN_OK
                     : err_set(err, LIMN_ERR_UNSUPPORTED, "%s: strides %d, %d, %d, their product may be at most %d",
                               c->op->name, (int)p->stride[0], (int)p->stride[1], (int)p->stride[2], (int)most);
}

/* What family, batch per round and views; false when one sample is too large for the device. */
static bool choose(struct conv_job *job, enum conv_family f, const struct conv_problem *p)
{
    job->family = f;
    job->p = p;
    job->c4 = (p->c + 3) / 4;
    bool packs = f == CONV_FAMILY_BLOCK || f == CONV_FAMILY_DEPTHWISE;
    job->packed = packs ? conv_volume(job->dim) * (uint64_t)p->groups * (uint64_t)job->c4 : 0;
    job->batch = conv_batch(p, job->caps, job->packed * 16);
    job->texel = texel_fits(p, job->caps, job->batch, job->packed * (uint64_t)job->batch);
    return job->batch > 0;
}

limn_status conv_plan_problem(const struct op_call *c, const struct conv_problem *p, const struct device_caps *caps,
                              struct kernel_list *out, limn_error *err)
{
    struct conv_problem depthwise = as_depthwise(p);
    struct conv_job job = {.c = c, .caps = caps, .list = out, .err = err, .w_scratch = (int)out->n_scratch};
    enum conv_family f = family(p, caps);
    limn_status st = LIMN_OK;
    TRY(check_residues(c, p, err));
    for (int i = 0; i < 3; i++) {
        axis_box(p, i, &job.lo[i], &job.dim[i], &job.step[i]);
    }
    bool packs = f == CONV_FAMILY_BLOCK || f == CONV_FAMILY_DEPTHWISE;
    bool fits = !(packs && !box_fits(&job, p)) && choose(&job, f, f == CONV_FAMILY_DEPTHWISE ? &depthwise : p);
    if (!direct_allows(p) && !fits) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "%s: padding, strides or kernel too large", c->op->name);
    }
    if (packs && (!fits || (f == CONV_FAMILY_DEPTHWISE && !job.texel))) { /* depthwise reads texels only */
        fits = choose(&job, CONV_FAMILY_DIRECT, p);
    }
    if (!fits) {
        return err_set(err, LIMN_ERR_UNSUPPORTED,
                       "%s: one sample has %llu and %llu elements, the device binds %llu bytes", c->op->name,
                       (unsigned long long)p->x_n, (unsigned long long)p->y_n,
                       (unsigned long long)caps->max_storage_range);
    }
    TRY(each_sub(&job, conv_call_pack_w));
    if (job.packed > 0) {
        TRY(conv_scratch(&job, job.packed * 16 * (uint64_t)job.batch, false, &job.x_scratch));
    }
    for (job.first = 0; job.first < p->n; job.first += job.batch) {
        job.count = p->n - job.first < job.batch ? p->n - job.first : job.batch;
        if (job.packed > 0) {
            TRY(conv_call_pack_x(&job));
        }
        TRY(each_sub(&job, conv_call_main));
    }
out:
    return st;
}

limn_status conv_plan_node(const struct op_call *c, bool transposed, const struct device_caps *caps,
                           struct kernel_list *out, limn_error *err)
{
    struct conv_geom g;
    limn_status st = conv_geom_of(c, transposed, &g, err);
    if (st != LIMN_OK) {
        return st;
    }
    struct conv_problem p = transposed ? conv_problem_transposed(&g) : conv_problem_forward(&g);
    p.epi = &((const struct conv_attrs *)c->attrs)->epi;
    return conv_plan_problem(c, &p, caps, out, err);
}
