/* Counter-based random numbers: the i-th number of a stream is a pure function of (seed, i), so order and threads do
 * not matter. splitmix64 finaliser; see Steele, Lea, Flood 2014. */
#ifndef LIMN_BASE_RNG_H
#define LIMN_BASE_RNG_H

#include <stdint.h>

uint64_t rng_mix(uint64_t z);                    /* the splitmix64 finaliser */
uint64_t rng_u64(uint64_t seed, uint64_t i);     /* mix(seed + (i + 1) * golden gamma) */
double rng_uniform(uint64_t seed, uint64_t i);   /* [0, 1), 53 bits */
double rng_symmetric(uint64_t seed, uint64_t i); /* [-1, 1) */
double rng_normal(uint64_t seed, uint64_t i);    /* mean 0, variance 1 (Box-Muller) */
uint64_t rng_hash_text(const char *text);        /* FNV-1a 64 */

#endif
