/* CORPUS: torch_pickle. The whole input is a pickle. Whatever it holds, the reader either refuses it with a text or
 * gives values whose tensors lie in their storages; walking them ends. */
#include <stdint.h>
#include <stdlib.h>

#include "model/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tensor(const struct pickle_tensor *t)
{
    size_t last = (size_t)t->offset, elems = 1;
    for (int32_t i = 0; i < t->rank; i++) {
        elems *= (size_t)t->dim[i];
    }
    if (elems != t->elems || elems > (size_t)t->storage->elems) {
        abort();
    }
    for (int32_t i = 0; i < t->rank && elems > 0; i++) {
        last += (size_t)(t->dim[i] - 1) * (size_t)t->stride[i];
    }
    if (elems > 0 && last >= (size_t)t->storage->elems) {
        abort();
    }
}

/* Down to a fixed depth and number: values may be shared, and lists may hold themselves. */
static size_t walk(const struct pickle_value *v, int depth, size_t budget)
{
    if (v->kind == PICKLE_MARK) {
        abort();
    }
    if (v->kind == PICKLE_TENSOR) {
        check_tensor(v->u.tensor);
    }
    bool seq = v->kind == PICKLE_TUPLE || v->kind == PICKLE_LIST || v->kind == PICKLE_DICT;
    for (size_t i = 0; seq && depth < 64 && i < v->u.seq.n && budget > 0; i++) {
        budget = walk(v->u.seq.item[i], depth + 1, budget - 1);
    }
    return budget;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct pickle p = {0};
    limn_error err = {0};
    bool cut = false;
    limn_status st = pickle_parse(data, size, &a, &p, &cut, &err);
    if ((st == LIMN_OK) != (p.root != NULL) || (st != LIMN_OK && err.text[0] == '\0') || (st == LIMN_OK && cut)) {
        abort();
    }
    if (st == LIMN_OK) {
        if (p.used == 0 || p.used > size) {
            abort();
        }
        walk(p.root, 0, 10000);
        pickle_get(p.root, "state_dict");
    }
    arena_finish(&a);
    return 0;
}
