/* Shared by the files of the ONNX reader: where bytes come from, what memory may be used, and the steps of opening. */
#ifndef LIMN_MODEL_ONNX_PRIV_H
#define LIMN_MODEL_ONNX_PRIV_H

#include "base/file.h"
#include "base/mem.h"
#include "model/onnx/onnx_file.h"

/* Bytes of a model: of a file, or in memory. */
struct onnx_bytes {
    struct file *file;   /* NULL: memory */
    const uint8_t *data; /* memory only */
    uint64_t size;
};
limn_status onnx_bytes_read(const struct onnx_bytes *b, uint64_t at, void *dst, size_t n, limn_error *err);

/* What opening may still allocate: 64 MiB and twice the file's size, so that a small file cannot ask for much. */
struct onnx_budget {
    size_t all, left;
    bool spent; /* a request was refused for this reason */
};
bool onnx_budget_take(struct onnx_budget *b, size_t n);
void onnx_budget_give(struct onnx_budget *b, size_t n);
limn_status onnx_budget_error(const struct onnx_budget *b, limn_error *err);

/* wire.c: walks the bytes of a message by the wire rules and copies what onnx.proto declares, with the numbers of
 * tensors replaced by their place in the file. */
enum onnx_message {
    ONNX_MSG_NONE,
    ONNX_MSG_MODEL,
    ONNX_MSG_GRAPH,
    ONNX_MSG_NODE,
    ONNX_MSG_ATTRIBUTE,
    ONNX_MSG_TENSOR,
    ONNX_MSG_VALUE,
    ONNX_MSG_TYPE,
    ONNX_MSG_TENSOR_TYPE,
    ONNX_MSG_SHAPE,
    ONNX_MSG_DIMENSION,
    ONNX_MSG_OPSET,
    ONNX_MSG_ENTRY,
    ONNX_MSG_FUNCTION,
    ONNX_MSG_COUNT
};
enum { ONNX_FIELD_STRINGS = 6, ONNX_FIELD_RAW = 9 }; /* of TensorProto */
struct onnx_copy {
    uint8_t *data;
    size_t n, cap;
};
limn_status onnx_wire_walk(const struct onnx_bytes *in, enum onnx_message root, struct onnx_budget *budget,
                           struct onnx_copy *out, limn_error *err);
void onnx_copy_finish(struct onnx_copy *c, struct onnx_budget *budget); /* zeroed struct allowed */

/* The numbers of a tensor. */
struct onnx_data {
    struct onnx_bytes bytes;
    uint64_t at, size, count; /* count: elements, as the file's field holds them */
    int32_t field;            /* 0: none; ONNX_FIELD_RAW also for external data */
    bool tagged;
};

struct onnx_file {
    struct arena arena;
    struct onnx_budget budget;
    struct onnx_bytes bytes;
    char *dir; /* of external data; NULL: not allowed */
    struct onnx_external *external;
    struct onnx_model model;
    struct onnx_tensor *tensor; /* of a file that is one tensor */
};

/* decode.c */
limn_status onnx_decode(struct onnx_file *f, enum onnx_message root, const struct onnx_copy *in, limn_error *err);

/* tensor.c */
size_t onnx_type_size(int32_t type); /* bytes of an element; 0: not a number type that limn reads */
/* Checks that type, dimensions and numbers agree, and gives the tensor its source. t: name, type, rank, dim set. */
limn_status onnx_tensor_set(struct onnx_file *f, struct onnx_tensor *t, const struct onnx_data *d, limn_error *err);

/* external.c */
struct onnx_place { /* keys of external_data; "" when absent */
    const char *location, *offset, *length;
};
/* The external file's bytes [*at, *at + bytes), checked against its size. */
limn_status onnx_external_find(struct onnx_file *f, const struct onnx_place *place, uint64_t bytes,
                               struct onnx_bytes *out, uint64_t *at, limn_error *err);
/* Opens `location`, which must stay within directory `dir`, without following links. by_kernel: let openat2 see to it
 * when there is one; otherwise component by component. */
limn_status onnx_external_open(const char *dir, const char *location, bool by_kernel, struct file **out,
                               limn_error *err);
void onnx_external_close(struct onnx_external **list);

#endif
