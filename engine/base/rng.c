/* Counter-based random numbers over the splitmix64 finaliser. */
#include "base/rng.h"

#include <math.h>

uint64_t rng_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t rng_u64(uint64_t seed, uint64_t i)
{
    return rng_mix(seed + (i + 1) * 0x9E3779B97F4A7C15u);
}

double rng_uniform(uint64_t seed, uint64_t i)
{
    return (double)(rng_u64(seed, i) >> 11) * 0x1p-53;
}

double rng_symmetric(uint64_t seed, uint64_t i)
{
    return 2.0 * rng_uniform(seed, i) - 1.0;
}

double rng_normal(uint64_t seed, uint64_t i)
{
    double u = 1.0 - rng_uniform(seed, 2 * i), v = rng_uniform(seed, 2 * i + 1);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

uint64_t rng_hash_text(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++) {
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return h;
}
