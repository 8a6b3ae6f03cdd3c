/* Element types and their conversion to float32.
 *
 * Sources are little-endian and may be unaligned, as they lie in a file. binary16 follows IEEE 754: conversion from
 * float32 rounds to nearest even, keeps signed zeros, subnormals and infinities, and turns every NaN into a quiet NaN.
 */
#include "tensor/tensor.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "weights are little-endian and are copied as they are"
#endif

static const struct {
    const char *name;
    size_t size;
} dtype_table[DTYPE_COUNT] = {
    [DTYPE_F32] = {"F32", 4}, [DTYPE_F16] = {"F16", 2},   [DTYPE_BF16] = {"BF16", 2}, [DTYPE_F64] = {"F64", 8},
    [DTYPE_I64] = {"I64", 8}, [DTYPE_I32] = {"I32", 4},   [DTYPE_I16] = {"I16", 2},   [DTYPE_I8] = {"I8", 1},
    [DTYPE_U8] = {"U8", 1},   [DTYPE_BOOL] = {"BOOL", 1},
};

size_t dtype_size(enum dtype t)
{
    return dtype_table[t].size;
}

const char *dtype_name(enum dtype t)
{
    return dtype_table[t].name;
}

static float bits_to_f32(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

float f16_to_f32(uint16_t h)
{
    /* The half's exponent and fraction, placed in a float's fields, are its value times 2^-112; the product is exact
     * and handles subnormals. */
    float f = bits_to_f32((uint32_t)(h & 0x7fffu) << 13) * 0x1p112f;
    uint32_t u,
        special = (h & 0x7c00u) == 0x7c00u ? 0x7f800000u : 0; /* infinity and NaN; no branch, so that it vectorises */
    memcpy(&u, &f, sizeof u);
    u |= special;
    return bits_to_f32(u | (uint32_t)(h & 0x8000u) << 16);
}

uint16_t f32_to_f16(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    uint32_t sign = u >> 16 & 0x8000u;
    u &= 0x7fffffffu;
    if (u > 0x7f800000u) {
        return (uint16_t)(sign | 0x7e00u);
    }
    if (u >= 0x477ff000u) { /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7c00u);
    }
    if (u < 0x38800000u) { /* below 2^-14: one unit of 0.5f is one subnormal step, so the addition rounds for us */
        float f = bits_to_f32(u) + 0.5f;
        memcpy(&u, &f, sizeof u);
        return (uint16_t)(sign | (u - 0x3f000000u));
    }
    u += 0xc8000fffu + (u >> 13 & 1u);
    return (uint16_t)(sign | u >> 13);
}

/* One loop per type: load without alignment, convert. */
#define CONVERT(type, expr)                                                                                            \
    for (size_t i = 0; i < n; i++) {                                                                                   \
        type v;                                                                                                        \
        memcpy(&v, p + i * sizeof v, sizeof v);                                                                        \
        dst[i] = (expr);                                                                                               \
    }                                                                                                                  \
    break

void dtype_to_f32(enum dtype t, const void *src, float *dst, size_t n)
{
    const uint8_t *p = src;
    switch (t) {
    case DTYPE_F32:
        memcpy(dst, src, n * sizeof *dst);
        break;
    case DTYPE_F16:
        CONVERT(uint16_t, f16_to_f32(v));
    case DTYPE_BF16:
        CONVERT(uint16_t, bits_to_f32((uint32_t)v << 16));
    case DTYPE_F64:
        CONVERT(double, (float)v);
    case DTYPE_I64:
        CONVERT(int64_t, (float)v);
    case DTYPE_I32:
        CONVERT(int32_t, (float)v);
    case DTYPE_I16:
        CONVERT(int16_t, (float)v);
    case DTYPE_I8:
        CONVERT(int8_t, (float)v);
    case DTYPE_U8:
        CONVERT(uint8_t, (float)v);
    case DTYPE_BOOL:
        CONVERT(uint8_t, v != 0 ? 1.0f : 0.0f);
    case DTYPE_COUNT:
        break;
    }
}
