/* CORPUS: safetensors. The whole input is a safetensors file in memory. Whatever it holds, the reader either refuses it
 * with a text or gives tensors whose ranges tile the data. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walking an object entry by entry accepts exactly what parsing it whole does, duplicate keys apart. */
static void compare_walk(const char *text, size_t size)
{
    struct json_walk w;
    char *key = NULL;
    json_t *v = NULL, *root = NULL;
    limn_error err = {0};
    size_t n = 0;
    limn_status walked = json_walk_begin(&w, text, size, 8, false, NULL);
    while (walked == LIMN_OK && (walked = json_walk_next(&w, &key, &v, NULL)) == LIMN_OK && key != NULL) {
        mem_free(key);
        json_decref(v);
        n++;
    }
    limn_status parsed = json_parse(text, size, 8, false, &root, &err);
    if (parsed == LIMN_OK ? walked != LIMN_OK || n != json_object_size(root)
                          : walked == LIMN_OK && strstr(err.text, "duplicate") == NULL) {
        abort();
    }
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct safetensors *s = NULL;
    limn_error err = {0};
    if (size > 8) {
        compare_walk((const char *)data + 8, size - 8);
    }
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
