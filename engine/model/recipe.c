/* Recipe weights: every parameter is a function of its name and the element's index, so that tests in any language can
 * make the same network without a file.
 *
 *   h = FNV-1a-64(name) xor 2020; z = splitmix64 finaliser of h + (i+1) * 0x9E3779B97F4A7C15; u = (z >> 40) * 2^-23 - 1
 *   norm: scale 1 + 0.2u, shift 0.1u, mean 0.1u, variance 1 + 0.5u; kernel gain * u * sqrt(6 / fan_in); bias
 *   0.05u
 *
 * The gain is 1 unless asked for: deep networks whose scores would grow without bound take less.
 * In double, rounded to float32 last. */
#include "model/weights.h"

#include <math.h>

#include "base/rng.h"

struct recipe {
    struct const_source source;
    uint64_t seed;
    double scale, shift;
};

static limn_status recipe_read_part(const struct const_source *s, size_t first, float *dst, size_t n, limn_error *err)
{
    const struct recipe *r = (const struct recipe *)s;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        double u = (double)(rng_u64(r->seed, first + i) >> 40) * 0x1p-23 - 1.0;
        dst[i] = (float)(r->shift + r->scale * u);
    }
    return LIMN_OK;
}

static limn_status recipe_read(const struct const_source *s, float *dst, size_t n, limn_error *err)
{
    return recipe_read_part(s, 0, dst, n, err);
}

limn_status recipe_source(struct arena *a, const char *name, enum weight_role role, double gain,
                          const struct shape *shape, const struct const_source **out, limn_error *err)
{
    static const struct {
        double scale, shift;
    } rule[] = {
        [WEIGHT_BIAS] = {0.05, 0},     [WEIGHT_NORM_SCALE] = {0.2, 1}, [WEIGHT_NORM_SHIFT] = {0.1, 0},
        [WEIGHT_NORM_MEAN] = {0.1, 0}, [WEIGHT_NORM_VAR] = {0.5, 1},
    };
    struct recipe *r = arena_alloc(a, 1, sizeof *r);
    if (r == NULL) {
        return err_nomem(err, sizeof *r, "recipe weights");
    }
    *r = (struct recipe){
        {recipe_read, recipe_read_part}, rng_hash_text(name) ^ 2020, rule[role].scale, rule[role].shift};
    if (role == WEIGHT_KERNEL) {
        r->scale = gain * sqrt(6.0 / ((double)shape_elems(shape) / shape->dim[0]));
    }
    *out = &r->source;
    return LIMN_OK;
}
