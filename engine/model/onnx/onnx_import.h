/* From an ONNX graph to ours: operators through the table in onnx_ops.def (one row each, families in op_*.c), integer
 * and boolean arithmetic folded on the host, names kept. Opsets 7 to 18 and, where the operators have not changed,
 * later ones.
 *
 * Device tensors are float32. What the file computes in integers or booleans (shapes, indices, conditions) must follow
 * from constants and shapes; the exceptions (comparisons whose result feeds Where, ArgMax and TopK outputs, ...) are
 * floats that hold 0/1 or whole numbers, and `type` of the output says what the file would call it.
 *
 * Names: a value has its ONNX name; aliases: the node's name, and the PyTorch module path that torch's exporter left in
 * scopes ("/features/features.12/Conv" makes "features.12" the last output within that scope; the top-level names lose
 * their leading "/"). */
#ifndef LIMN_MODEL_ONNX_IMPORT_H
#define LIMN_MODEL_ONNX_IMPORT_H

#include "model/onnx/onnx_file.h"

struct onnx_given { /* an input that is a constant of this import: integer inputs, shapes, weights fed from outside */
    const char *name;
    const struct onnx_tensor *tensor;  /* or NULL: */
    const struct const_source *source; /* float32 numbers of the shape that the file declares */
};
struct onnx_bind { /* zero: as the file says */
    int32_t batch; /* for a first dimension that is symbolic or 1; 0: what the file says, 1 when symbolic */
    int32_t depth, height, width; /* for symbolic spatial dimensions of the inputs */
    const struct onnx_given *given;
    size_t n_given;
};

struct onnx_port {
    const char *name;
    value_id value;
    int32_t type; /* enum onnx_type of the file */
};
struct onnx_layer {   /* for people, in order of execution */
    const char *name; /* module path or node name */
    const char *op;   /* "Conv"; "" for a scope that holds several nodes */
    value_id value;
    uint64_t params;
};
struct onnx_import {
    struct graph *graph;              /* yours: graph_destroy; constants read from the file, which must outlive it */
    struct onnx_port *input, *output; /* in the graph's arena; inputs without initializers and given ones */
    size_t n_input, n_output;
    struct onnx_layer *layer;
    size_t n_layer;
};

/* Every operator that limn does not know, in one text, before anything is built: "Foo (3 nodes, first \"n1\"), Bar
 * ..."; at most 20 by name. LIMN_OK when there is none. */
limn_status onnx_unsupported(const struct onnx_model *m, limn_error *err);
/* LIMN_ERR_UNSUPPORTED (operators, dtypes, data-dependent shapes), LIMN_ERR_FORMAT (undefined or duplicate values,
 * cycles, wrong attributes; the node is named), LIMN_ERR_SHAPE. */
limn_status onnx_import(const struct onnx_file *f, const struct onnx_bind *bind, struct onnx_import *out,
                        limn_error *err);
void onnx_import_finish(struct onnx_import *i); /* destroys the graph; zeroed struct allowed */

#endif
