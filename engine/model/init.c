/* Weights to start a training with, as PyTorch's Linear, Conv2d and BatchNorm2d draw them: kernels and biases uniform
 * in
 * +-1 / sqrt(fan_in) (He et al. 2015 with a slope of sqrt(5)), norms 1, 0 and running statistics 0, 1. Number i is a
 * function of (seed, name, i) alone. */
#include <math.h>

#include "base/rng.h"
#include "model/weights.h"

struct init {
    struct const_source source;
    uint64_t seed;
    double centre, bound;
};

static limn_status init_read_part(const struct const_source *s, size_t first, float *dst, size_t n, limn_error *err)
{
    const struct init *x = (const struct init *)s;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        dst[i] = (float)(x->centre + x->bound * rng_symmetric(x->seed, first + i));
    }
    return LIMN_OK;
}

static limn_status init_read(const struct const_source *s, float *dst, size_t n, limn_error *err)
{
    return init_read_part(s, 0, dst, n, err);
}

limn_status init_source(struct arena *a, uint64_t seed, const char *name, enum weight_role role, double fan_in,
                        const struct const_source **out, limn_error *err)
{
    struct init *x = arena_alloc(a, 1, sizeof *x);
    bool one = role == WEIGHT_NORM_SCALE || role == WEIGHT_NORM_VAR,
         drawn = role == WEIGHT_KERNEL || role == WEIGHT_BIAS;
    if (x == NULL) {
        return err_nomem(err, sizeof *x, "starting weights");
    }
    *x = (struct init){{init_read, init_read_part},
                       rng_mix(seed) ^ rng_hash_text(name),
                       one ? 1 : 0,
                       drawn && fan_in > 0 ? 1 / sqrt(fan_in) : 0};
    *out = &x->source;
    return LIMN_OK;
}
