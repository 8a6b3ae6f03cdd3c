/* Writing safetensors: the header first, since types and shapes are known before any number is read, padded with spaces
 * so that the data starts at a multiple of 8; then tensor after tensor, without holes. */
#include "model/st_write.h"

#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"

#define HEADER_MAX 100000000u

static limn_status add_entry(json_t *header, const struct st_tensor *t, uint64_t begin, limn_error *err)
{
    if (strcmp(t->name, "__metadata__") == 0) {
        return err_set(err, LIMN_ERR_FORMAT, "a tensor is called __metadata__, which safetensors keeps for texts");
    }
    if (!str_is_utf8(t->name, strlen(t->name))) {
        return err_set(err, LIMN_ERR_FORMAT, "tensor \"%s\": its name is not UTF-8", t->name);
    }
    json_t *shape = json_array(), *entry = NULL;
    bool whole = shape != NULL;
    for (int32_t i = 0; i < t->rank; i++) {
        whole = whole && json_array_append_new(shape, json_integer(t->dim[i])) == 0;
    }
    if (whole) {
        entry = json_pack("{s:s, s:O, s:[I, I]}", "dtype", dtype_name(t->dtype), "shape", shape, "data_offsets",
                          (json_int_t)begin, (json_int_t)(begin + t->bytes));
    }
    json_decref(shape);
    whole = entry && json_object_set_new(header, t->name, entry) == 0;
    return whole ? LIMN_OK : err_nomem(err, sizeof(*t), t->name);
}

/* Length and header in one block; free with mem_free. */
static limn_status make_header(const struct st_tensor *const *t, size_t n, const struct st_note *note, size_t n_note,
                               uint8_t **out, size_t *size, limn_error *err)
{
    json_t *header = json_object(), *notes = n_note ? json_object() : NULL;
    limn_status st = LIMN_OK;
    size_t bytes = 0, padded = 0, at = 0;
    uint8_t *block = NULL;
    char *text = NULL;
    bool whole = header && (notes || !n_note);
    for (size_t i = 0; whole && i < n_note; i++) {
        whole = json_object_set_new(notes, note[i].key, json_string(note[i].value)) == 0;
    }
    if (!whole || (notes && json_object_set(header, "__metadata__", notes) != 0)) {
        TRY(err_nomem(err, 256, "a weight file's header"));
    }
    for (size_t i = 0; i < n; i++) {
        TRY(add_entry(header, t[i], at, err));
        if (!add_size(at, (size_t)t[i]->bytes, &at) || at > INT64_MAX) {
            TRY(err_set(err, LIMN_ERR_FORMAT, "tensor \"%s\": the tensors' bytes overflow", t[i]->name));
        }
    }
    TRY(json_write(json_incref(header), JSON_COMPACT, "a weight file's header", &text, &bytes, err));
    if (bytes > HEADER_MAX || !align_size(bytes, 8, &padded)) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "header of %zu bytes (expected 1 to %u)", bytes, HEADER_MAX));
    }
    block = mem_alloc(padded + 8, 1);
    if (block == NULL) {
        TRY(err_nomem(err, padded + 8, "a weight file's header"));
    }
    memset(block, ' ', padded + 8);
    for (int b = 0; b < 8; b++) {
        block[b] = (uint8_t)((uint64_t)padded >> (8 * b));
    }
    memcpy(block + 8, text, bytes);
    *out = block;
    *size = padded + 8;
out:
    mem_free(text);
    json_decref(notes);
    json_decref(header);
    return st;
}

limn_status safetensors_begin(struct file_writer *w, const struct st_tensor *const *t, size_t n,
                              const struct st_note *note, size_t n_note, uint8_t **head, size_t *head_size,
                              limn_error *err)
{
    uint8_t *header = NULL;
    size_t size = 0;
    limn_status st = LIMN_OK;
    TRY(make_header(t, n, note, n_note, &header, &size, err));
    TRY(file_writer_add(w, header, size, err));
    if (head != NULL) {
        *head = header;
        *head_size = size;
        header = NULL;
    }
out:
    mem_free(header);
    return st;
}

static limn_status write_tensors(const struct tensor_file *from, struct file_writer *w, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t most = 0;
    for (size_t i = 0; i < tensor_file_count(from); i++) {
        size_t bytes = (size_t)tensor_file_at(from, i)->bytes;
        most = bytes > most ? bytes : most;
    }
    uint8_t *buf = mem_alloc(most, 1);
    if (buf == NULL) {
        return err_nomem(err, most, "the largest tensor");
    }
    for (size_t i = 0; i < tensor_file_count(from); i++) {
        const struct st_tensor *t = tensor_file_at(from, i);
        TRY(tensor_file_read(from, i, buf, err));
        TRY(file_writer_add(w, buf, (size_t)t->bytes, err));
    }
out:
    mem_free(buf);
    return st;
}

limn_status safetensors_write(const struct tensor_file *from, const char *path, bool force, limn_error *err)
{
    struct file_writer *w = NULL;
    size_t n = tensor_file_count(from);
    limn_status st = LIMN_OK;
    const struct st_tensor **list = mem_alloc(n + 1, sizeof(*list));
    if (list == NULL) {
        return err_nomem(err, n * sizeof(*list), "a list of tensors");
    }
    for (size_t i = 0; i < n; i++) {
        list[i] = tensor_file_at(from, i);
    }
    TRY(file_writer_open(path, force, &w, err));
    TRY(safetensors_begin(w, list, n, NULL, 0, NULL, NULL, err));
    TRY(write_tensors(from, w, err));
    st = file_writer_commit(&w, err);
out:
    file_writer_abort(&w);
    mem_free(list);
    return st;
}
