/* Writing safetensors from any file of tensors. */
#ifndef LIMN_MODEL_ST_WRITE_H
#define LIMN_MODEL_ST_WRITE_H

#include "model/tensor_file.h"

/* Names, types, shapes and bytes as in `from`; atomically, with at most one tensor in memory. */
limn_status safetensors_write(const struct tensor_file *from, const char *path, bool force, limn_error *err);

#endif
