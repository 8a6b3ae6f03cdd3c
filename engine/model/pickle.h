/* Python pickles of tensors, read as plain values. Nothing is executed and no object is built: a pickle that wants more
 * than dictionaries of tensors and numbers is refused by the name of what it wants. */
#ifndef LIMN_MODEL_PICKLE_H
#define LIMN_MODEL_PICKLE_H

#include "base/mem.h"
#include "tensor/tensor.h"

#define PICKLE_MAX_BYTES (64u << 20)
#define PICKLE_MAX_RANK 8

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_FLOAT,
    PICKLE_STR,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT, /* item: key, value, key, value, ... in the order they were set */
    PICKLE_GLOBAL,
    PICKLE_STORAGE,
    PICKLE_TENSOR,
    PICKLE_MARK /* on the stack only */
};

struct pickle_storage {
    const char *key;
    enum dtype dtype;
    int64_t elems;
    const struct pickle_storage *next; /* the one read before */
};

struct pickle_tensor {
    const struct pickle_storage *storage;
    int64_t offset; /* in elements; every element lies inside the storage */
    int32_t rank;
    int64_t dim[PICKLE_MAX_RANK], stride[PICKLE_MAX_RANK];
    size_t elems;
};

struct pickle_value {
    enum pickle_kind kind;
    int32_t depth;
    union {
        int64_t i; /* also bool; the row of a global */
        double f;
        struct {
            const char *s; /* NUL-terminated, without NUL inside */
        } str;
        struct {
            struct pickle_value **item;
            size_t n, cap;
            bool ordered;
        } seq;
        const struct pickle_storage *storage;
        const struct pickle_tensor *tensor;
    } u;
};

struct pickle {
    const struct pickle_value *root;
    const struct pickle_storage *storages; /* the last one; follow `next` */
    size_t used;                           /* bytes up to and with STOP */
};

/* Reads one pickle from the front of `data`; the values live in `a`. *cut: the pickle goes on past `size`. The error
 * text names opcode and byte offset. */
limn_status pickle_parse(const uint8_t *data, size_t size, struct arena *a, struct pickle *out, bool *cut,
                         limn_error *err);
/* The value of a text key in a dictionary; NULL when there is none. */
const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key);

#endif
