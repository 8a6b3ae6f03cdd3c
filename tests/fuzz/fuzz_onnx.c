/* CORPUS: onnx. The whole input is a model. Whatever it holds, the reader either refuses it with a text or gives
 * tensors that can be read, of as many elements as their dimensions say; and the importer refuses the graph with a text
 * or makes one whose nodes read what comes before them. */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/onnx/import.h"
#include "onnx_mutate.h"

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

static void check_graph(const struct graph *g)
{
    for (size_t i = 0; i < g->n_node; i++) {
        for (int32_t k = 0; k < g->node[i].n_in; k++) {
            value_id v = g->node[i].in[k];
            if (v != VALUE_NONE && (v < 0 || (size_t)v >= g->n_value || g->value[v].producer >= (int32_t)i)) {
                abort();
            }
        }
    }
}

static void import_graph(const struct onnx_file *f)
{
    struct onnx_bind bind = {.batch = 1, .height = 8, .width = 8};
    struct onnx_import r = {0};
    limn_error err = {0};
    limn_status st = onnx_unsupported(onnx_file_model(f), &err);
    if (st == LIMN_OK) {
        st = onnx_import(f, &bind, &r, &err);
    }
    if (st != LIMN_OK && err.text[0] == '\0') {
        abort();
    }
    if (r.graph != NULL) {
        check_graph(r.graph);
    }
    onnx_import_finish(&r);
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
    if (f != NULL) {
        import_graph(f);
    }
    onnx_file_close(&f);
    return 0;
}
