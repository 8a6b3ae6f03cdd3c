/* Kernel plans of the elementwise operators. Tensors of one shape are walked four elements at a time, in windows of at
 * most caps->max_storage_range bytes (lavapipe binds 128 MiB, an activation of a large batch is longer); broadcasting
 * goes through a strided kernel with one element per invocation, after merging the dimensions that can be walked as
 * one. */
#include "ops/elementwise.h"

#include <string.h>

#include "push/binary.h"
#include "push/unary.h"
#include "push/where.h"
#include "shaders_gen.h"

struct push_unary {
    PUSH_UNARY
};
struct push_binary {
    PUSH_BINARY
};
struct push_binary_strided {
    PUSH_BINARY_STRIDED
};
struct push_where {
    PUSH_WHERE
};
_Static_assert(sizeof(struct push_binary_strided) <= KERNEL_MAX_PUSH, "push constants");
_Static_assert(sizeof(struct push_where) <= KERNEL_MAX_PUSH, "push constants");

limn_status infer_same(const struct op_call *c, struct shape *out, limn_error *err)
{
    (void)err;
    out[0] = c->in[0];
    return LIMN_OK;
}

limn_status infer_broadcast(const struct op_call *c, struct shape *out, limn_error *err)
{
    struct shape y = c->in[0];
    limn_status st = LIMN_OK;
    for (int i = 1; i < c->n_in && st == LIMN_OK; i++) {
        struct shape x = y;
        st = shape_broadcast(&x, &c->in[i], &y, err);
    }
    if (st == LIMN_OK) {
        out[0] = y;
    }
    return st;
}

void strided_read(const struct shape *from, const struct shape *to, struct strided *out)
{
    int32_t stride[SHAPE_MAX_RANK];
    shape_strides(from, stride);
    for (int k = 0; k < SHAPE_MAX_RANK; k++) {
        int at_to = to->rank - SHAPE_MAX_RANK + k, at_from = from->rank - SHAPE_MAX_RANK + k;
        out->dim[k] = at_to < 0 ? 1 : to->dim[at_to];
        out->stride[k] = at_from < 0 || from->dim[at_from] == 1 ? 0 : stride[at_from];
    }
}

size_t strided_at(const struct strided *s, size_t i)
{
    size_t at = 0;
    for (int k = SHAPE_MAX_RANK - 1; k >= 0; k--) {
        at += i % (size_t)s->dim[k] * (size_t)s->stride[k];
        i /= (size_t)s->dim[k];
    }
    return at;
}

uint32_t local_1d(const struct device_caps *caps)
{
    return caps->max_invocations < 256 ? caps->max_invocations : 256;
}

static size_t align_elems(const struct device_caps *caps)
{
    return caps->offset_align < 16 ? 4 : caps->offset_align / 4;
}

size_t window_rows(const struct op_call *c, const struct device_caps *caps, size_t rows, size_t row, limn_error *err)
{
    size_t room = (size_t)(caps->max_storage_range / 4),
           n = row * rows <= room ? rows : (room - align_elems(caps)) / row;
    if (n == 0) {
        err_set(err, LIMN_ERR_UNSUPPORTED, "%s: a piece of %zu numbers is larger than the device can bind (%zu)",
                c->op->name, row, room);
    }
    return n < rows ? n : rows;
}

uint32_t bind_slice(struct kernel_call *k, const struct device_caps *caps, enum bind_space space, int index, int access,
                    size_t begin, size_t n)
{
    size_t before = begin % align_elems(caps);
    struct kernel_bind *b = kernel_bind(k, space, index, access);
    b->offset = 4 * (uint64_t)(begin - before);
    b->size = 4 * (uint64_t)(n + before);
    return (uint32_t)before;
}

uint32_t bind_read(struct kernel_call *k, const struct device_caps *caps, enum bind_space space, int index, bool texel,
                   size_t begin, size_t n)
{
    if (texel) {
        kernel_bind(k, space, index, ACCESS_READ)->view = VIEW_TEXEL_R32F;
        return 0;
    }
    return bind_slice(k, caps, space, index, ACCESS_READ, begin, n);
}

/* Elements per window: whole vec4s whose byte offsets are aligned. */
static size_t window_elems(const struct device_caps *caps)
{
    return (size_t)(caps->max_storage_range / 4) / align_elems(caps) * align_elems(caps);
}

/* Binds elements [at, at + n) of a buffer twice: as vec4 (the whole ones) and as floats. */
static void bind_window(struct kernel_call *k, enum bind_space space, int index, int access, size_t at, size_t n)
{
    for (int view = 0; view < 2; view++) {
        struct kernel_bind *b = kernel_bind(k, space, index, access);
        b->offset = 4 * (uint64_t)at;
        b->size = 4 * (uint64_t)n;
    }
}

limn_status plan_unary(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, uint32_t fn,
                       float a, float b, limn_error *err)
{
    size_t total = shape_elems(&c->out[0]), window = window_elems(caps);
    for (size_t at = 0; at < total; at += window) {
        size_t n = total - at < window ? total - at : window;
        struct push_unary push = {(uint32_t)n, a, b};
        struct kernel_call *k = kernel_add(l, SHADER_UNARY, local_1d(caps), 1, 1);
        if (!k) {
            return err_nomem(err, sizeof(*k), "a kernel call");
        }
        kernel_spec(k, fn);
        kernel_push(k, &push, sizeof(push));
        bind_window(k, BIND_IN, 0, ACCESS_READ, at, n);
        bind_window(k, BIND_OUT, 0, ACCESS_WRITE, at, n);
        kernel_grid_1d(k, caps, n, 4 * local_1d(caps));
        k->flops = (double)n * (c->op->flops_per_out > 0 ? c->op->flops_per_out : 1);
    }
    return LIMN_OK;
}

static limn_status plan_same(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                             uint32_t fn, const float limits[3], limn_error *err)
{
    size_t total = shape_elems(&c->out[0]), window = window_elems(caps);
    int second = fn == BINARY_GATE_DECONV || fn == BINARY_FIRST ? 0 : 1;
    for (size_t at = 0; at < total; at += window) {
        size_t n = total - at < window ? total - at : window;
        struct push_binary push = {.n = (uint32_t)n};
        struct kernel_call *k = kernel_add(l, SHADER_BINARY, local_1d(caps), 1, 1);
        if (!k) {
            return err_nomem(err, sizeof(*k), "a kernel call");
        }
        if (limits) {
            push.lo = limits[0];
            push.hi = limits[1];
            push.slope = limits[2];
        }
        kernel_spec(k, fn);
        kernel_push(k, &push, sizeof(push));
        bind_window(k, BIND_IN, 0, ACCESS_READ, at, n);
        bind_window(k, BIND_IN, second, ACCESS_READ, at, n);
        bind_window(k, BIND_OUT, 0, ACCESS_WRITE, at, n);
        kernel_grid_1d(k, caps, n, 4 * local_1d(caps));
        k->flops = (double)n;
    }
    return LIMN_OK;
}

enum { MAX_OPERANDS = 3 };

/* A result walked with operands that are broadcast to it. */
struct broadcast {
    int n;                   /* operands */
    int input[MAX_OPERANDS]; /* which input each is */
    struct strided s[MAX_OPERANDS];
    uint32_t at;    /* first dimension in use */
    size_t row_out; /* output elements per row of that dimension */
};

/* Whether the operands walk dimension k and the one at `at`, inside it, as if they were one. */
static bool mergeable(const struct broadcast *w, int k, int at)
{
    bool even = at < SHAPE_MAX_RANK;
    for (int i = 0; i < w->n && even; i++) {
        even = w->s[i].stride[k] == w->s[i].stride[at] * w->s[i].dim[at];
    }
    return even;
}

/* Drops dimensions of size 1 and merges neighbours that all operands walk evenly, right-aligned in place. */
static void merge_dims(struct broadcast *w)
{
    int at = SHAPE_MAX_RANK; /* first dimension in use, growing to the front */
    for (int k = SHAPE_MAX_RANK - 1; k >= 0; k--) {
        int32_t dim = w->s[0].dim[k];
        if (dim == 1) {
            continue;
        }
        bool merge = mergeable(w, k, at);
        at -= merge ? 0 : 1;
        for (int i = 0; i < w->n; i++) {
            w->s[i].dim[at] = merge ? w->s[i].dim[at] * dim : dim;
            w->s[i].stride[at] = merge ? w->s[i].stride[at] : w->s[i].stride[k];
        }
    }
    w->at = (uint32_t)(at == SHAPE_MAX_RANK ? at - 1 : at); /* a single element: the last row has dim 1 */
}

static void broadcast_init(struct broadcast *w, const struct op_call *c)
{
    for (int i = 0; i < w->n; i++) {
        strided_read(&c->in[w->input[i]], &c->out[0], &w->s[i]);
    }
    merge_dims(w);
    w->row_out = shape_elems(&c->out[0]) / (size_t)w->s[0].dim[w->at]; /* no operand has a longer row */
}

/* Binds what rows [row, row + rows) of the outermost dimension need of operand i, `views` times: all of it when it is
 * broadcast along that one. Returns the first element's place in the binding. */
static uint32_t bind_operand(struct kernel_call *k, const struct device_caps *caps, const struct op_call *c,
                             const struct broadcast *w, int i, int views, size_t row, size_t rows)
{
    size_t step = (size_t)w->s[i].stride[w->at], n = step ? rows * step : shape_elems(&c->in[w->input[i]]);
    uint32_t before = 0;
    for (int view = 0; view < views; view++) {
        before = bind_slice(k, caps, BIND_IN, w->input[i], ACCESS_READ, row * step, n);
    }
    return before;
}

/* Adds the call for rows [row, row + rows) of the outermost dimension. */
typedef limn_status (*plan_rows)(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                 uint32_t fn, const struct broadcast *w, size_t row, size_t rows, limn_error *err);

static limn_status plan_binary_rows(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                    uint32_t fn, const struct broadcast *w, size_t row, size_t rows, limn_error *err)
{
    struct push_binary_strided push;
    struct kernel_call *k = kernel_add(l, SHADER_BINARY_STRIDED, local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    for (int i = 0; i < SHAPE_MAX_RANK; i++) {
        push.dim[i] = (uint32_t)w->s[0].dim[i];
        push.sa[i] = (uint32_t)w->s[0].stride[i];
        push.sb[i] = (uint32_t)w->s[1].stride[i];
    }
    push.dim[w->at] = (uint32_t)rows;
    push.base_a = bind_operand(k, caps, c, w, 0, 2, row, rows);
    push.base_b = bind_operand(k, caps, c, w, 1, 2, row, rows);
    bind_slice(k, caps, BIND_OUT, 0, ACCESS_WRITE, row * w->row_out, rows * w->row_out);
    push.base_y = bind_slice(k, caps, BIND_OUT, 0, ACCESS_WRITE, row * w->row_out, rows * w->row_out);
    size_t inner = push.dim[SHAPE_MAX_RANK - 1], quads = (inner + 3) / 4;
    push.n = (uint32_t)(rows * w->row_out / inner * quads);
    kernel_spec(k, fn);
    kernel_spec(k, SHAPE_MAX_RANK - w->at);
    kernel_spec(k, inner % 4 == 0);
    kernel_spec(k, push.sa[SHAPE_MAX_RANK - 1]);
    kernel_spec(k, push.sb[SHAPE_MAX_RANK - 1]);
    kernel_push(k, &push, sizeof(push));
    kernel_grid_1d(k, caps, push.n, local_1d(caps));
    k->flops = (double)(rows * w->row_out);
    return LIMN_OK;
}

static limn_status plan_where_rows(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                   uint32_t fn, const struct broadcast *w, size_t row, size_t rows, limn_error *err)
{
    struct push_where push = {.n = (uint32_t)(rows * w->row_out)};
    struct kernel_call *k = kernel_add(l, SHADER_WHERE, local_1d(caps), 1, 1);
    (void)fn;
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    for (int i = 0; i < SHAPE_MAX_RANK; i++) {
        push.dim[i] = (uint32_t)w->s[0].dim[i];
        push.sc[i] = (uint32_t)w->s[0].stride[i];
        push.sa[i] = (uint32_t)w->s[1].stride[i];
        push.sb[i] = (uint32_t)w->s[2].stride[i];
    }
    push.dim[w->at] = (uint32_t)rows;
    push.base_c = bind_operand(k, caps, c, w, 0, 1, row, rows);
    push.base_a = bind_operand(k, caps, c, w, 1, 1, row, rows);
    push.base_b = bind_operand(k, caps, c, w, 2, 1, row, rows);
    push.base_y = bind_slice(k, caps, BIND_OUT, 0, ACCESS_WRITE, row * w->row_out, push.n);
    kernel_spec(k, SHAPE_MAX_RANK - w->at);
    kernel_push(k, &push, sizeof(push));
    kernel_grid_1d(k, caps, push.n, local_1d(caps));
    k->flops = (double)push.n;
    return LIMN_OK;
}

static limn_status plan_broadcast(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                  uint32_t fn, struct broadcast *w, plan_rows add, limn_error *err)
{
    broadcast_init(w, c);
    size_t rows = (size_t)w->s[0].dim[w->at], step = window_rows(c, caps, rows, w->row_out, err);
    if (w->at == SHAPE_MAX_RANK - 1 && step < rows) {
        step -= step % 4; /* the rows are single elements: windows of whole vec4s */
    }
    limn_status st = step ? LIMN_OK : LIMN_ERR_UNSUPPORTED;
    for (size_t r = 0; r < rows && st == LIMN_OK; r += step) {
        st = add(c, caps, l, fn, w, r, rows - r < step ? rows - r : step, err);
    }
    return st;
}

limn_status plan_where(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    struct broadcast w = {.n = 3, .input = {0, 1, 2}};
    return plan_broadcast(c, caps, l, 0, &w, plan_where_rows, err);
}

limn_status plan_binary(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, uint32_t fn,
                        const float limits[3], limn_error *err)
{
    bool one = fn == BINARY_FIRST || fn == BINARY_GATE_DECONV;
    bool same =
        shape_elems(&c->in[0]) == shape_elems(&c->out[0]) && (one || shape_elems(&c->in[1]) == shape_elems(&c->out[0]));
    struct broadcast w = {.n = 2, .input = {0, fn == BINARY_FIRST ? 0 : 1}};
    return same ? plan_same(c, caps, l, fn, limits, err) : plan_broadcast(c, caps, l, fn, &w, plan_binary_rows, err);
}
