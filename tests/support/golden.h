/* Golden references: logits and maps computed by PyTorch, stored as .npy with a manifest that names input, layer,
 * class and tolerances. Found in $LIMN_PACK or ../shared/pack beside the source tree (the full sets), else in
 * tests/golden. */
#ifndef LIMN_TEST_GOLDEN_H
#define LIMN_TEST_GOLDEN_H

#include "explain/explain.h"

struct golden_tally {
    size_t cases, quantities, failed;
};
/* Runs every case of one model's folder on a device (NULL: reference executor), prints a line per quantity and adds
 * to the tally. An error of the engine counts as a failed quantity and is printed. */
void golden_run(const char *model, const char *folder, struct vk_device *dev, struct golden_tally *t);

struct golden_row {
    const char *model, *folder;
};
/* All rows on one device: exit status of a test program, 77 when there is nothing to run or no device. */
int golden_main(const struct golden_row *rows, size_t n);

#endif
