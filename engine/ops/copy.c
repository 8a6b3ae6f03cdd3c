/* Plans of strided copies. Neighbouring dimensions that step alike in x and y are merged first, so that a concatenation
 * along the channels of one image is a plain run; when the innermost run and everything else come in fours, the kernel
 * moves vec4s. See shaders/copy.comp. */
#include "ops/copy.h"

#include "push/copy.h"
#include "shaders_gen.h"

struct copy_push {
    PUSH_COPY
};

#define COPY_LOCAL 128

/* Drops dimensions of size 1 and merges k with k + 1 where one stride is a multiple of the other in both x and y. */
static void merge(struct copy_region *r)
{
    int n = 0;
    for (int k = 0; k < r->rank; k++) {
        if (r->dim[k] == 1) {
            continue;
        }
        if (n > 0 && (int64_t)r->sx[k] * r->dim[k] == r->sx[n - 1] && (int64_t)r->sy[k] * r->dim[k] == r->sy[n - 1]) {
            r->dim[n - 1] *= r->dim[k];
            r->sx[n - 1] = r->sx[k];
            r->sy[n - 1] = r->sy[k];
            continue;
        }
        r->dim[n] = r->dim[k];
        r->sx[n] = r->sx[k];
        r->sy[n] = r->sy[k];
        n++;
    }
    if (n == 0) {
        r->dim[0] = r->sx[0] = r->sy[0] = 1;
        n = 1;
    }
    r->rank = n;
}

static bool in_fours(const struct copy_region *r)
{
    int last = r->rank - 1;
    bool yes =
        r->sx[last] == 1 && r->sy[last] == 1 && r->dim[last] % 4 == 0 && r->x_offset % 4 == 0 && r->y_offset % 4 == 0;
    for (int k = 0; k < last; k++) {
        yes = yes && r->sx[k] % 4 == 0 && r->sy[k] % 4 == 0;
    }
    return yes;
}

/* The push fields from a merged region of elements (by 1) or fours (by 4); dimensions sit at the end of the arrays. */
static struct copy_push push_of(const struct copy_region *r, int32_t by)
{
    struct copy_push p = {.n = 1, .scale = r->scale};
    for (int k = 0; k < r->rank; k++) {
        bool last = k == r->rank - 1;
        int at = SHAPE_MAX_RANK - r->rank + k;
        p.dim[at] = (uint32_t)(last ? r->dim[k] / by : r->dim[k]);
        p.sx[at] = last ? r->sx[k] : r->sx[k] / by;
        p.sy[at] = last ? r->sy[k] : r->sy[k] / by;
        p.n *= p.dim[at];
        push_div_set(p.by_mul, &p.by_shift, at, p.dim[at]);
    }
    p.x_offset = r->x_offset / by;
    p.y_offset = r->y_offset / by;
    return p;
}

/* The elements that a region touches along strides s from offset: least and greatest. */
static void reach_of(const struct copy_region *r, const int32_t *s, int32_t offset, int32_t *lo, int32_t *hi)
{
    *lo = *hi = offset;
    for (int k = 0; k < r->rank; k++) {
        int32_t far = (r->dim[k] - 1) * s[k];
        *lo += far < 0 ? far : 0;
        *hi += far > 0 ? far : 0;
    }
}

/* The part of a buffer that holds elements lo .. hi and begins where a binding may. */
struct span {
    int32_t begin;
    uint64_t bytes;
};

static struct span span_of(const struct copy_region *r, const int32_t *s, int32_t offset,
                           const struct device_caps *caps)
{
    int32_t lo, hi, align = caps->offset_align > 16 ? (int32_t)caps->offset_align / 4 : 4;
    reach_of(r, s, offset, &lo, &hi);
    int32_t begin = lo / align * align;
    return (struct span){begin, 4 * ((uint64_t)(hi - begin) + 1)};
}

static void bind_span(struct kernel_call *c, enum bind_space space, int index, int access, enum bind_view view,
                      const struct span *s)
{
    struct kernel_bind *b = kernel_bind(c, space, index, access);
    b->view = (uint8_t)view;
    b->offset = 4 * (uint64_t)s->begin;
    b->size = s->bytes;
}

static limn_status add_call(struct copy_region r, uint32_t kind, int in, const struct device_caps *caps,
                            struct kernel_list *out, limn_error *err)
{
    struct span x = span_of(&r, r.sx, r.x_offset, caps), y = span_of(&r, r.sy, r.y_offset, caps);
    uint32_t by = kind == COPY_VEC ? 4 : 1;
    bool texel = caps->cpu && x.bytes / 4 / by <= caps->max_texel_elements;
    struct kernel_call *c = kernel_add(out, texel ? SHADER_COPY_TEXEL : SHADER_COPY, COPY_LOCAL, 1, 1);
    if (!c) {
        return err_nomem(err, sizeof(*c), "a kernel call");
    }
    kernel_spec(c, (uint32_t)r.rank);
    kernel_spec(c, kind);
    if (texel) {
        bind_span(c, BIND_IN, in, ACCESS_READ, by == 4 ? VIEW_TEXEL_RGBA32F : VIEW_TEXEL_R32F, &x);
    } else {
        bind_span(c, BIND_IN, in, ACCESS_READ, VIEW_STORAGE, &x);
        bind_span(c, BIND_IN, in, ACCESS_READ, VIEW_STORAGE, &x);
    }
    bind_span(c, BIND_OUT, 0, ACCESS_WRITE, VIEW_STORAGE, &y);
    bind_span(c, BIND_OUT, 0, ACCESS_WRITE, VIEW_STORAGE, &y);
    r.x_offset -= x.begin;
    r.y_offset -= y.begin;
    struct copy_push p = push_of(&r, (int32_t)by);
    kernel_push(c, &p, sizeof(p));
    kernel_grid_1d(c, caps, p.n, COPY_LOCAL);
    c->flops = p.n;
    return LIMN_OK;
}

/* Steps of the outermost dimension whose spans the device can bind at once; 0 when it cannot bind one. */
static int32_t outer_steps(const struct copy_region *r, const struct device_caps *caps)
{
    int64_t align = caps->offset_align > 16 ? (int64_t)caps->offset_align / 4 : 4;
    int64_t room = (int64_t)(caps->max_storage_range / 4) - align, steps = r->dim[0];
    for (int side = 0; side < 2; side++) {
        const int32_t *s = side ? r->sy : r->sx;
        int32_t lo, hi;
        reach_of(r, s, 0, &lo, &hi);
        int64_t step = s[0] < 0 ? -(int64_t)s[0] : s[0], rest = (int64_t)hi - lo - step * (r->dim[0] - 1) + 1;
        int64_t fit = rest > room ? 0 : step == 0 ? steps : (room - rest) / step + 1;
        steps = fit < steps ? fit : steps;
    }
    return steps < r->dim[0] && steps > align ? (int32_t)(steps / align * align) : (int32_t)steps;
}

static limn_status add_calls(const struct copy_region *r, uint32_t kind, int in, const struct device_caps *caps,
                             struct kernel_list *out, limn_error *err)
{
    int32_t steps = outer_steps(r, caps);
    limn_status st = LIMN_OK;
    if (steps == 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "a copy of pieces larger than the device can bind (%llu bytes)",
                       (unsigned long long)caps->max_storage_range);
    }
    for (int32_t at = 0; at < r->dim[0] && st == LIMN_OK; at += steps) {
        struct copy_region part = *r;
        part.dim[0] = r->dim[0] - at < steps ? r->dim[0] - at : steps;
        part.x_offset += at * r->sx[0];
        part.y_offset += at * r->sy[0];
        st = add_call(part, kind, in, caps, out, err);
    }
    return st;
}

limn_status copy_plan(const struct copy_region *r, int in, const struct device_caps *caps, struct kernel_list *out,
                      limn_error *err)
{
    struct copy_region m = *r;
    merge(&m);
    return add_calls(&m, in_fours(&m) ? COPY_VEC : COPY_ONE, in, caps, out, err);
}

limn_status copy_plan_fill(size_t n, float v, const struct device_caps *caps, struct kernel_list *out, limn_error *err)
{
    struct copy_region r = {.rank = 1, .dim = {(int32_t)n}, .sx = {0}, .sy = {1}, .scale = v};
    return add_calls(&r, COPY_FILL, 0, caps, out, err);
}
