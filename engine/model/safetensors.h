/* safetensors files: header length (u64), JSON header, tensor bytes. Opening reads and checks the header only; the
 * numbers stream from the file when a constant is read. */
#ifndef LIMN_MODEL_SAFETENSORS_H
#define LIMN_MODEL_SAFETENSORS_H

#include "ir/graph.h"

#define ST_MAX_RANK 8

struct safetensors;

struct st_tensor {
    struct const_source source; /* reads the tensor as float32 */
    const struct safetensors *owner;
    const char *name;
    enum dtype dtype;
    int32_t rank;
    int64_t dim[ST_MAX_RANK];
    uint64_t begin, bytes; /* relative to the data section */
    size_t elems;
};

limn_status safetensors_open(const char *path, struct safetensors **out, limn_error *err);
/* The same checks on a file in memory; its tensors cannot be read. `size` bytes are at hand of a file of `total`. */
limn_status safetensors_parse(const char *name, const void *data, size_t size, uint64_t total, struct safetensors **out,
                              limn_error *err);
void safetensors_close(struct safetensors **s); /* NULL-safe */

/* Tensors in the order of their data. */
size_t safetensors_count(const struct safetensors *s);
const struct st_tensor *safetensors_at(const struct safetensors *s, size_t i);
/* All bytes of a tensor, as they are in the file. */
limn_status safetensors_read_raw(const struct st_tensor *t, void *dst, limn_error *err);
/* The tensor's shape; false when its rank is above SHAPE_MAX_RANK or it has no elements or too many. */
bool st_tensor_shape(const struct st_tensor *t, struct shape *out);

#endif
