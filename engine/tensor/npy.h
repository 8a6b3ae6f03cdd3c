/* NumPy .npy files, versions 1.0 to 3.0 (format: numpy.lib.format). Rules for untrusted files: exactly the keys descr,
 * fortran_order, shape; header <= 10000 bytes, checked before reading; no objects, no structs; data exactly shape x
 * size. */
#ifndef LIMN_TENSOR_NPY_H
#define LIMN_TENSOR_NPY_H

#include "tensor/tensor.h"

/* Reads <f4, <f2, <f8, |u1, <i4, <i8 in C order (fortran_order is transposed) into float32. */
limn_status npy_read(const char *path, struct tensor *out, limn_error *err);
limn_status npy_decode(const char *name, const void *data, size_t size, struct tensor *out, limn_error *err);
/* Writes version 1.0, <f4, C order, atomically. */
limn_status npy_write(const char *path, const struct shape *shape, const float *data, bool force, limn_error *err);

#endif
