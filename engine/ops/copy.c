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
    bool yes = r->sx[last] == 1 && r->sy[last] == 1 && r->dim[last] % 4 == 0 && r->x_offset % 4 == 0 && r->y_offset % 4 == 0;
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

static limn_status add_call(const struct copy_region *r, uint32_t kind, int in, const struct device_caps *caps,
                            struct kernel_list *out, limn_error *err)
{
    struct copy_push p = push_of(r, kind == COPY_VEC ? 4 : 1);
    struct kernel_call *c = kernel_add(out, SHADER_COPY, COPY_LOCAL, 1, 1);
    if (!c) {
        return err_nomem(err, sizeof(*c), "a kernel call");
    }
    kernel_spec(c, (uint32_t)r->rank);
    kernel_spec(c, kind);
    kernel_push(c, &p, sizeof(p));
    kernel_bind(c, BIND_IN, in, ACCESS_READ);
    kernel_bind(c, BIND_IN, in, ACCESS_READ);
    kernel_bind(c, BIND_OUT, 0, ACCESS_WRITE);
    kernel_bind(c, BIND_OUT, 0, ACCESS_WRITE);
    kernel_grid_1d(c, caps, p.n, COPY_LOCAL);
    c->flops = p.n;
    return LIMN_OK;
}

limn_status copy_plan(const struct copy_region *r, int in, const struct device_caps *caps, struct kernel_list *out,
                      limn_error *err)
{
    struct copy_region m = *r;
    merge(&m);
    return add_call(&m, in_fours(&m) ? COPY_VEC : COPY_ONE, in, caps, out, err);
}

limn_status copy_plan_fill(size_t n, float v, const struct device_caps *caps, struct kernel_list *out, limn_error *err)
{
    struct copy_region r = {.rank = 1, .dim = {(int32_t)n}, .sx = {1}, .sy = {1}, .scale = v};
    return add_call(&r, COPY_FILL, 0, caps, out, err);
}
