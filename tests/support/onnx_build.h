/* Small ONNX models written as text, for tests that need a model no file has. Lines (or pieces between ';'):
 *   opset 13 | domain NAME          versions that are imported
 *   input NAME TYPE DIM ...         TYPE: float, int64, int32, uint8, int8, bool; DIM a number or a name
 *   output NAME TYPE DIM ...
 *   init NAME TYPE DIM ... = V ...  numbers in order; the last one repeats ("= 0.5" fills)
 *   node OP IN ... -> OUT ... | ATTR=VALUE ...   "_" is an absent input; "OP@DOMAIN" and "OP#NAME" are allowed
 *     values: 3 an int, 0.5 a float, 'text' a text, [1,2] ints, [1.,2.] floats, {init} a tensor of an init line,
 *     <name> the graph of that name, &ref a reference to an attribute of the function's call
 *   graph NAME ... end              a graph for attributes
 *   function NAME DOMAIN IN ... -> OUT ... | ATTR ...    ... end */
#ifndef LIMN_TEST_ONNX_BUILD_H
#define LIMN_TEST_ONNX_BUILD_H

#include "model/onnx/onnx_file.h"

struct onnx_bytes {
    uint8_t *data; /* mem_free */
    size_t n, cap;
};
/* The serialized model; aborts the program on a text it does not understand. */
struct onnx_bytes onnx_build(const char *text);

#endif
