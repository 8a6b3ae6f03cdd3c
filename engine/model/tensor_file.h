/* A file of named tensors, whatever its format: safetensors, a PyTorch checkpoint or the initializers of
 * an ONNX model, told by content. */
#ifndef LIMN_MODEL_TENSOR_FILE_H
#define LIMN_MODEL_TENSOR_FILE_H

#include "model/safetensors.h"

enum tensor_format { TENSOR_SAFETENSORS, TENSOR_TORCH, TENSOR_ONNX };
/* By the first bytes; also by the name .onnx, whose reader says best what another file of that name is. */
limn_status tensor_file_format(const char *path, enum tensor_format *out, limn_error *err);

struct tensor_file;

limn_status tensor_file_open(const char *path, struct tensor_file **out, limn_error *err);
void tensor_file_close(struct tensor_file **f); /* NULL-safe */
size_t tensor_file_count(const struct tensor_file *f);
const struct st_tensor *tensor_file_at(const struct tensor_file *f, size_t i);
/* All bytes of tensor i in C order, in its own dtype. */
limn_status tensor_file_read(const struct tensor_file *f, size_t i, void *dst, limn_error *err);

#endif
