/* Kernel calls of matmul. Many rows: the convolution kernels. Up to four rows, or a matrix larger than one binding may
 * span (a VGG classifier has 411 MB): matrix-vector kernels that read the matrix once, in windows. */
#include "ops/conv_calls.h"
#include "ops/epilogue.h"
#include "push/conv.h"
#include "shaders_gen.h"

struct matvec_rows_push {
    PUSH_MATVEC_ROWS
};
struct matvec_cols_push {
    PUSH_MATVEC_COLS
};
enum { MATVEC_BATCH = 4, MATVEC_ROWS = 4, MATVEC_COLS = 8 }; /* as in the shaders */

struct matvec {
    const struct op_call *c;
    const struct conv_problem *p;
    const struct device_caps *caps;
    struct kernel_list *list;
    limn_error *err;
    bool texel, scalar;
    uint32_t rows, k, n;    /* of a; summed; columns of y */
    uint32_t batch0, batch; /* rows of a treated now */
    uint32_t window;        /* rows of the stored matrix per binding */
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static limn_status add_call(struct matvec *v, uint16_t shader, uint32_t local, struct kernel_call **out)
{
    *out = kernel_add(v->list, shader, local, 1, 1);
    return *out != NULL ? LIMN_OK : err_nomem(v->err, sizeof(struct kernel_call), "kernel call");
}

/* Rows of `row_bytes` that one binding holds, so that every window starts aligned; 0: impossible. */
static uint32_t window_rows(const struct device_caps *caps, uint64_t row_bytes, uint32_t rows, bool texel,
                            uint32_t element)
{
    uint64_t range = caps->max_storage_range, align = caps->offset_align > 0 ? caps->offset_align : 1;
    if (texel && caps->max_texel_elements < range / element) {
        range = caps->max_texel_elements * element;
    }
    uint64_t fit = range / row_bytes, unit = align;
    if (fit >= rows) {
        return rows;
    }
    while (unit > 1 && unit / 2 * row_bytes % align == 0) {
        unit /= 2;
    }
    return (uint32_t)(fit / unit * unit);
}

static limn_status rows_call(struct matvec *v, uint32_t first)
{
    static const uint16_t shaders[] = {SHADER_MATVEC_ROWS, SHADER_MATVEC_ROWS_TEXEL, SHADER_MATVEC_ROWS_SCALAR,
                                       SHADER_MATVEC_ROWS_SCALAR_TEXEL};
    uint32_t unit = v->scalar ? 1 : 4, rows = min_u32(v->window, v->n - first);
    enum bind_view view = !v->texel ? VIEW_STORAGE : v->scalar ? VIEW_TEXEL_R32F : VIEW_TEXEL_RGBA32F;
    uint64_t row_bytes = (uint64_t)v->k * 4;
    struct epilogue_push e = epilogue_push(v->p->epi);
    struct matvec_rows_push push = {
        e.act_lo,
        e.act_hi,
        e.gate_lo,
        e.gate_hi,
        e.positive,
        .k = v->k / unit,
        .rows = rows,
        .first = first,
        .n = v->n,
        .a_base = v->batch0 * v->p->x_w / unit,
        .a_i = v->p->x_w / unit,
        .a_k = v->p->x_c,
        .batch0 = v->batch0,
    };
    struct kernel_call *k = NULL;
    limn_status st = LIMN_OK;
    TRY(add_call(v, shaders[(v->scalar ? 2 : 0) + (v->texel ? 1 : 0)], v->caps->cpu ? 8 : 64, &k));
    kernel_spec(k, epilogue_spec(v->c, v->p->epi, CONV_BIAS));
    kernel_spec(k, v->batch);
    kernel_push(k, &push, sizeof(push));
    conv_bind(k, BIND_IN, 0, ACCESS_READ, view, 0, 0);
    conv_bind(k, BIND_IN, 1, ACCESS_READ, view, first * row_bytes, rows * row_bytes);
    conv_bind_epilogue(k, v->c, v->p->epi, v->texel, 0, 0);
    kernel_grid_1d(k, v->caps, rows, MATVEC_ROWS);
    k->flops = 2.0 * rows * v->k * v->batch;
out:
    return st;
}

/* One window of k; appends `splits` partial sums. */
static limn_status cols_call(struct matvec *v, uint32_t first, uint32_t chunk, uint32_t split0, int part)
{
    static const uint16_t shaders[] = {SHADER_MATVEC_COLS, SHADER_MATVEC_COLS_TEXEL, SHADER_MATVEC_COLS_SCALAR,
                                       SHADER_MATVEC_COLS_SCALAR_TEXEL};
    uint32_t rows = min_u32(v->window, v->k - first), local = v->caps->cpu ? 8 : 64;
    bool scalar = v->n % 4 != 0;
    enum bind_view one = v->texel ? VIEW_TEXEL_R32F : VIEW_STORAGE;
    enum bind_view many = v->texel && !scalar ? VIEW_TEXEL_RGBA32F : one;
    uint64_t row_bytes = (uint64_t)v->n * 4;
    struct matvec_cols_push push = {
        .k = rows,
        .chunk = chunk,
        .n = v->n,
        .batch = v->batch,
        .a_base = v->batch0 * v->p->x_w + first * v->p->x_c,
        .a_i = v->p->x_w,
        .a_k = v->p->x_c,
        .split0 = split0,
    };
    struct kernel_call *k = NULL;
    limn_status st = LIMN_OK;
    TRY(add_call(v, shaders[(scalar ? 2 : 0) + (v->texel ? 1 : 0)], local, &k));
    kernel_spec(k, v->batch);
    kernel_push(k, &push, sizeof(push));
    conv_bind(k, BIND_IN, 0, ACCESS_READ, one, 0, 0);
    conv_bind(k, BIND_IN, 1, ACCESS_READ, many, first * row_bytes, rows * row_bytes);
    conv_bind(k, BIND_SCRATCH, part, ACCESS_WRITE, VIEW_STORAGE, 0, 0);
    k->groups[0] = (v->n / (scalar ? 1 : 4) + local * MATVEC_COLS - 1) / (local * MATVEC_COLS);
    k->groups[1] = (rows + chunk - 1) / chunk;
    k->flops = 2.0 * rows * v->n * v->batch;
out:
    return st;
}

/* k in windows and chunks, then the sum of all of them. */
static limn_status plan_cols(struct matvec *v)
{
    uint32_t groups = (v->n / 32 + 63) / 64 + 1,
             want = v->caps->cpu ? 1 : (4 * v->caps->compute_units + groups - 1) / groups;
    uint32_t chunk = (v->k + want - 1) / want, splits = 0;
    chunk = chunk > 64 ? chunk : 64;
    for (uint32_t k = 0; k < v->k; k += v->window) {
        splits += (min_u32(v->window, v->k - k) + chunk - 1) / chunk;
    }
    limn_status st = LIMN_OK;
    int part = kernel_scratch(v->list, (uint64_t)splits * v->n * v->batch * 4, false);
    if (part < 0) {
        return err_nomem(v->err, sizeof(struct kernel_scratch), "kernel scratch");
    }
    uint32_t at = 0;
    for (uint32_t k = 0; k < v->k; k += v->window) {
        TRY(cols_call(v, k, chunk, at, part));
        at += (min_u32(v->window, v->k - k) + chunk - 1) / chunk;
    }
    struct conv_out o = {.points = v->batch,
                         .q = {1, 1, v->batch},
                         .m = v->n,
                         .y_c = 1,
                         .y_q = {0, 0, v->n},
                         .y_base = v->batch0 * v->n};
    TRY(conv_call_reduce(v->list, v->caps, v->c, v->p->epi, &o, v->n, splits, part, v->texel, 0, 0, v->err));
out:
    return st;
}

limn_status matmul_plan_problem(const struct op_call *c, const struct conv_problem *p, const struct device_caps *caps,
                                struct kernel_list *out, limn_error *err)
{
    bool by_rows = p->w_c == 1; /* each column of b lies together: a Linear's weight */
    struct matvec v = {.c = c,
                       .p = p,
                       .caps = caps,
                       .list = out,
                       .err = err,
                       .rows = (uint32_t)p->x_dim[2],
                       .k = (uint32_t)p->c,
                       .n = (uint32_t)p->m};
    uint64_t a = p->x_n, b = (uint64_t)v.k * v.n, stored = by_rows ? v.n : v.k, row_bytes = b / stored * 4;
    if (v.rows > MATVEC_BATCH && b * 4 <= caps->max_storage_range) {
        return conv_plan_problem(c, p, caps, out, err);
    }
    v.scalar = v.k % 4 != 0 || (p->x_c != 1 && v.rows > 1);
    v.texel = caps->cpu && a <= caps->max_texel_elements && p->y_n <= caps->max_texel_elements &&
              row_bytes / 4 <= caps->max_texel_elements / 256;
    v.window = window_rows(caps, row_bytes, (uint32_t)stored, v.texel,
                           by_rows        ? (v.scalar ? 4 : 16)
                           : v.n % 4 != 0 ? 4
                                          : 16);
    if (v.window == 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "matmul: rows of %llu bytes, the device binds %llu",
                       (unsigned long long)row_bytes, (unsigned long long)caps->max_storage_range);
    }
    limn_status st = LIMN_OK;
    for (v.batch0 = 0; v.batch0 < v.rows; v.batch0 += MATVEC_BATCH) {
        v.batch = min_u32(MATVEC_BATCH, v.rows - v.batch0);
        for (uint32_t j = 0; by_rows && j < v.n; j += v.window) {
            TRY(rows_call(&v, j));
        }
        if (!by_rows) {
            TRY(plan_cols(&v));
        }
    }
out:
    return st;
}
