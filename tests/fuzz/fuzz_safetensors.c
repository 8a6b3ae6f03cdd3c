/* CORPUS: safetensors. The whole input is a safetensors file in memory. Whatever it holds, the reader either refuses it
 * with a text or gives tensors whose ranges tile the data. */
#include <stdint.h>
#include <stdlib.h>

#include "model/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct safetensors *s = NULL;
    limn_error err = {0};
    limn_status st = safetensors_parse("fuzz", data, size, size, &s, &err);
    if ((st == LIMN_OK) != (s != NULL) || (st != LIMN_OK && err.text[0] == '\0')) {
        abort();
    }
    uint64_t at = 0;
    for (size_t i = 0; s != NULL && i < safetensors_count(s); i++) {
        const struct st_tensor *t = safetensors_at(s, i);
        struct shape shape;
        if (t->begin != at || t->bytes != t->elems * dtype_size(t->dtype) ||
            (st_tensor_shape(t, &shape) && shape_elems(&shape) != t->elems)) {
            abort();
        }
        at += t->bytes;
    }
    if (at > size) {
        abort();
    }
    safetensors_close(&s);
    return 0;
}
