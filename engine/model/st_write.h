/* Writing safetensors from any file of tensors. */
#ifndef LIMN_MODEL_ST_WRITE_H
#define LIMN_MODEL_ST_WRITE_H

#include "base/file.h"
#include "model/tensor_file.h"

/* Writes the length and the header of a file that holds these tensors (name, dtype, rank, dim and bytes count) one
 * after the other; the caller writes their bytes. `note`: pairs of texts for __metadata__, or NULL. With `head` its
 * bytes are handed over too (mem_free). */
struct st_note {
    const char *key, *value;
};
limn_status safetensors_begin(struct file_writer *w, const struct st_tensor *const *t, size_t n,
                              const struct st_note *note, size_t n_note, uint8_t **head, size_t *head_size,
                              limn_error *err);
/* Names, types, shapes and bytes as in `from`; atomically, with at most one tensor in memory. */
limn_status safetensors_write(const struct tensor_file *from, const char *path, bool force, limn_error *err);

#endif
