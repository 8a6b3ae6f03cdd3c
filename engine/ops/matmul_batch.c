/* Kernel calls of a matmul whose operands both change from batch item to batch item (shaders/matmul_batch.comp). One
 * call as a rule; tensors longer than a binding are walked in windows of batch items. */
#include "ops/conv_calls.h"
#include "ops/elementwise.h"
#include "ops/epilogue.h"
#include "ops/matmul.h"
#include "push/matmul.h"
#include "shaders_gen.h"

struct matmul_batch_push {
    PUSH_MATMUL_BATCH
};
_Static_assert(sizeof(struct matmul_batch_push) <= KERNEL_MAX_PUSH, "push constants");

struct batch_job {
    const struct op_call *c;
    const struct epilogue *epi;
    const struct matmul_size *s;
    const struct device_caps *caps;
    struct kernel_list *list;
    struct strided item[2]; /* batch items of a and b; strides in matrices */
    bool texel;
    limn_error *err;
};

/* The matrices of operand `side` that batch items first .. first + count - 1 use. */
static void matrices_of(const struct batch_job *j, int side, size_t first, size_t count, size_t *lo, size_t *n)
{
    size_t hi = 0;
    *lo = SIZE_MAX;
    for (size_t i = first; i < first + count; i++) {
        size_t at = strided_at(&j->item[side], i);
        *lo = at < *lo ? at : *lo;
        hi = at > hi ? at : hi;
    }
    *n = hi - *lo + 1;
}

static uint32_t bind_operand(struct batch_job *j, struct kernel_call *k, int side, size_t first, size_t count)
{
    size_t lo, n, elems = side ? (size_t)j->s->k * (size_t)j->s->n : (size_t)j->s->m * (size_t)j->s->k;
    matrices_of(j, side, first, count, &lo, &n);
    uint32_t base = bind_read(k, j->caps, BIND_IN, side, j->texel, lo * elems, n * elems);
    return j->texel ? base : base - (uint32_t)(lo * elems);
}

static limn_status batch_call(struct batch_job *j, size_t first, size_t count)
{
    const struct matmul_attrs *t = j->c->attrs;
    const struct matmul_size *s = j->s;
    struct epilogue_push e = epilogue_push(j->epi);
    size_t tiles = (size_t)((s->m + MATMUL_TILE - 1) / MATMUL_TILE) * (size_t)((s->n + MATMUL_TILE - 1) / MATMUL_TILE);
    struct matmul_batch_push p = {
        e.act_lo,
        e.act_hi,
        e.gate_lo,
        e.gate_hi,
        e.positive,
        .count = (uint32_t)(count * tiles),
        .m = (uint32_t)s->m,
        .n = (uint32_t)s->n,
        .k = (uint32_t)s->k,
        .first = (uint32_t)first,
        .a_m = t->trans_a ? 1 : (uint32_t)s->k,
        .a_k = t->trans_a ? (uint32_t)s->m : 1,
        .b_k = t->trans_b ? 1 : (uint32_t)s->n,
        .b_n = t->trans_b ? (uint32_t)s->k : 1,
    };
    for (int i = 0; i < 3; i++) {
        p.dim[i] = (uint32_t)j->item[0].dim[i + 2];
        p.sa[i] = (uint32_t)(j->item[0].stride[i + 2] * s->m * s->k);
        p.sb[i] = (uint32_t)(j->item[1].stride[i + 2] * s->k * s->n);
    }
    uint32_t local = j->caps->cpu ? 16 : 64;
    struct kernel_call *k =
        kernel_add(j->list, j->texel ? SHADER_MATMUL_BATCH_TEXEL : SHADER_MATMUL_BATCH, local, 1, 1);
    if (!k) {
        return err_nomem(j->err, sizeof(*k), "a kernel call");
    }
    uint64_t item = (uint64_t)s->m * (uint64_t)s->n * 4;
    kernel_spec(k, epilogue_spec(j->c, j->epi, CONV_BIAS));
    p.a_base = (int32_t)bind_operand(j, k, 0, first, count);
    p.b_base = (int32_t)bind_operand(j, k, 1, first, count);
    conv_bind_epilogue(k, j->c, j->epi, j->texel, first * item, count * item);
    kernel_push(k, &p, sizeof(p));
    kernel_grid_1d(k, j->caps, p.count, local);
    k->flops = 2.0 * (double)count * s->m * s->n * s->k;
    return LIMN_OK;
}

/* Batch items per call: all, or so many that no binding is longer than the device allows and each begins aligned. */
static size_t items_per_call(const struct batch_job *j, size_t items)
{
    uint64_t mk = (uint64_t)j->s->m * (uint64_t)j->s->k, kn = (uint64_t)j->s->k * (uint64_t)j->s->n;
    uint64_t mn = (uint64_t)j->s->m * (uint64_t)j->s->n, room = j->caps->max_storage_range;
    size_t unit = 1, align = j->caps->offset_align > 16 ? j->caps->offset_align : 16, fit = items;
    if (4 * shape_elems(&j->c->in[0]) <= room && 4 * shape_elems(&j->c->in[1]) <= room && 4 * mn * items <= room) {
        return items;
    }
    while (unit * mn * 4 % align != 0) {
        unit *= 2;
    }
    for (fit = fit / unit * unit; fit > 0; fit = fit / 2 / unit * unit) {
        bool ok = 4 * mn * fit <= room;
        for (size_t first = 0; first < items && ok; first += fit) {
            size_t lo, n, count = items - first < fit ? items - first : fit;
            matrices_of(j, 0, first, count, &lo, &n);
            ok = 4 * n * mk + align <= room;
            matrices_of(j, 1, first, count, &lo, &n);
            ok = ok && 4 * n * kn + align <= room;
        }
        if (ok) {
            break;
        }
    }
    return fit;
}

limn_status matmul_plan_batch(const struct op_call *c, const struct matmul_size *s, const struct device_caps *caps,
                              struct kernel_list *out, limn_error *err)
{
    const struct matmul_attrs *t = c->attrs;
    struct batch_job j = {.c = c, .epi = &t->epi, .s = s, .caps = caps, .list = out, .err = err};
    size_t items = shape_elems(&s->batch), y = shape_elems(&c->out[0]);
    for (int side = 0; side < 2; side++) {
        strided_read(&s->of[side], &s->batch, &j.item[side]);
    }
    size_t fit = items_per_call(&j, items);
    if (fit == 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "matmul: %d x %d by %d x %d per batch item (device binds %llu bytes)",
                       s->m, s->k, s->k, s->n, (unsigned long long)caps->max_storage_range);
    }
    j.texel = caps->cpu && fit == items && y <= caps->max_texel_elements &&
              shape_elems(&c->in[0]) <= caps->max_texel_elements && shape_elems(&c->in[1]) <= caps->max_texel_elements;
    limn_status st = LIMN_OK;
    for (size_t first = 0; first < items && st == LIMN_OK; first += fit) {
        st = batch_call(&j, first, items - first < fit ? items - first : fit);
    }
    return st;
}
