/* CORPUS: onnx. The whole input is a model. Whatever it holds, the reader either refuses it with a text or gives
 * tensors that can be read, of as many elements as their dimensions say. */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/onnx/onnx_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { READ_MAX = 1 << 16 };

static void read_tensor(const struct onnx_tensor *t)
{
    limn_error err = {0};
    size_t n = 1;
    for (int32_t i = 0; i < t->rank; i++) {
        n *= (size_t)t->dim[i];
    }
    if (n != t->elems) {
        abort();
    }
    if (t->elems > READ_MAX || t->type == ONNX_STRING) {
        return;
    }
    void *v = mem_alloc(t->elems + 1, sizeof(double));
    if (v != NULL && ((t->source.read(&t->source, v, t->elems, &err) != LIMN_OK && err.text[0] == '\0') ||
                      (onnx_tensor_i64(t, v, t->elems, &err) != LIMN_OK && err.text[0] == '\0'))) {
        abort();
    }
    mem_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct onnx_file *f = NULL;
    limn_error err = {0};
    limn_status st = onnx_file_parse("model", data, size, &f, &err);
    if ((st == LIMN_OK) != (f != NULL) || (st != LIMN_OK && err.text[0] == '\0')) {
        abort();
    }
    for (size_t i = 0; f != NULL && i < onnx_file_model(f)->graph->n_init && i < 64; i++) {
        read_tensor(&onnx_file_model(f)->graph->init[i]);
    }
    onnx_file_close(&f);
    return 0;
}
