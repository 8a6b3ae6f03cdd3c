/* CORPUS: npy. The whole input is a .npy file in memory. */
#include <stdint.h>
#include <stdlib.h>

#include "tensor/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tensor t = {0};
    limn_error err = {0};
    limn_status st = npy_decode("fuzz", data, size, &t, &err);
    if ((st == LIMN_OK) != (t.data != NULL) || (st != LIMN_OK && err.text[0] == '\0')) {
        abort();
    }
    if (st == LIMN_OK && shape_elems(&t.shape) > size) {
        abort(); /* an element takes at least one byte */
    }
    tensor_finish(&t);
    return 0;
}
