/* Host tensors and element types. */
#ifndef LIMN_TENSOR_TENSOR_H
#define LIMN_TENSOR_TENSOR_H

#include "tensor/shape.h"

enum dtype {
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_F64,
    DTYPE_I64,
    DTYPE_I32,
    DTYPE_I16,
    DTYPE_I8,
    DTYPE_U8,
    DTYPE_BOOL,
    DTYPE_COUNT
};

size_t dtype_size(enum dtype t);      /* bytes of one element */
const char *dtype_name(enum dtype t); /* "F32": the safetensors spelling */

/* Converts n little-endian elements of type t to float32 (F64 and integers round to nearest). src may be unaligned. */
void dtype_to_f32(enum dtype t, const void *src, float *dst, size_t n);
uint16_t f32_to_f16(float x); /* round to nearest even */
float f16_to_f32(uint16_t h);

/* A float32 tensor in host memory. */
struct tensor {
    struct shape shape;
    float *data;
};
limn_status tensor_init(struct tensor *t, struct shape shape, limn_error *err); /* zero-filled */
void tensor_finish(struct tensor *t);                                           /* zeroed struct allowed */

#endif
