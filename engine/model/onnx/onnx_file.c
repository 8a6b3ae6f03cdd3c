/* Opening ONNX files: what kind of file it is, the walk over its bytes (wire.c), decoding (decode.c). Weights are not
 * read: they stream from the file when a constant is asked for. */
#include "model/onnx/onnx_priv.h"

#include <string.h>

#include "base/checked.h"
#include "base/str.h"

#define FILE_MAX ((uint64_t)1 << 31)
#define BUDGET_BASE ((size_t)64 << 20)

limn_status onnx_bytes_read(const struct onnx_bytes *b, uint64_t at, void *dst, size_t n, limn_error *err)
{
    if (at > b->size || n > b->size - at) {
        return err_set(err, LIMN_ERR_FORMAT, "offset %llu: %zu bytes beyond the end (%llu bytes)",
                       (unsigned long long)at, n, (unsigned long long)b->size);
    }
    if (b->file != NULL) {
        return file_read_at(b->file, at, dst, n, err);
    }
    if (n > 0) {
        memcpy(dst, b->data + at, n);
    }
    return LIMN_OK;
}

bool onnx_budget_take(struct onnx_budget *b, size_t n)
{
    if (n > b->left) {
        b->spent = true;
        return false;
    }
    b->left -= n;
    return true;
}

void onnx_budget_give(struct onnx_budget *b, size_t n)
{
    b->left += n;
}

limn_status onnx_budget_error(const struct onnx_budget *b, limn_error *err)
{
    return err_set(err, LIMN_ERR_FORMAT, "structure takes more than %zu bytes of memory (64 MiB and twice the file)",
                   b->all);
}

/* The first bytes of a message ModelProto: a field that it has, of the right wire type. */
bool onnx_file_is(const uint8_t *head, size_t n)
{
    if (n < 2 || (n >= 9 && memcmp(head + 4, "\0\0\0\0{", 5) == 0)) { /* a safetensors header */
        return false;
    }
    switch (head[0]) {
    case 1 << 3 | 0: /* ir_version, then the next field */
        return head[1] > 0 && head[1] < 0x80 && (n < 3 || head[2] != 0);
    case 2 << 3 | 2: /* producer_name, producer_version, domain */
    case 3 << 3 | 2:
    case 4 << 3 | 2:
    case 5 << 3 | 0: /* model_version */
    case 6 << 3 | 2: /* doc_string */
    case 7 << 3 | 2: /* graph */
    case 8 << 3 | 2: /* opset_import */
        return true;
    default:
        return false;
    }
}

/* What people have under the name of a model that is none. */
static const char *other_format(const uint8_t *head, size_t n)
{
    static const struct {
        const char *mark, *what;
        size_t n;
    } known[] = {{"version https://git-lfs", "a git-lfs pointer: the model itself was not fetched (git lfs pull)", 23},
                 {"\x1f\x8b", "gzip data: unpack it first", 2},
                 {"PK\x03\x04", "a zip archive (a PyTorch checkpoint?)", 4},
                 {"\x80\x02", "a pickle (a PyTorch checkpoint?)", 2},
                 {"\x89HDF", "an HDF5 file", 4}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (n >= known[i].n && memcmp(head, known[i].mark, known[i].n) == 0) {
            return known[i].what;
        }
    }
    size_t at = 0, printable = 0;
    while (at < n && (head[at] == ' ' || (head[at] >= '\t' && head[at] <= '\r'))) {
        at++;
    }
    if (at < n && head[at] == '<') {
        return "HTML or XML (a web page saved in place of the file?)";
    }
    for (size_t i = at; i < n; i++) {
        printable += (head[i] >= ' ' && head[i] < 0x7f) || (head[i] >= '\t' && head[i] <= '\r');
    }
    return n >= 8 && printable == n - at ? "text" : NULL;
}

static limn_status check_kind(struct onnx_file *f, enum onnx_message root, limn_error *err)
{
    uint8_t head[512];
    size_t n = f->bytes.size < sizeof head ? (size_t)f->bytes.size : sizeof head;
    if (n == 0) {
        return err_set(err, LIMN_ERR_FORMAT, "offset 0: empty file");
    }
    if (f->bytes.size > FILE_MAX) {
        return err_set(err, LIMN_ERR_FORMAT, "%llu bytes (expected at most %llu; larger models keep external data)",
                       (unsigned long long)f->bytes.size, (unsigned long long)FILE_MAX);
    }
    limn_status st = onnx_bytes_read(&f->bytes, 0, head, n, err);
    if (st != LIMN_OK || root != ONNX_MSG_MODEL) {
        return st;
    }
    const char *what = other_format(head, n);
    return what == NULL ? LIMN_OK : err_set(err, LIMN_ERR_FORMAT, "offset 0: not an ONNX model but %s", what);
}

/* Walks and decodes what f->bytes says. */
static limn_status read_message(struct onnx_file *f, enum onnx_message root, limn_error *err)
{
    struct onnx_copy copy = {0};
    limn_status st = LIMN_OK;
    TRY(check_kind(f, root, err));
    f->budget.all = BUDGET_BASE;
    if (!add_size(f->budget.all, 2 * (size_t)f->bytes.size, &f->budget.all)) { /* at most 2^32 */
        f->budget.all = SIZE_MAX;
    }
    f->budget.left = f->budget.all;
    TRY(onnx_wire_walk(&f->bytes, root, &f->budget, &copy, err));
    TRY(onnx_decode(f, root, &copy, err));
out:
    onnx_copy_finish(&copy, &f->budget);
    return st;
}

/* The directory that holds `path`, for external data. */
static limn_status set_dir(struct onnx_file *f, const char *path, limn_error *err)
{
    const char *slash = strrchr(path, '/');
    f->dir = slash == NULL   ? arena_strdup(&f->arena, ".")
             : slash == path ? arena_strdup(&f->arena, "/")
                             : arena_printf(&f->arena, "%.*s", (int)(slash - path), path);
    return f->dir != NULL ? LIMN_OK : err_nomem(err, strlen(path), "a path");
}

/* Puts the model's name in front of a text that does not have it yet. */
static void name_error(limn_status st, const char *name, limn_error *err)
{
    if (st != LIMN_OK && st != LIMN_ERR_NOMEM && err != NULL && !str_starts(err->text, name)) {
        err_at(err, "%s", name);
    }
}

static limn_status open_path(const char *path, enum onnx_message root, struct onnx_file **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct onnx_file *f = mem_zalloc(1, sizeof *f);
    if (f == NULL) {
        return err_nomem(err, sizeof *f, "a model file");
    }
    TRY(file_open(path, &f->bytes.file, err));
    f->bytes.size = file_size(f->bytes.file);
    TRY(set_dir(f, path, err));
    st = read_message(f, root, err);
    name_error(st, path, err);
    TRY(st);
    *out = f;
    f = NULL;
out:
    onnx_file_close(&f);
    return st;
}

limn_status onnx_file_open(const char *path, struct onnx_file **out, limn_error *err)
{
    return open_path(path, ONNX_MSG_MODEL, out, err);
}

limn_status onnx_file_parse(const char *name, const void *data, size_t size, struct onnx_file **out, limn_error *err)
{
    struct onnx_file *f = mem_zalloc(1, sizeof *f);
    if (f == NULL) {
        return err_nomem(err, sizeof *f, "a model file");
    }
    f->bytes = (struct onnx_bytes){.data = data, .size = size};
    limn_status st = read_message(f, ONNX_MSG_MODEL, err);
    if (st == LIMN_OK) {
        *out = f;
        return LIMN_OK;
    }
    name_error(st, name, err);
    onnx_file_close(&f);
    return st;
}

limn_status onnx_tensor_open(const char *path, struct onnx_file **out, const struct onnx_tensor **tensor,
                             limn_error *err)
{
    limn_status st = open_path(path, ONNX_MSG_TENSOR, out, err);
    if (st == LIMN_OK) {
        *tensor = (*out)->tensor;
    }
    return st;
}

void onnx_file_close(struct onnx_file **f)
{
    if (f == NULL || *f == NULL) {
        return;
    }
    onnx_external_close(&(*f)->external);
    file_close(&(*f)->bytes.file);
    arena_finish(&(*f)->arena);
    mem_free(*f);
    *f = NULL;
}

const struct onnx_model *onnx_file_model(const struct onnx_file *f)
{
    return &f->model;
}
