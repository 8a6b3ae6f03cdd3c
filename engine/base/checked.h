/* Size arithmetic that cannot wrap. Every product, sum or alignment of a number read from a file goes through here. */
#ifndef LIMN_BASE_CHECKED_H
#define LIMN_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns false, leaving *out untouched, when the exact result does not fit. */
static inline bool mul_size(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_mul_overflow(a, b, &r)) {
        return false;
    }
    *out = r;
    return true;
}

static inline bool add_size(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_add_overflow(a, b, &r)) {
        return false;
    }
    *out = r;
    return true;
}

static inline bool add_i32(int32_t a, int32_t b, int32_t *out)
{
    int32_t r;
    if (__builtin_add_overflow(a, b, &r)) {
        return false;
    }
    *out = r;
    return true;
}

static inline bool mul_i32(int32_t a, int32_t b, int32_t *out)
{
    int32_t r;
    if (__builtin_mul_overflow(a, b, &r)) {
        return false;
    }
    *out = r;
    return true;
}

/* Rounds up to a multiple of `align` (a power of two). */
static inline bool align_size(size_t a, size_t align, size_t *out)
{
    size_t r;
    if (!add_size(a, align - 1, &r)) {
        return false;
    }
    *out = r & ~(align - 1);
    return true;
}

#endif
