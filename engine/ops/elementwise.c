/* Kernel plans of the elementwise operators. Tensors of one shape are walked four elements at a time, in windows of at
 * most caps->max_storage_range bytes (lavapipe binds 128 MiB, an activation of a large batch is longer); broadcasting
 * goes through a strided kernel with one element per invocation, after merging the dimensions that can be walked as
 * one. */
#include "ops/elementwise.h"

#include <string.h>

#include "push/binary.h"
#include "push/unary.h"
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
_Static_assert(sizeof(struct push_binary_strided) <= KERNEL_MAX_PUSH, "push constants");

limn_status infer_same(const struct op_call *c, struct shape *out, limn_error *err)
{
    (void)err;
    out[0] = c->in[0];
    return LIMN_OK;
}

limn_status infer_broadcast(const struct op_call *c, struct shape *out, limn_error *err)
{
    return shape_broadcast(&c->in[0], &c->in[1], &out[0], err);
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

/* Drops dimensions of size 1 and merges neighbours that a and b both walk evenly. Returns the rank left (at least 1),
 * right-aligned in place. */
static uint32_t merge_dims(struct strided *a, struct strided *b)
{
    int at = SHAPE_MAX_RANK; /* first dimension in use, growing to the front */
    for (int k = SHAPE_MAX_RANK - 1; k >= 0; k--) {
        int32_t dim = a->dim[k], sa = a->stride[k], sb = b->stride[k];
        if (dim == 1) {
            continue;
        }
        if (at < SHAPE_MAX_RANK && sa == a->stride[at] * a->dim[at] && sb == b->stride[at] * a->dim[at]) {
            a->dim[at] *= dim;
            continue;
        }
        at--;
        a->dim[at] = dim;
        a->stride[at] = sa;
        b->stride[at] = sb;
    }
    if (at == SHAPE_MAX_RANK) {
        at--; /* a single element: whatever the last row holds has dim 1 */
    }
    return (uint32_t)(SHAPE_MAX_RANK - at);
}

/* Binds what rows [row, row + rows) of the outermost dimension `at` need of an operand, as vec4 and as floats: all of
 * it when it is broadcast along that one. Returns the first element's place in the binding. */
static uint32_t bind_operand(struct kernel_call *k, const struct device_caps *caps, const struct op_call *c, int index,
                             const struct strided *s, uint32_t at, size_t row, size_t rows)
{
    size_t step = (size_t)s->stride[at], n = step ? rows * step : shape_elems(&c->in[index]);
    bind_slice(k, caps, BIND_IN, index, ACCESS_READ, row * step, n);
    return bind_slice(k, caps, BIND_IN, index, ACCESS_READ, row * step, n);
}

struct broadcast {
    struct strided a, b;
    int second;     /* input of the second operand */
    uint32_t at;    /* first dimension in use */
    size_t row_out; /* output elements per row of that dimension */
};

static limn_status plan_strided_rows(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                     uint32_t fn, const struct broadcast *w, size_t row, size_t rows, limn_error *err)
{
    struct push_binary_strided push;
    struct kernel_call *k = kernel_add(l, SHADER_BINARY_STRIDED, local_1d(caps), 1, 1);
    if (!k) {
        return err_nomem(err, sizeof(*k), "a kernel call");
    }
    for (int i = 0; i < SHAPE_MAX_RANK; i++) {
        push.dim[i] = (uint32_t)w->a.dim[i];
        push.sa[i] = (uint32_t)w->a.stride[i];
        push.sb[i] = (uint32_t)w->b.stride[i];
    }
    push.dim[w->at] = (uint32_t)rows;
    push.base_a = bind_operand(k, caps, c, 0, &w->a, w->at, row, rows);
    push.base_b = bind_operand(k, caps, c, w->second, &w->b, w->at, row, rows);
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

static limn_status plan_strided(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                                uint32_t fn, limn_error *err)
{
    struct broadcast w = {.second = fn == BINARY_FIRST ? 0 : 1};
    strided_read(&c->in[0], &c->out[0], &w.a);
    strided_read(&c->in[w.second], &c->out[0], &w.b);
    w.at = SHAPE_MAX_RANK - merge_dims(&w.a, &w.b);
    size_t rows = (size_t)w.a.dim[w.at];
    w.row_out = shape_elems(&c->out[0]) / rows; /* no operand has a longer row */
    size_t step = window_rows(c, caps, rows, w.row_out, err);
    if (w.at == SHAPE_MAX_RANK - 1 && step < rows) {
        step -= step % 4; /* the rows are single elements: windows of whole vec4s */
    }
    limn_status st = step ? LIMN_OK : LIMN_ERR_UNSUPPORTED;
    for (size_t r = 0; r < rows && st == LIMN_OK; r += step) {
        st = plan_strided_rows(c, caps, l, fn, &w, r, rows - r < step ? rows - r : step, err);
    }
    return st;
}

limn_status plan_binary(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, uint32_t fn,
                        const float limits[3], limn_error *err)
{
    bool one = fn == BINARY_FIRST || fn == BINARY_GATE_DECONV;
    bool same =
        shape_elems(&c->in[0]) == shape_elems(&c->out[0]) && (one || shape_elems(&c->in[1]) == shape_elems(&c->out[0]));
    return same ? plan_same(c, caps, l, fn, limits, err) : plan_strided(c, caps, l, fn, err);
}
