/* Kernel calls of the convolution family. The meaning of the push constants is in shaders/push/conv.h. */
#include "ops/conv_calls.h"

#include <string.h>

#include "ops/epilogue.h"
#include "push/conv.h"
#include "shaders_gen.h"

struct conv_pack_x_push {
    PUSH_CONV_PACK_X
};
struct conv_pack_flat_push {
    PUSH_CONV_PACK_FLAT
};
struct conv_pack_w_push {
    PUSH_CONV_PACK_W
};
struct conv_block_push {
    PUSH_CONV_BLOCK
};
struct conv_gemm_push {
    PUSH_CONV_GEMM
};
struct conv_direct_push {
    PUSH_CONV_DIRECT
};
struct conv_reduce_push {
    PUSH_CONV_REDUCE
};

/* GEMM tiles, the largest first. Shared memory is 64 * (bm + bn) bytes. */
static const struct gemm_tile {
    uint32_t bm, bn, tm, tn;
} tiles[] = {
    {128, 128, 8, 8},
    {64, 64, 8, 4},
    {64, 32, 4, 4},
};
/* For up to 32 channels and many points. */
static const struct gemm_tile flat_tile = {32, 256, 4, 8};

/* Register blocks of conv_block.comp: output channels and points per invocation. */
static const struct block_kernel {
    uint16_t shader;
    uint8_t channels, points;
} block_kernels[] = {
    {SHADER_CONV_BLOCK_STORAGE, 4, 4},
    {SHADER_CONV_BLOCK_TEXEL_NARROW, 4, 7},
    {SHADER_CONV_BLOCK_TEXEL, 8, 7},
};
static const struct block_kernel depthwise_kernel = {SHADER_CONV_DEPTHWISE_TEXEL, 4, 8};
enum { BLOCK_LOCAL = 8 };

static uint32_t ceil_div(uint64_t a, uint64_t b)
{
    return (uint32_t)((a + b - 1) / b);
}

struct kernel_bind *conv_bind(struct kernel_call *k, enum bind_space space, int index, int access, enum bind_view view,
                              uint64_t offset, uint64_t size)
{
    struct kernel_bind *b = kernel_bind(k, space, index, access);
    b->view = (uint8_t)view;
    b->offset = offset;
    b->size = size;
    return b;
}

limn_status conv_scratch(struct conv_job *j, uint64_t bytes, bool persistent, int *index)
{
    int at = kernel_scratch(j->list, bytes > 16 ? bytes : 16, persistent);
    if (at < 0) {
        return err_nomem(j->err, sizeof(struct kernel_scratch), "kernel scratch");
    }
    *index = at;
    return LIMN_OK;
}

static limn_status add_call(struct kernel_list *l, uint16_t shader, uint32_t local, struct kernel_call **out,
                            limn_error *err)
{
    *out = kernel_add(l, shader, local, 1, 1);
    return *out != NULL ? LIMN_OK : err_nomem(err, sizeof(struct kernel_call), "kernel call");
}

/* Local size of kernels that treat elements one by one. */
static uint32_t flat_local(const struct device_caps *caps)
{
    return caps->cpu ? 16 : caps->max_invocations < 256 ? caps->max_invocations : 256;
}

void conv_bind_epilogue(struct kernel_call *k, const struct op_call *c, const struct epilogue *e, bool texel,
                        uint64_t offset, uint64_t size)
{
    enum bind_view view = texel ? VIEW_TEXEL_R32F : VIEW_STORAGE;
    uint32_t has = epilogue_spec(c, e, CONV_BIAS);
    conv_bind(k, BIND_OUT, 0, ACCESS_WRITE, VIEW_STORAGE, offset, size);
    for (int i = 0; i < 3; i++) { /* an absent input is never read: any small piece will do */
        if ((has >> i & 1) == 0) {
            conv_bind(k, BIND_IN, 0, ACCESS_READ, view, 0, 4);
        } else if (i == 0) {
            conv_bind(k, BIND_IN, CONV_BIAS, ACCESS_READ, view, 0, 0);
        } else {
            conv_bind(k, BIND_IN, CONV_BIAS + i, ACCESS_READ, view, offset, size);
        }
    }
}

static const struct block_kernel *block_kernel(const struct conv_job *j)
{
    return &block_kernels[!j->texel ? 0 : j->p->m > 4 ? 2 : 1];
}

static uint32_t volume(const struct conv_sub *s)
{
    return (uint32_t)s->a[0].taps * (uint32_t)s->a[1].taps * (uint32_t)s->a[2].taps;
}

static struct conv_pack_w_push pack_w_push(const struct conv_problem *p, const struct conv_sub *s, uint32_t m_pad)
{
    struct conv_pack_w_push w = {
        .m = (uint32_t)p->m, .m_pad = m_pad, .c = (uint32_t)p->c, .w_g = p->w_g, .w_m = p->w_m, .w_c = p->w_c};
    int32_t stride = 1;
    for (int i = 2; i >= 0; i--) {
        w.taps[i] = (uint32_t)s->a[i].taps;
        w.w_t[i] = s->a[i].step * stride;
        w.base += (uint32_t)(s->a[i].first * stride);
        stride *= p->k[i];
    }
    return w;
}

limn_status conv_call_pack_w(struct conv_job *j, const struct conv_sub *s)
{
    const struct conv_problem *p = j->p;
    bool block = j->family == CONV_FAMILY_BLOCK, depthwise = j->family == CONV_FAMILY_DEPTHWISE;
    uint32_t per = block ? block_kernel(j)->channels : depthwise ? 4 : 1, m_pad = ceil_div((uint64_t)p->m, per) * per;
    struct conv_pack_w_push push = pack_w_push(p, s, m_pad);
    push.c = depthwise ? 1 : push.c;
    uint64_t c = block ? (uint64_t)j->c4 * 4 : push.c;
    uint64_t elems = (uint64_t)p->groups * m_pad * c * volume(s);
    int scratch = -1;
    struct kernel_call *k = NULL;
    limn_status st = LIMN_OK;
    if (elems * 4 > j->caps->max_storage_range || elems > INT32_MAX) {
        return err_set(j->err, LIMN_ERR_UNSUPPORTED, "%s: %llu bytes of weights, the device binds %llu", j->c->op->name,
                       (unsigned long long)elems * 4, (unsigned long long)j->caps->max_storage_range);
    }
    TRY(conv_scratch(j, elems * 4, true, &scratch));
    if (elems == 0) {
        return LIMN_OK; /* no tap reaches these points */
    }
    push.count = (uint32_t)(block ? elems / (4 * per) : elems);
    uint16_t shader = !block ? SHADER_CONV_PACK_W : j->texel ? SHADER_CONV_PACK_W4_TEXEL : SHADER_CONV_PACK_W4;
    TRY(add_call(j->list, shader, flat_local(j->caps), &k, j->err));
    k->prepare = true;
    kernel_spec(k, block ? per / 4 : j->family == CONV_FAMILY_DIRECT);
    kernel_push(k, &push, sizeof(push));
    conv_bind(k, BIND_IN, CONV_W, ACCESS_READ, block && j->texel ? VIEW_TEXEL_R32F : VIEW_STORAGE, 0, 0);
    conv_bind(k, BIND_SCRATCH, scratch, ACCESS_WRITE, VIEW_STORAGE, 0, 0);
    kernel_grid_1d(k, j->caps, push.count, k->spec[0]);
out:
    return st;
}

/* The samples of this round within a tensor of `per_sample` elements each. */
static void round_range(const struct conv_job *j, uint32_t per_sample, uint64_t *offset, uint64_t *size)
{
    *offset = (uint64_t)j->first * per_sample * 4;
    *size = (uint64_t)j->count * per_sample * 4;
}

/* The packed planes are those of x, a multiple of four points each. */
static bool is_flat(const struct conv_job *j)
{
    bool flat = j->texel && j->p->x_w == 1 && conv_volume(j->dim) % 4 == 0;
    for (int i = 0; i < 3; i++) {
        flat = flat && j->lo[i] == 0 && j->step[i] == 1 && j->dim[i] == j->p->x_dim[i];
    }
    return flat;
}

static limn_status call_pack_flat(struct conv_job *j)
{
    const struct conv_problem *p = j->p;
    uint32_t plane4 = (uint32_t)(conv_volume(j->dim) / 4);
    struct conv_pack_flat_push push = {
        .count = (uint32_t)j->count * (uint32_t)p->groups * (uint32_t)j->c4 * plane4,
        .c = (uint32_t)p->c,
        .c4 = (uint32_t)j->c4,
        .plane4 = plane4,
    };
    struct kernel_call *k = NULL;
    uint64_t offset, size;
    limn_status st = LIMN_OK;
    TRY(add_call(j->list, SHADER_CONV_PACK_FLAT_TEXEL, flat_local(j->caps), &k, j->err));
    round_range(j, p->x_n, &offset, &size);
    kernel_push(k, &push, sizeof(push));
    conv_bind(k, BIND_IN, j->input, ACCESS_READ, VIEW_TEXEL_RGBA32F, offset, size);
    conv_bind(k, BIND_SCRATCH, j->x_scratch, ACCESS_WRITE, VIEW_STORAGE, 0, 0);
    kernel_grid_1d(k, j->caps, push.count, k->spec[0]);
out:
    return st;
}

limn_status conv_call_pack_x(struct conv_job *j)
{
    const struct conv_problem *p = j->p;
    if (is_flat(j)) {
        return call_pack_flat(j);
    }
    struct conv_pack_x_push push = {
        .count = (uint32_t)((uint64_t)j->count * (uint64_t)p->groups * (uint64_t)j->c4 * conv_volume(j->dim)),
        .c = (uint32_t)p->c,
        .c4 = (uint32_t)j->c4,
        .groups = (uint32_t)p->groups,
        .x_n = p->x_n,
        .x_c = p->x_c,
        .x_w = p->x_w,
    };
    for (int i = 0; i < 3; i++) {
        push.dim[i] = (uint32_t)j->dim[i];
        push.lo[i] = j->lo[i];
        push.step[i] = j->step[i];
        push.x_dim[i] = (uint32_t)p->x_dim[i];
    }
    struct kernel_call *k = NULL;
    uint64_t offset, size;
    limn_status st = LIMN_OK;
    TRY(add_call(j->list, j->texel ? SHADER_CONV_PACK_X_TEXEL : SHADER_CONV_PACK_X, flat_local(j->caps), &k, j->err));
    round_range(j, p->x_n, &offset, &size);
    kernel_push(k, &push, sizeof(push));
    conv_bind(k, BIND_IN, j->input, ACCESS_READ, j->texel ? VIEW_TEXEL_R32F : VIEW_STORAGE, offset, size);
    conv_bind(k, BIND_SCRATCH, j->x_scratch, ACCESS_WRITE, VIEW_STORAGE, 0, 0);
    kernel_grid_1d(k, j->caps, push.count, k->spec[0]);
out:
    return st;
}

static struct conv_out out_push(const struct conv_job *j, const struct conv_sub *s)
{
    const struct conv_problem *p = j->p;
    struct conv_out o = {.points = (uint32_t)j->count, .m = (uint32_t)p->m, .y_n = p->y_n, .y_c = p->y_c};
    uint32_t stride = p->y_w;
    for (int i = 2; i >= 0; i--) {
        o.q[i] = (uint32_t)s->a[i].q;
        o.points *= o.q[i];
        o.y_q[i] = (uint32_t)s->a[i].out_step * stride;
        o.y_base += (uint32_t)s->a[i].off * stride;
        stride *= (uint32_t)p->y_dim[i];
    }
    return o;
}

/* Output side and epilogue are the first members of every push struct. */
#define FILL_OUT(push, job, sub)                                                                                       \
    do {                                                                                                               \
        struct conv_out fill_out = out_push((job), (sub));                                                             \
        struct epilogue_push fill_epi = epilogue_push((job)->p->epi);                                                  \
        memcpy(&(push), &fill_out, sizeof(fill_out));                                                                  \
        memcpy((char *)&(push) + sizeof(fill_out), &fill_epi, sizeof(fill_epi));                                       \
    } while (0)

#define FILL_IN(push, job, sub)                                                                                        \
    do {                                                                                                               \
        const struct conv_problem *fill_p = (job)->p;                                                                  \
        (push).c = (uint32_t)fill_p->c;                                                                                \
        (push).x_n = fill_p->x_n;                                                                                      \
        (push).x_c = fill_p->x_c;                                                                                      \
        (push).x_w = fill_p->x_w;                                                                                      \
        for (int fill_i = 0; fill_i < 3; fill_i++) {                                                                   \
            const struct conv_sub_axis *fill_a = &(sub)->a[fill_i];                                                    \
            (push).x_dim[fill_i] = (uint32_t)fill_p->x_dim[fill_i];                                                    \
            (push).start[fill_i] = fill_a->start;                                                                      \
            (push).stride |= (uint32_t)fill_a->stride << 10 * fill_i;                                                  \
            (push).dil |= (uint32_t)fill_a->dil << 10 * fill_i;                                                        \
            (push).taps |= (uint32_t)fill_a->taps << 10 * fill_i;                                                      \
        }                                                                                                              \
    } while (0)

static double sub_flops(const struct conv_job *j, const struct conv_sub *s, uint32_t points)
{
    return 2.0 * points * j->p->m * j->p->groups * (j->family == CONV_FAMILY_DEPTHWISE ? 1 : j->p->c) * volume(s);
}

/* conv_block.comp and conv_depthwise.comp. */
static limn_status call_block(struct conv_job *j, const struct conv_sub *s)
{
    const struct conv_problem *p = j->p;
    struct conv_block_push push = {.c4 = (uint32_t)j->c4};
    FILL_OUT(push, j, s);
    uint32_t stride = 1;
    for (int i = 2; i >= 0; i--) {
        push.taps[i] = (uint32_t)s->a[i].taps;
        push.x_t[i] = (uint32_t)s->a[i].dil * stride;
        push.x_q[i] = (uint32_t)(s->a[i].stride / j->step[i]) * stride;
        push.x_base += volume(s) > 0 ? (uint32_t)(s->a[i].start - j->lo[i]) * stride : 0;
        stride *= (uint32_t)j->dim[i];
    }
    push.x_c = stride;
    push.x_g = stride * (uint32_t)j->c4;
    push.x_n = push.x_g * (uint32_t)p->groups;
    const struct block_kernel *b = j->family == CONV_FAMILY_DEPTHWISE ? &depthwise_kernel : block_kernel(j);
    enum bind_view view = j->texel ? VIEW_TEXEL_RGBA32F : VIEW_STORAGE;
    struct kernel_call *k = NULL;
    uint64_t offset, size;
    limn_status st = LIMN_OK;
    TRY(add_call(j->list, b->shader, BLOCK_LOCAL, &k, j->err));
    round_range(j, p->y_n, &offset, &size);
    kernel_spec(k, epilogue_spec(j->c, p->epi, CONV_BIAS));
    kernel_push(k, &push, sizeof(push));
    conv_bind(k, BIND_SCRATCH, j->x_scratch, ACCESS_READ, view, 0, 0);
    conv_bind(k, BIND_SCRATCH, j->w_scratch + j->sub, ACCESS_READ, view, 0, 0);
    conv_bind_epilogue(k, j->c, p->epi, j->texel, offset, size);
    k->groups[0] = ceil_div(push.points, BLOCK_LOCAL * b->points);
    k->groups[1] = ceil_div((uint64_t)p->m, b->channels) * (uint32_t)p->groups;
    k->flops = sub_flops(j, s, push.points);
out:
    return st;
}

static limn_status call_direct(struct conv_job *j, const struct conv_sub *s)
{
    const struct conv_problem *p = j->p;
    struct conv_direct_push push = {.groups = (uint32_t)p->groups};
    FILL_OUT(push, j, s);
    FILL_IN(push, j, s);
    enum bind_view view = j->texel ? VIEW_TEXEL_R32F : VIEW_STORAGE;
    struct kernel_call *k = NULL;
    uint64_t offset, size, y_offset, y_size;
    limn_status st = LIMN_OK;
    TRY(add_call(j->list, j->texel ? SHADER_CONV_DIRECT_TEXEL : SHADER_CONV_DIRECT, flat_local(j->caps), &k, j->err));
    round_range(j, p->x_n, &offset, &size);
    round_range(j, p->y_n, &y_offset, &y_size);
    kernel_spec(k, epilogue_spec(j->c, p->epi, CONV_BIAS));
    kernel_push(k, &push, sizeof(push));
    conv_bind(k, BIND_IN, CONV_X, ACCESS_READ, view, offset, size);
    conv_bind(k, BIND_SCRATCH, j->w_scratch + j->sub, ACCESS_READ, view, 0, 0);
    conv_bind_epilogue(k, j->c, p->epi, j->texel, y_offset, y_size);
    kernel_grid_1d(k, j->caps, (uint64_t)push.points * push.m * push.groups, k->spec[0]);
    k->flops = sub_flops(j, s, push.points);
out:
    return st;
}

static bool tile_fits(const struct gemm_tile *t, const struct device_caps *caps)
{
    uint32_t threads = t->bm / t->tm * (t->bn / t->tn);
    return threads <= caps->max_invocations && threads <= caps->max_size[0] &&
           64 * (t->bm + t->bn) <= caps->shared_bytes;
}

static uint32_t tile_count(const struct gemm_tile *t, const struct conv_out *o, uint32_t groups)
{
    return ceil_div(o->m, t->bm) * ceil_div(o->points, t->bn) * groups;
}

/* The largest tile that still gives every compute unit two workgroups. */
static const struct gemm_tile *choose_tile(const struct device_caps *caps, const struct conv_out *o, uint32_t groups)
{
    size_t n = sizeof(tiles) / sizeof(tiles[0]);
    if (o->m <= 32 && tile_fits(&flat_tile, caps) && tile_count(&flat_tile, o, groups) >= 2 * caps->compute_units) {
        return &flat_tile;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        if (tile_fits(&tiles[i], caps) && tile_count(&tiles[i], o, groups) >= 2 * caps->compute_units) {
            return &tiles[i];
        }
    }
    return &tiles[n - 1];
}

/* Splits of K, so that few tiles fill the device: at least 128 of K each, at most 64 MiB of partial sums. */
static uint32_t choose_splits(const struct device_caps *caps, uint32_t n_tiles, uint32_t k, uint64_t outputs)
{
    uint32_t want = ceil_div(2 * caps->compute_units, n_tiles), most = k / 128;
    uint64_t room = ((uint64_t)64 << 20) / (outputs * 4);
    want = want < most ? want : most;
    want = want < room ? want : (uint32_t)room;
    return want > 1 ? want : 1;
}

static limn_status call_gemm(struct conv_job *j, const struct conv_sub *s)
{
    const struct conv_problem *p = j->p;
    struct conv_gemm_push push = {.m_pad = (uint32_t)p->m};
    FILL_OUT(push, j, s);
    FILL_IN(push, j, s);
    struct conv_out o = out_push(j, s);
    const struct gemm_tile *t = choose_tile(j->caps, &o, (uint32_t)p->groups);
    uint32_t kk = (uint32_t)p->c * volume(s), channels = o.m * (uint32_t)p->groups;
    uint64_t outputs = (uint64_t)channels * o.points;
    push.splits = choose_splits(j->caps, tile_count(t, &o, (uint32_t)p->groups), kk, outputs);
    push.chunk = ceil_div(ceil_div(kk, push.splits), 16) * 16;
    push.splits = push.chunk > 0 ? ceil_div(kk, push.chunk) : 1;
    uint64_t offset, size, y_offset, y_size;
    struct kernel_call *k = NULL;
    int part = -1;
    limn_status st = LIMN_OK;
    if (push.splits > 1) {
        TRY(conv_scratch(j, outputs * push.splits * 4, false, &part));
    }
    TRY(add_call(j->list, SHADER_CONV_GEMM, t->bm / t->tm * (t->bn / t->tn), &k, j->err));
    round_range(j, p->x_n, &offset, &size);
    round_range(j, p->y_n, &y_offset, &y_size);
    kernel_spec(k, push.splits > 1 ? 0 : epilogue_spec(j->c, p->epi, CONV_BIAS));
    kernel_spec(k, t->bm);
    kernel_spec(k, t->bn);
    kernel_spec(k, t->tm);
    kernel_spec(k, t->tn);
    kernel_spec(k, push.splits > 1);
    kernel_push(k, &push, sizeof(push));
    conv_bind(k, BIND_IN, CONV_X, ACCESS_READ, VIEW_STORAGE, offset, size);
    conv_bind(k, BIND_SCRATCH, j->w_scratch + j->sub, ACCESS_READ, VIEW_STORAGE, 0, 0);
    conv_bind_epilogue(k, j->c, p->epi, false, y_offset, y_size);
    if (push.splits > 1) {
        k->bind[2] = (struct kernel_bind){.space = BIND_SCRATCH, .index = (uint16_t)part, .access = ACCESS_WRITE};
        for (int i = 3; i < 6; i++) {
            k->bind[i] = k->bind[0];
        }
    }
    k->groups[0] = ceil_div(o.points, t->bn);
    k->groups[1] = ceil_div(o.m, t->bm);
    k->groups[2] = (uint32_t)p->groups * push.splits;
    k->flops = sub_flops(j, s, o.points);
    if (push.splits > 1) {
        TRY(conv_call_reduce(j->list, j->caps, j->c, p->epi, &o, channels, push.splits, part, false, y_offset, y_size,
                             j->err));
    }
out:
    return st;
}

limn_status conv_call_reduce(struct kernel_list *list, const struct device_caps *caps, const struct op_call *c,
                             const struct epilogue *e, const struct conv_out *o, uint32_t channels, uint32_t splits,
                             int part, bool texel, uint64_t y_offset, uint64_t y_size, limn_error *err)
{
    struct conv_reduce_push push = {.channels = channels, .splits = splits};
    struct epilogue_push epi = epilogue_push(e);
    memcpy(&push, o, sizeof(*o));
    memcpy((char *)&push + sizeof(*o), &epi, sizeof(epi));
    struct kernel_call *k = NULL;
    limn_status st = LIMN_OK;
    TRY(add_call(list, texel ? SHADER_CONV_REDUCE_TEXEL : SHADER_CONV_REDUCE, flat_local(caps), &k, err));
    kernel_spec(k, epilogue_spec(c, e, CONV_BIAS));
    kernel_push(k, &push, sizeof(push));
    for (int i = 0; i < 2; i++) { /* binding 1 is unused */
        conv_bind(k, BIND_SCRATCH, part, ACCESS_READ, texel ? VIEW_TEXEL_R32F : VIEW_STORAGE, 0, 0);
    }
    conv_bind_epilogue(k, c, e, texel, y_offset, y_size);
    kernel_grid_1d(k, caps, (uint64_t)channels * o->points, k->spec[0]);
out:
    return st;
}

limn_status conv_call_main(struct conv_job *j, const struct conv_sub *s)
{
    switch (j->family) {
    case CONV_FAMILY_GEMM:
        return call_gemm(j, s);
    case CONV_FAMILY_DIRECT:
        return call_direct(j, s);
    default:
        return call_block(j, s);
    }
}
