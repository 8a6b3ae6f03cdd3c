/* PyTorch checkpoints: the zip archives of torch.save (.pth, .pt) and the stream it wrote before version 1.6. Opening
 * reads the pickle and checks every tensor against its storage; the numbers stream from the file when asked for. */
#ifndef LIMN_MODEL_TORCH_FILE_H
#define LIMN_MODEL_TORCH_FILE_H

#include "base/file.h"
#include "model/safetensors.h"

struct torch_file;

/* True when the first bytes of a file are those of a checkpoint, or of an older kind that torch_file_open names. */
bool torch_file_is(const uint8_t *head, size_t n, bool tar);
/* Takes `f` over, also on failure. */
limn_status torch_file_open(struct file *f, struct torch_file **out, limn_error *err);
void torch_file_close(struct torch_file **t); /* NULL-safe */

size_t torch_file_count(const struct torch_file *t);
const struct st_tensor *torch_file_at(const struct torch_file *t, size_t i);
/* All bytes of a tensor in C order, in its own dtype. `t` comes from torch_file_at. */
limn_status torch_tensor_read(const struct st_tensor *t, void *dst, limn_error *err);

#endif
