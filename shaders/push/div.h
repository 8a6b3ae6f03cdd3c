/* Divisions by numbers the plan knows, as a multiplication: v / d = (2 v * mul) >> (32 + shift) for v < 2^31, exactly,
 * with shift = ceil(log2 d) and mul = ceil(2^(31 + shift) / d) (Granlund and Montgomery 1994). Software rasterisers
 * divide lane by lane, GPUs in some twenty instructions. A block holds up to six divisors, their shifts in one word. */
#ifndef LIMN_PUSH_DIV_H
#define LIMN_PUSH_DIV_H

#include "push/push.h"

#define PUSH_DIV(name, n) PUSH_U32_ARRAY(name##_mul, n) PUSH_U32(name##_shift)

#ifdef VULKAN
uint div_by(uint v, uint mul, uint shift)
{
    uint high, low;
    umulExtended(v << 1, mul, high, low);
    return high >> shift;
}
/* v / divisor k of block `name` */
#define DIV(name, k, v) div_by(uint(v), name##_mul[k], bitfieldExtract(name##_shift, 5 * int(k), 5))
#else
/* Sets divisor k (0..5) of a block to d, 1 <= d < 2^31; the word of shifts must be zero before the first. */
static inline void push_div_set(uint32_t *mul, uint32_t *shift, int k, uint32_t d)
{
    uint32_t s = 0;
    while ((UINT64_C(1) << s) < d) {
        s++;
    }
    mul[k] = (uint32_t)(((UINT64_C(1) << (31 + s)) + d - 1) / d);
    *shift |= s << (5 * k);
}
#endif

#endif
