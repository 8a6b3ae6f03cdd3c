/* Shared parts of the pooling operators. Output size, PyTorch's rule:
 *   out = floor((in + pad_begin + pad_end - dilation * (size - 1) - 1 [+ stride - 1 with ceil_mode]) / stride) + 1,
 * less one with ceil_mode when the last window would start past the input and its leading padding. */
#include "ops/pool.h"

#include <stddef.h>
#include <string.h>

#include "push/pool.h"
#include "shaders_gen.h"

struct pool_push {
    PUSH_POOL
};

const struct attr_desc pool_attr_desc[POOL_N_ATTRS] = {
    {"size", ATTR_I32X3, offsetof(struct pool_attrs, size)},
    {"stride", ATTR_I32X3, offsetof(struct pool_attrs, stride)},
    {"pad_begin", ATTR_I32X3, offsetof(struct pool_attrs, pad_begin)},
    {"pad_end", ATTR_I32X3, offsetof(struct pool_attrs, pad_end)},
    {"dilation", ATTR_I32X3, offsetof(struct pool_attrs, dilation)},
    {"ceil_mode", ATTR_BOOL, offsetof(struct pool_attrs, ceil_mode)},
    {"count_include_pad", ATTR_BOOL, offsetof(struct pool_attrs, count_include_pad)},
    {"in_size", ATTR_I32X3, offsetof(struct pool_attrs, in_size)},
};

const struct attr_desc adaptive_attr_desc[ADAPTIVE_N_ATTRS] = {
    {"size", ATTR_I32X3, offsetof(struct adaptive_attrs, size)},
    {"in_size", ATTR_I32X3, offsetof(struct adaptive_attrs, in_size)},
};

void spatial_get(const struct shape *s, int32_t size[3])
{
    size[0] = s->rank == 5 ? s->dim[2] : 1;
    size[1] = s->rank >= 4 ? s->dim[s->rank - 2] : 1;
    size[2] = s->dim[s->rank - 1];
}

struct shape spatial_set(const struct shape *s, const int32_t size[3])
{
    struct shape r = *s;
    if (s->rank == 5) {
        r.dim[2] = size[0];
    }
    if (s->rank >= 4) {
        r.dim[s->rank - 2] = size[1];
    }
    r.dim[s->rank - 1] = size[2];
    return r;
}

struct pool_geom pool_geom_of(const struct shape *in, const struct shape *out)
{
    struct pool_geom g = {.planes = in->dim[0] * in->dim[1]};
    spatial_get(in, g.in);
    spatial_get(out, g.out);
    return g;
}

limn_status spatial_check(const struct op_call *c, int input, limn_error *err)
{
    char text[SHAPE_TEXT_MAX];
    const struct shape *s = &c->in[input];
    if (s->rank < 3 || s->rank > 5) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: input %d is %s (expected rank 3 to 5)", c->op->name, input,
                       s->rank < 0 ? "absent" : shape_text(s, text));
    }
    return LIMN_OK;
}

limn_status spatial_expect(const struct op_call *c, int input, const int32_t want[3], limn_error *err)
{
    int32_t have[3];
    spatial_get(&c->in[input], have);
    if (memcmp(want, have, sizeof(have)) != 0) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: input %d has planes of %dx%dx%d (expected %dx%dx%d)", c->op->name,
                       input, have[0], have[1], have[2], want[0], want[1], want[2]);
    }
    return LIMN_OK;
}

#define PLANE_MAX (1 << 24) /* positions are floats: exact below this */

limn_status plane_check(const struct op_call *c, const int32_t size[3], limn_error *err)
{
    bool small = size[0] >= 1 && size[1] >= 1 && size[2] >= 1 && (int64_t)size[0] * size[1] < PLANE_MAX;
    if (!small || (int64_t)size[0] * size[1] * size[2] >= PLANE_MAX) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: planes of %dx%dx%d (expected 1 to 2^24 - 1 elements)", c->op->name,
                       size[0], size[1], size[2]);
    }
    return LIMN_OK;
}

limn_status adaptive_check(const struct op_call *c, const int32_t in[3], const int32_t out[3], limn_error *err)
{
    for (int i = 0; i < 3; i++) {
        bool ok = in[i] >= 1 && out[i] >= 1 && ((int64_t)in[i] + 1) * ((int64_t)out[i] + 1) < INT32_MAX;
        if (!ok || (i < 5 - c->in[0].rank && (in[i] != 1 || out[i] != 1))) {
            return err_set(
                err, LIMN_ERR_SHAPE,
                "%s: axis %c from %d to %d (expected sizes >= 1, product below 2^31; 1 and 1 on an axis that "
                "rank %d lacks)",
                c->op->name, "DHW"[i], in[i], out[i], c -> in[0].rank);
        }
    }
    return LIMN_OK;
}

/* Attributes of one axis in range, and neutral on an axis that the tensor's rank lacks. */
static limn_status check_axis(const struct op_call *c, int axis, bool used, limn_error *err)
{
    const struct pool_attrs *a = c->attrs;
    int32_t size = a->size[axis], stride = a->stride[axis], dilation = a->dilation[axis];
    int32_t pb = a->pad_begin[axis], pe = a->pad_end[axis];
    const int32_t top = 1 << 15; /* keeps the kernels' position arithmetic far from 2^31 */
    bool ok = size >= 1 && size <= top && stride >= 1 && stride <= top && dilation >= 1 && dilation <= top && pb >= 0 &&
              pb <= top && pe >= 0 && pe <= top;
    bool neutral = size == 1 && stride == 1 && dilation == 1 && pb == 0 && pe == 0;
    if (!ok || (!used && !neutral)) {
        return err_set(err, LIMN_ERR_SHAPE,
                       "%s: axis %c has size %d, stride %d, dilation %d, pads %d and %d (expected %s)", c->op->name,
                       "DHW"[axis], size, stride, dilation, pb, pe,
                       used ? "1 to 32768, pads 0 to 32768" : "1, 1, 1, 0 and 0 on an axis that the rank lacks");
    }
    return LIMN_OK;
}

/* True when the window that starts at `start` meets at least one of the elements 0 .. in-1. */
static bool window_meets(int64_t start, int32_t in, int32_t size, int32_t dilation)
{
    int64_t k = start < 0 ? (-start + dilation - 1) / dilation : 0;
    return k < size && start + k * dilation < in;
}

/* Refuses windows that hold padding only; only those that start outside the input can be such. */
static limn_status check_windows(const struct op_call *c, int axis, int32_t in, int64_t n, limn_error *err)
{
    const struct pool_attrs *a = c->attrs;
    int64_t stride = a->stride[axis], pad = a->pad_begin[axis], bad = -1;
    for (int64_t o = 0; o < n && o * stride < pad; o++) {
        bad = window_meets(o * stride - pad, in, a->size[axis], a->dilation[axis]) ? bad : o;
    }
    if ((n - 1) * stride - pad >= in) {
        bad = n - 1;
    }
    if (bad >= 0) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: window %lld of axis %c holds padding only (size %d, pads %d and %d)",
                       c->op->name, (long long)bad, "DHW"[axis], a -> size[axis], a -> pad_begin[axis],
                       a -> pad_end[axis]);
    }
    return LIMN_OK;
}

limn_status pool_out_size(const struct op_call *c, const int32_t in[3], int rank, int32_t out[3], limn_error *err)
{
    const struct pool_attrs *a = c->attrs;
    int32_t r[3];
    for (int i = 0; i < 3; i++) {
        limn_status st = check_axis(c, i, i >= 5 - rank, err);
        if (st != LIMN_OK) {
            return st;
        }
        int64_t room =
            (int64_t)in[i] + a->pad_begin[i] + a->pad_end[i] - (int64_t)a->dilation[i] * (a->size[i] - 1) - 1;
        if (room < 0 || in[i] < 1) {
            return err_set(err, LIMN_ERR_SHAPE,
                           "%s: axis %c has %d elements, pads %d and %d (expected %lld for a window)", c->op->name,
                           "DHW"[i], in[i], a -> pad_begin[i], a -> pad_end[i],
                           (long long)a -> dilation[i] * (a->size[i] - 1) + 1);
        }
        int64_t n = (room + (a->ceil_mode ? a->stride[i] - 1 : 0)) / a->stride[i] + 1;
        if (a->ceil_mode && (n - 1) * a->stride[i] >= (int64_t)in[i] + a->pad_begin[i]) {
            n--;
        }
        st = check_windows(c, i, in[i], n, err);
        if (st != LIMN_OK) {
            return st;
        }
        r[i] = (int32_t)n;
    }
    memcpy(out, r, sizeof(r));
    return LIMN_OK;
}

bool pool_texel(const struct device_caps *caps, size_t elems)
{
    return caps->cpu && elems <= caps->max_texel_elements;
}

void pool_bind_in(struct kernel_call *c, int index, bool texel)
{
    struct kernel_bind *b = kernel_bind(c, BIND_IN, index, ACCESS_READ);
    b->view = texel ? VIEW_TEXEL_R32F : VIEW_STORAGE;
}

int32_t pool_covers(const struct pool_attrs *a, const struct pool_geom *g, int axis)
{
    int32_t n = a->dilation[axis] * (a->size[axis] - 1) / a->stride[axis] + 1;
    return n < g->out[axis] ? n : g->out[axis];
}

struct kernel_call *pool_call(struct kernel_list *l, uint16_t shader, const struct pool_geom *g,
                              const struct pool_attrs *a, bool back)
{
    size_t n = (size_t)g->planes * spatial_elems(back ? g->in : g->out);
    struct pool_push p = {.n = (uint32_t)n};
    struct kernel_call *c = kernel_add(l, shader, POOL_LOCAL, 1, 1);
    if (!c) {
        return NULL;
    }
    memcpy(p.in_dim, g->in, sizeof(p.in_dim));
    memcpy(p.out_dim, g->out, sizeof(p.out_dim));
    for (int i = 0; i < 3; i++) {
        p.size[i] = a ? a->size[i] : 1;
        p.stride[i] = a ? a->stride[i] : 1;
        p.pad[i] = a ? a->pad_begin[i] : 0;
        p.pad_end[i] = a ? a->pad_end[i] : 0;
        p.dilation[i] = a ? a->dilation[i] : 1;
        push_div_set(p.by_mul, &p.by_shift, i, (uint32_t)(back ? g->in[i] : g->out[i]));
        push_div_set(p.by_mul, &p.by_shift, 3 + i, (uint32_t)(a ? p.stride[i] : g->out[i]));
    }
    kernel_spec(c, g->in[0] != 1 || g->out[0] != 1 || (a && a->size[0] != 1));
    kernel_push(c, &p, sizeof(p));
    return c;
}

/* Planes that every binding can span at once; all of them as a rule, else so many that each window begins aligned. */
static size_t window_planes(const struct kernel_call *k, const struct device_caps *caps, size_t planes,
                            const struct plane_work *w)
{
    size_t fit = planes, unit = 1, align = caps->offset_align > 4 ? caps->offset_align / 4 : 1;
    for (int i = 0; i < k->n_bind; i++) {
        while (unit < align && unit * w->elems[i] % align != 0) {
            unit *= 2; /* align is a power of two */
        }
        uint64_t room = k->bind[i].view == VIEW_STORAGE ? caps->max_storage_range / 4 : caps->max_texel_elements;
        if (w->elems[i] * fit > room) {
            fit = (size_t)(room / w->elems[i]);
        }
    }
    return fit < planes ? fit / unit * unit : planes;
}

/* Makes a copy of a whole call work on planes first .. first + count - 1. */
static void narrow(struct kernel_call *k, const struct device_caps *caps, const struct plane_work *w, size_t planes,
                   size_t first, size_t count)
{
    uint32_t n = (uint32_t)(count * w->per_plane);
    memcpy(k->push, &n, sizeof(n));
    for (int i = 0; i < k->n_bind && count < planes; i++) {
        k->bind[i].offset = 4 * (uint64_t)(first * w->elems[i]);
        k->bind[i].size = 4 * (uint64_t)(count * w->elems[i]);
    }
    k->flops *= (double)count / (double)planes;
    kernel_grid_1d(k, caps, n, w->per_group);
}

limn_status plane_windows(const struct op_call *c, const struct device_caps *caps, int32_t planes,
                          const struct plane_work *w, struct kernel_list *l, limn_error *err)
{
    struct kernel_call whole = l->call[--l->n_call];
    size_t all = (size_t)planes, fit = window_planes(&whole, caps, all, w);
    if (fit == 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "%s: planes of %zu numbers (device binds %llu bytes at once)",
                       c->op->name, w->elems[0], (unsigned long long)caps->max_storage_range);
    }
    for (size_t first = 0; first < all; first += fit) {
        struct kernel_call *k = kernel_add(l, whole.shader, 1, 1, 1);
        if (!k) {
            return err_nomem(err, sizeof(*k), "a kernel call");
        }
        *k = whole;
        narrow(k, caps, w, all, first, all - first < fit ? all - first : fit);
    }
    return LIMN_OK;
}
