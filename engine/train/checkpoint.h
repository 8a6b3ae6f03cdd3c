/* Checkpoints of a training: one safetensors file each, which any tool can open as weights.
 *
 * Beside the network's tensors it holds "optim.*", "ema.*", "limn.state" (JSON text, U8) and, last, "limn.trailer"
 * (U8): a CRC-32 of every tensor before it in the order of the data, one of the header with its length, the text
 * "LIMNCKPT", and a CRC-32 of the trailer up to there. Files appear whole or not at all. */
#ifndef LIMN_TRAIN_CHECKPOINT_H
#define LIMN_TRAIN_CHECKPOINT_H

#include "train/train.h"

/* Writes over an existing file. A number that is not finite is LIMN_ERR_NUMERIC, and nothing is written. */
limn_status checkpoint_write(const char *path, struct train_plan *p, const char *state, limn_error *err);

struct checkpoint;
/* Checks every byte. */
limn_status checkpoint_open(const char *path, struct checkpoint **out, limn_error *err);
void checkpoint_close(struct checkpoint **c); /* NULL-safe */
const char *checkpoint_state(const struct checkpoint *c);
/* Sets the plan's numbers; what is frozen must be the same already. LIMN_ERR_FORMAT when the tensors are not the
 * plan's. */
limn_status checkpoint_restore(struct checkpoint *c, struct train_plan *p, limn_error *err);

/* "FOLDER/checkpoint-0000001234.safetensors" */
void checkpoint_path(const char *folder, uint64_t step, char *buf, size_t size);
/* The newest valid one of a folder. *out stays NULL when there is none; `path` then is that of the last one tried, or
 * as it was. `note` is called with a line for each that was skipped. */
limn_status checkpoint_newest(const char *folder, void (*note)(void *user, const char *line), void *user,
                              struct checkpoint **out, char *path, size_t size, limn_error *err);
/* Deletes all but the newest `keep`, and what writers that were killed left behind (SIZE_MAX: only these). */
void checkpoint_prune(const char *folder, size_t keep);

/* The network's tensors alone, as a plain weight file; with `ema` the averages where there are any. */
limn_status checkpoint_export(const char *path, struct train_plan *p, bool ema, limn_error *err);

#endif
