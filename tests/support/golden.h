/* Golden references: logits and maps computed by PyTorch, stored as .npy with a manifest that names input, layer, class
 * and tolerances. */
#ifndef LIMN_TEST_GOLDEN_H
#define LIMN_TEST_GOLDEN_H

#include "explain/explain.h"

enum golden_place {
    GOLDEN_HERE, /* tests/golden: the bundled weights, or weights by recipe */
    GOLDEN_PACK, /* $LIMN_PACK, else ../shared/pack beside the source tree: larger sets, float32 weights; may lack */
};
struct golden_row {
    enum golden_place place;
    const char *model; /* as for model_open; a path with '/' is below the place */
    const char *folder;
};
/* Runs every case of every row on one device ($LIMN_TEST_DEVICE, "ref" for the reference executor; a software device
 * otherwise) and prints a line per quantity. Returns the exit status of a test program, 77 with nothing to run. */
int golden_main(const struct golden_row *rows, size_t n);

#endif
