/* Kernel calls of conv_weight_grad: a matrix product over all points of all samples, split so that the device is full.
 */
#include "ops/conv_calls.h"
#include "push/conv.h"
#include "shaders_gen.h"

struct conv_weight_grad_push {
    PUSH_CONV_WEIGHT_GRAD
};
enum { GRAD_TM = 8, GRAD_TN = 2 }; /* as in the shader */
enum {
    FEW_ROWS = 2,
    FEW_COLS = 9
}; /* rows of a group up to which, and columns per workgroup with which, a workgroup
      shares the sum of one row */

static struct conv_weight_grad_push grad_push(const struct conv_geom *g)
{
    struct conv_weight_grad_push push = {
        .points = (uint32_t)g->n * (uint32_t)conv_volume(g->small),
        .m = (uint32_t)g->m,
        .cols = (uint32_t)g->c * (uint32_t)conv_volume(g->k),
        .c = (uint32_t)g->c,
        .x_c = (uint32_t)conv_volume(g->big),
        .x_w = 1,
        .g_c = (uint32_t)conv_volume(g->small),
        .groups = (uint32_t)g->groups,
    };
    push.x_n = push.x_c * push.c * push.groups;
    push.g_n = push.g_c * push.m * push.groups;
    for (int i = 0; i < 3; i++) {
        push.q[i] = (uint32_t)g->small[i];
        push.x_dim[i] = (uint32_t)g->big[i];
        push.start[i] = -g->pad[i];
        push.stride |= (uint32_t)g->stride[i] << 10 * i;
        push.dil |= (uint32_t)g->dilation[i] << 10 * i;
        push.taps |= (uint32_t)g->k[i] << 10 * i;
    }
    return push;
}

static limn_status check_limits(const struct conv_geom *g, limn_error *err)
{
    for (int i = 0; i < 3; i++) {
        if (g->stride[i] > 1023 || g->dilation[i] > 1023 || g->k[i] > 1023) {
            return err_set(err, LIMN_ERR_UNSUPPORTED,
                           "conv_weight_grad: stride %d, dilation %d, kernel %d, at most 1023", (int)g->stride[i],
                           (int)g->dilation[i], (int)g->k[i]);
        }
    }
    return LIMN_OK;
}

struct conv_weight_grad_block_push {
    PUSH_CONV_WEIGHT_GRAD_BLOCK
};

/* A packing job for one of the two tensors: `origin` and `size` of what is packed. */
static struct conv_job pack_job(const struct conv_problem *p, int input, const int32_t lo[3], const int32_t dim[3])
{
    struct conv_job j = {.p = p, .texel = true, .input = input, .c4 = (p->c + 3) / 4, .count = p->n, .batch = p->n};
    for (int i = 0; i < 3; i++) {
        j.lo[i] = lo[i];
        j.dim[i] = dim[i];
        j.step[i] = 1;
    }
    j.packed = conv_volume(dim) * (uint64_t)p->groups * (uint64_t)j.c4;
    return j;
}

static bool job_fits(const struct conv_job *j, const struct device_caps *caps)
{
    uint64_t n = (uint64_t)j->p->n;
    return j->packed * n * 16 <= caps->max_storage_range && j->packed * n <= caps->max_texel_elements &&
           j->p->x_n * n <= caps->max_texel_elements;
}

/* x and g as packing jobs; g with rows of whole `unit`s; their problems in any case. False when they
 * do not fit this device. */
static bool packed_jobs(const struct conv_geom *g, int32_t unit, const struct device_caps *caps,
                        struct conv_problem p[2], struct conv_job j[2])
{
    int32_t lo[3], dim[3], q[3] = {g->small[0], g->small[1], (g->small[2] + unit - 1) / unit * unit};
    double volume = (g->c + 3) / 4 * (double)g->groups; /* padding may be far larger than x */
    for (int i = 0; i < 3; i++) {
        int64_t size = (int64_t)(q[i] - 1) * g->stride[i] + (int64_t)(g->k[i] - 1) * g->dilation[i] + 1;
        lo[i] = -g->pad[i];
        dim[i] = size < INT32_MAX ? (int32_t)size : INT32_MAX;
        volume *= dim[i];
    }
    p[0] = conv_problem_forward(g);
    p[1] = conv_problem_transposed(g);
    j[0] = pack_job(&p[0], 0, lo, dim);
    j[1] = pack_job(&p[1], 1, (const int32_t[]){0, 0, 0}, q);
    return volume < INT32_MAX && job_fits(&j[0], caps) && job_fits(&j[1], caps);
}

static struct conv_weight_grad_block_push block_push(const struct conv_geom *g, const struct conv_job j[2],
                                                     uint32_t unit)
{
    struct conv_weight_grad_block_push push = {
        .m = (uint32_t)g->m,
        .c = (uint32_t)g->c,
        .groups = (uint32_t)g->groups,
        .g_m = (uint32_t)conv_volume(j[1].dim),
        .x_c = (uint32_t)conv_volume(j[0].dim),
    };
    uint32_t stride = 1;
    for (int i = 2; i >= 0; i--) {
        push.taps[i] = (uint32_t)g->k[i];
        push.q[i] = (uint32_t)j[1].dim[i] / (i == 2 ? unit : 1);
        push.x_q[i] = (uint32_t)g->stride[i] * stride;
        push.x_t[i] = (uint32_t)g->dilation[i] * stride;
        stride *= (uint32_t)j[0].dim[i];
    }
    push.g_g = push.g_m * (uint32_t)j[1].c4;
    push.g_n = push.g_g * (uint32_t)j[1].p->groups;
    push.x_g = push.x_c * (uint32_t)j[0].c4;
    push.x_n = push.x_g * (uint32_t)j[0].p->groups;
    push.steps = (uint32_t)g->n * push.q[0] * push.q[1] * push.q[2];
    return push;
}

/* dw summed from partial sums, by conv_reduce.comp: channels are rows, points are columns. */
static limn_status add_up(const struct conv_weight_grad_push *push, const struct op_call *c,
                          const struct device_caps *caps, uint32_t splits, int part, bool texel,
                          struct kernel_list *out, limn_error *err)
{
    static const struct epilogue none = {.act = ACT_NONE};
    struct conv_out o = {
        .points = push->cols, .q = {1, 1, push->cols}, .m = push->m, .y_c = push->cols, .y_q = {0, 0, 1}};
    return conv_call_reduce(out, caps, c, &none, &o, push->m * push->groups, splits, part, texel, 0, 0, err);
}

/* Packed x and g, each in a scratch buffer of its own. */
static limn_status pack_both(const struct op_call *c, const struct device_caps *caps, struct conv_job job[2],
                             struct kernel_list *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (int i = 0; i < 2; i++) {
        job[i].c = c;
        job[i].caps = caps;
        job[i].list = out;
        job[i].err = err;
        TRY(conv_scratch(&job[i], job[i].packed * 16 * (uint64_t)job[i].p->n, false, &job[i].x_scratch));
        TRY(conv_call_pack_x(&job[i]));
    }
out:
    return st;
}

/* x, g, then the scratch of partial sums or (-1) dw. */
static void bind_packed(struct kernel_call *k, const struct conv_job job[2], int part)
{
    conv_bind(k, BIND_SCRATCH, job[0].x_scratch, ACCESS_READ, VIEW_TEXEL_RGBA32F, 0, 0);
    conv_bind(k, BIND_SCRATCH, job[1].x_scratch, ACCESS_READ, VIEW_TEXEL_RGBA32F, 0, 0);
    conv_bind(k, part >= 0 ? BIND_SCRATCH : BIND_OUT, part >= 0 ? part : 0, ACCESS_WRITE, VIEW_STORAGE, 0, 0);
}

static limn_status plan_block(const struct op_call *c, const struct conv_geom *g, const struct device_caps *caps,
                              struct conv_job job[2], struct kernel_list *out, limn_error *err)
{
    struct conv_weight_grad_block_push push = block_push(g, job, 4);
    struct conv_weight_grad_push sum = grad_push(g);
    const uint32_t local = 8;
    uint32_t x = ((push.c + 7) / 8 * (sum.cols / push.c) + local - 1) / local, y = (push.m + 7) / 8 * push.groups;
    uint32_t want = (8 * caps->compute_units + x * y - 1) / (x * y), most = (push.steps + 63) / 64;
    want = want < most ? want : most;
    push.chunk = (push.steps + want - 1) / want;
    uint32_t splits = (push.steps + push.chunk - 1) / push.chunk;
    uint64_t bytes = (uint64_t)push.m * push.groups * sum.cols * 4;
    bool texel = bytes / 4 * splits <= caps->max_texel_elements;
    int part = -1;
    limn_status st = LIMN_OK;
    TRY(pack_both(c, caps, job, out, err));
    if (splits > 1) {
        TRY(conv_scratch(&job[0], bytes * splits, false, &part));
    }
    struct kernel_call *k = kernel_add(out, SHADER_CONV_WEIGHT_GRAD_BLOCK_TEXEL, local, 1, 1);
    if (k == NULL) {
        return err_nomem(err, sizeof(struct kernel_call), "kernel call");
    }
    kernel_push(k, &push, sizeof(push));
    bind_packed(k, job, splits > 1 ? part : -1);
    k->groups[0] = x;
    k->groups[1] = y;
    k->groups[2] = splits;
    k->flops = 2.0 * sum.points * sum.m * sum.groups * sum.cols;
    if (splits > 1) {
        TRY(add_up(&sum, c, caps, splits, part, texel, out, err));
    }
out:
    return st;
}

/* Depthwise: channels are packed as if of one group. */
static bool depthwise_jobs(const struct conv_geom *g, const struct device_caps *caps, struct conv_problem p[2],
                           struct conv_job j[2])
{
    struct conv_geom one = *g;
    one.c = one.m = g->groups;
    one.groups = 1;
    return caps->cpu && g->c == 1 && g->m == 1 && g->groups >= 4 && packed_jobs(&one, 1, caps, p, j);
}

static limn_status plan_depthwise(const struct op_call *c, const struct conv_geom *g, const struct device_caps *caps,
                                  struct conv_job job[2], struct kernel_list *out, limn_error *err)
{
    struct conv_weight_grad_block_push push = block_push(g, job, 1);
    struct conv_weight_grad_push sum = grad_push(g);
    uint32_t x = (uint32_t)job[0].c4, y = (sum.cols + FEW_COLS - 1) / FEW_COLS;
    uint32_t want = (8 * caps->compute_units + x * y - 1) / (x * y), most = (push.steps + 255) / 256;
    want = want < most ? want : most;
    push.chunk = (push.steps + want - 1) / want;
    push.c = (uint32_t)g->groups;
    uint32_t splits = (push.steps + push.chunk - 1) / push.chunk;
    uint64_t elems = (uint64_t)push.c * sum.cols * splits;
    int part = -1;
    limn_status st = LIMN_OK;
    TRY(pack_both(c, caps, job, out, err));
    if (splits > 1) {
        TRY(conv_scratch(&job[0], elems * 4, false, &part));
    }
    struct kernel_call *k = kernel_add(out, SHADER_CONV_WEIGHT_GRAD_DEPTHWISE_TEXEL, 8, 1, 1);
    if (k == NULL) {
        return err_nomem(err, sizeof(struct kernel_call), "kernel call");
    }
    kernel_spec(k, FEW_COLS);
    kernel_push(k, &push, sizeof(push));
    bind_packed(k, job, part);
    k->groups[0] = x;
    k->groups[1] = y;
    k->groups[2] = splits;
    k->flops = 2.0 * sum.points * push.c * sum.cols;
    if (splits > 1) {
        TRY(add_up(&sum, c, caps, splits, part, elems <= caps->max_texel_elements, out, err));
    }
out:
    return st;
}

/* The kernel for every device and shape, in rounds of `batch` samples so that no binding is too large. */
struct rounds {
    const struct op_call *c;
    const struct device_caps *caps;
    struct kernel_list *list;
    limn_error *err;
    struct conv_weight_grad_push push; /* of a whole round */
    int32_t n, batch;
    uint32_t plane;       /* points per sample */
    uint32_t local, x, y; /* workgroups */
    uint32_t splits;      /* of all rounds */
    bool texel, few;
    int part;
};

static uint32_t round_splits(const struct rounds *r, int32_t first)
{
    int32_t count = r->n - first < r->batch ? r->n - first : r->batch;
    return ((uint32_t)count * r->plane + r->push.chunk - 1) / r->push.chunk;
}

static limn_status round_call(struct rounds *r, int32_t first, uint32_t split0)
{
    struct conv_weight_grad_push push = r->push;
    uint64_t count = (uint64_t)(r->n - first < r->batch ? r->n - first : r->batch), at = (uint64_t)first * 4;
    enum bind_view view = r->texel ? VIEW_TEXEL_R32F : VIEW_STORAGE;
    static const uint16_t shaders[] = {SHADER_CONV_WEIGHT_GRAD, SHADER_CONV_WEIGHT_GRAD_TEXEL,
                                       SHADER_CONV_WEIGHT_GRAD_FEW, SHADER_CONV_WEIGHT_GRAD_FEW_TEXEL};
    struct kernel_call *k = kernel_add(r->list, shaders[(r->few ? 2 : 0) + (r->texel ? 1 : 0)], r->local, 1, 1);
    if (k == NULL) {
        return err_nomem(r->err, sizeof(struct kernel_call), "kernel call");
    }
    push.points = (uint32_t)count * r->plane;
    push.split0 = split0;
    kernel_spec(k, FEW_COLS);
    kernel_push(k, &push, sizeof(push));
    conv_bind(k, BIND_IN, 0, ACCESS_READ, view, at * push.x_n, count * push.x_n * 4);
    conv_bind(k, BIND_IN, 1, ACCESS_READ, view, at * push.g_n, count * push.g_n * 4);
    if (r->splits > 1) {
        conv_bind(k, BIND_SCRATCH, r->part, ACCESS_WRITE, VIEW_STORAGE, 0, 0);
    } else {
        conv_bind(k, BIND_OUT, 0, ACCESS_WRITE, VIEW_STORAGE, 0, 0);
    }
    k->groups[0] = r->x;
    k->groups[1] = r->y;
    k->groups[2] = round_splits(r, first);
    k->flops = 2.0 * push.points * push.m * push.groups * push.cols;
    return LIMN_OK;
}

/* Splits for a full device, texel views when all fits into them. */
static void choose(struct rounds *r)
{
    struct conv_weight_grad_push *p = &r->push;
    r->few = p->m <= FEW_ROWS && p->groups > 1 && p->m * p->groups <= r->caps->max_groups[0];
    r->local = r->few && r->caps->cpu ? 8 : r->caps->cpu ? 16 : 64;
    r->x = r->few ? p->m * p->groups : (p->cols + r->local * GRAD_TN - 1) / (r->local * GRAD_TN);
    r->y = r->few ? (p->cols + FEW_COLS - 1) / FEW_COLS : (p->m + GRAD_TM - 1) / GRAD_TM * p->groups;
    p->points = (uint32_t)r->batch * r->plane;
    uint32_t want = (4 * r->caps->compute_units + r->x * r->y - 1) / (r->x * r->y), most = (p->points + 255) / 256;
    want = want < most ? want : most;
    p->chunk = (p->points + want - 1) / want;
    for (int32_t i = 0; i < r->n; i += r->batch) {
        r->splits += round_splits(r, i);
    }
    uint64_t x = (uint64_t)p->x_n * (uint64_t)r->batch, g = (uint64_t)p->g_n * (uint64_t)r->batch;
    uint64_t part = (uint64_t)p->m * p->groups * p->cols * r->splits, limit = r->caps->max_texel_elements;
    r->texel = r->caps->cpu && x <= limit && g <= limit && part <= limit;
}

static limn_status plan_rounds(struct rounds *r)
{
    limn_status st = LIMN_OK;
    uint32_t split0 = 0;
    choose(r);
    uint64_t bytes = (uint64_t)r->push.m * r->push.groups * r->push.cols * r->splits * 4;
    if (r->splits > 1 && (r->part = kernel_scratch(r->list, bytes, false)) < 0) {
        return err_nomem(r->err, sizeof(struct kernel_scratch), "kernel scratch");
    }
    for (int32_t first = 0; first < r->n; first += r->batch) {
        TRY(round_call(r, first, split0));
        split0 += round_splits(r, first);
    }
    if (r->splits > 1) {
        TRY(add_up(&r->push, r->c, r->caps, r->splits, r->part, r->texel, r->list, r->err));
    }
out:
    return st;
}

limn_status conv_plan_weight_grad(const struct op_call *c, const struct conv_geom *g, const struct device_caps *caps,
                                  struct kernel_list *out, limn_error *err)
{
    limn_status st = check_limits(g, err);
    if (st != LIMN_OK) {
        return st;
    }
    struct conv_problem problem[2];
    struct conv_job job[2];
    if (depthwise_jobs(g, caps, problem, job)) {
        return plan_depthwise(c, g, caps, job, out, err);
    }
    if (packed_jobs(g, 4, caps, problem, job) && caps->cpu && g->c >= 3 && g->m >= 4) {
        return plan_block(c, g, caps, job, out, err);
    }
    struct rounds r = {.c = c, .caps = caps, .list = out, .err = err, .push = grad_push(g), .n = g->n, .part = -1};
    r.plane = (uint32_t)conv_volume(g->small);
    r.batch = conv_batch(&problem[0], caps, 0);
    if (r.batch == 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED,
                       "conv_weight_grad: one sample has %llu and %llu elements, the device binds %llu bytes",
                       (unsigned long long)r.push.x_n, (unsigned long long)r.push.g_n,
                       (unsigned long long)caps->max_storage_range);
    }
    return plan_rounds(&r);
}
