/* CORPUS: onnx. The whole input is a model. Whatever it holds, the import either refuses it with a text or makes a
 * graph whose names, shapes and nodes hold together; a small graph is rewritten, differentiated and run as well. */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "exec/exec.h"
#include "model/onnx/onnx_import.h"
#include "onnx_mutate.h"
#include "pass/pass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RUN_MAX = 20000 }; /* elements of all values, and nodes, of a graph that is run */

static void check_import(const struct onnx_import *i)
{
    const struct graph *g = i->graph;
    limn_error err = {0};
    for (size_t k = 0; k < i->n_layer; k++) {
        if (i->layer[k].value < 0 || (size_t)i->layer[k].value >= g->n_value || i->layer[k].name[0] == '\0') {
            abort();
        }
    }
    for (size_t k = 0; k < i->n_output; k++) {
        if (i->output[k].value < 0 || (size_t)i->output[k].value >= g->n_value) {
            abort();
        }
    }
    for (size_t k = 0; k < g->n_value; k++) {
        if (shape_check(&g->value[k].shape, &err) != LIMN_OK) {
            abort();
        }
    }
}

/* Elements read and written by all nodes: what running costs, roughly. */
static size_t work_of(const struct graph *g)
{
    size_t n = 0;
    for (size_t k = 0; k < g->n_value && n < RUN_MAX; k++) {
        n += shape_elems(&g->value[k].shape);
    }
    for (size_t k = 0; k < g->n_node && n < RUN_MAX; k++) {
        size_t in = 1;
        for (int32_t j = 0; j < g->node[k].n_in && j < 2; j++) { /* products: the sizes multiply at worst */
            in *= g->node[k].in[j] == VALUE_NONE ? 1 : shape_elems(&g->value[g->node[k].in[j]].shape);
            in = in > RUN_MAX ? RUN_MAX : in;
        }
        n += in;
    }
    return n;
}

static void run(struct onnx_import *i)
{
    struct graph *g = i->graph;
    struct exec *e = NULL;
    limn_error err = {0};
    value_id grad = VALUE_NONE;
    float *zero = mem_zalloc(RUN_MAX, sizeof *zero);
    for (size_t k = 0; k < i->n_output; k++) {
        g->value[i->output[k].value].flags |= VALUE_OUTPUT;
    }
    if (i->n_input > 0 && i->n_output > 0) {
        value_id y = i->output[0].value;
        struct builder b = {.g = g, .status = LIMN_OK, .err = &err};
        value_id seed = build_fill(&b, g->value[y].shape, 1);
        if (b.status == LIMN_OK && autodiff(g, NULL, y, seed, &i->input[0].value, 1, &grad, &err) == LIMN_OK) {
            g->value[grad].flags |= VALUE_OUTPUT;
        }
    }
    if (work_of(g) < 10 * (size_t)RUN_MAX && graph_optimise(g, OPTIMISE_ALL, &err) == LIMN_OK && zero != NULL &&
        exec_ref_create(g, &e, &err) == LIMN_OK) {
        for (size_t k = 0; k < i->n_input; k++) {
            exec_set(e, i->input[k].value, zero, shape_elems(&g->value[i->input[k].value].shape), &err);
        }
        exec_run(e, 0, 1, &err);
    }
    exec_destroy(&e);
    mem_free(zero);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct onnx_file *f = NULL;
    struct onnx_import i = {0};
    struct onnx_bind bind = {.batch = 1, .depth = 4, .height = 6, .width = 6};
    limn_error err = {0};
    if (onnx_file_parse("model", data, size, &f, &err) == LIMN_OK) {
        limn_status st = onnx_import(f, &bind, &i, &err);
        if ((st == LIMN_OK) != (i.graph != NULL) || (st != LIMN_OK && err.text[0] == '\0')) {
            abort();
        }
        if (st == LIMN_OK) {
            check_import(&i);
            if (work_of(i.graph) < RUN_MAX) {
                run(&i);
            }
        }
    }
    onnx_import_finish(&i);
    onnx_file_close(&f);
    return 0;
}
