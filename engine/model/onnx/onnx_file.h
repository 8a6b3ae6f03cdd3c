/* ONNX files as plain structs: what the rest of the engine sees of the format. decode.c is the only file that knows
 * protobuf-c; it runs after wire.c walked the bytes (varints, lengths, nesting, with offsets for errors) and took the
 * large raw_data out, so that weights stream from the file instead of lying in memory twice.
 *
 * Source of the format: the ONNX IR specification, IR versions 3 to 10. Everything here belongs to the file's arena and
 * lives until onnx_file_close. Texts are NUL-terminated, never NULL ("" when absent), without NUL inside. */
#ifndef LIMN_MODEL_ONNX_FILE_H
#define LIMN_MODEL_ONNX_FILE_H

#include "ir/graph.h"

#define ONNX_MAX_RANK 8
#define ONNX_MAX_DEPTH 32 /* of graphs within attributes */

enum onnx_type { /* TensorProto.DataType, the numbers of the format */
                 ONNX_UNDEFINED = 0,
                 ONNX_FLOAT = 1,
                 ONNX_UINT8 = 2,
                 ONNX_INT8 = 3,
                 ONNX_UINT16 = 4,
                 ONNX_INT16 = 5,
                 ONNX_INT32 = 6,
                 ONNX_INT64 = 7,
                 ONNX_STRING = 8,
                 ONNX_BOOL = 9,
                 ONNX_FLOAT16 = 10,
                 ONNX_DOUBLE = 11,
                 ONNX_UINT32 = 12,
                 ONNX_UINT64 = 13,
                 ONNX_BFLOAT16 = 16
};
const char *onnx_type_name(int32_t type); /* "float32", "int64", "type 77" never: "unknown" */

struct onnx_file;

struct onnx_tensor {
    struct const_source source; /* reads float32 from any numeric type; streams from the file or the external file */
    const struct onnx_file *owner;
    const char *name;
    int32_t type; /* a numeric enum onnx_type; STRING tensors have elems but cannot be read */
    int32_t rank; /* 0 for a scalar */
    int64_t dim[ONNX_MAX_RANK];
    size_t elems;      /* checked: 0 allowed, the bytes are there */
    const void *where; /* onnx_tensor.c's own */
};
/* All elements as float64, or as int64 (LIMN_ERR_FORMAT for a floating type whose value is not whole). `n` is elems. */
limn_status onnx_tensor_f64(const struct onnx_tensor *t, double *dst, size_t n, limn_error *err);
limn_status onnx_tensor_i64(const struct onnx_tensor *t, int64_t *dst, size_t n, limn_error *err);
/* All elements in their own type, little-endian. */
limn_status onnx_tensor_raw(const struct onnx_tensor *t, void *dst, size_t n, limn_error *err);
bool onnx_type_dtype(int32_t type, enum dtype *out); /* false: none of limn's */

enum onnx_attr_type { /* AttributeProto.AttributeType, the numbers of the format; others are refused by name */
                      ONNX_ATTR_FLOAT = 1,
                      ONNX_ATTR_INT = 2,
                      ONNX_ATTR_STRING = 3,
                      ONNX_ATTR_TENSOR = 4,
                      ONNX_ATTR_GRAPH = 5,
                      ONNX_ATTR_FLOATS = 6,
                      ONNX_ATTR_INTS = 7,
                      ONNX_ATTR_STRINGS = 8
};
struct onnx_attr {
    const char *name;
    const char *ref; /* within a function: the attribute of the call that stands here; "" otherwise */
    int32_t type;    /* 0 only with a ref */
    float f;
    int64_t i;
    const char *s;
    const struct onnx_tensor *tensor;
    const struct onnx_graph *graph;
    size_t n; /* of the list below that `type` names */
    const float *floats;
    const int64_t *ints;
    const char *const *strings;
};

struct onnx_node {
    const char *name, *op, *domain; /* domain "" for ai.onnx, which is also read as "" */
    size_t n_in, n_out, n_attr;
    const char *const *in, *const *out; /* "" for an absent optional one */
    const struct onnx_attr *attr;
};

struct onnx_value { /* a declared input, output or inner value */
    const char *name;
    int32_t type;               /* ONNX_UNDEFINED when not a tensor or not said */
    int32_t rank;               /* -1: not said */
    int64_t dim[ONNX_MAX_RANK]; /* -1: symbolic or not said */
    const char *param[ONNX_MAX_RANK];
};

struct onnx_graph {
    const char *name;
    size_t n_node, n_init, n_input, n_output, n_value;
    const struct onnx_node *node; /* in the file's order, which need not be topological in broken files */
    const struct onnx_tensor *init;
    const struct onnx_value *input, *output, *value; /* `input` as declared: older files list initializers too */
};

struct onnx_function { /* a model-local function: an operator made of nodes */
    const char *name, *domain;
    size_t n_in, n_out, n_attr, n_node;
    const char *const *in, *const *out, *const *attr; /* attr: names without a default */
    const struct onnx_node *node;
    size_t n_default;
    const struct onnx_attr *attr_default; /* attributes with a default */
    int64_t opset;                        /* of the default domain; 0: the model's */
};

struct onnx_model {
    int64_t ir_version;
    int64_t opset; /* of the default domain; 0 when not imported */
    size_t n_domain;
    const char *const *domain; /* other imported domains */
    const char *producer;
    const struct onnx_graph *graph;
    size_t n_function;
    const struct onnx_function *function;
};

/* True when the first bytes of a file may be those of an ONNX model (told from safetensors, zip, pickle streams). */
bool onnx_file_is(const uint8_t *head, size_t n);
limn_status onnx_file_open(const char *path, struct onnx_file **out, limn_error *err);
/* The same on bytes in memory, without external data: for tests and fuzzing. `data` must outlive the file. */
limn_status onnx_file_parse(const char *name, const void *data, size_t size, struct onnx_file **out, limn_error *err);
void onnx_file_close(struct onnx_file **f); /* NULL-safe */
const struct onnx_model *onnx_file_model(const struct onnx_file *f);
/* One serialized TensorProto (the .pb files beside test models). The tensor lives as long as *out. */
limn_status onnx_tensor_open(const char *path, struct onnx_file **out, const struct onnx_tensor **tensor,
                             limn_error *err);

#endif
