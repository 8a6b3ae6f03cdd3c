/* Reading safetensors (format: github.com/huggingface/safetensors, README "Format").
 *
 *   u64 little-endian N, N bytes of JSON {"NAME": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__":
 * {}}, data
 *
 * Every rule of the format is enforced before anything else is believed: N at most 100 MB and inside the file; '{'
 * first, only spaces after; no duplicate names once unescaped; string metadata; the tensors' byte ranges start at 0,
 * touch each other without hole or overlap, end at the end of the file, and have the size that dtype and shape say. */
#include "model/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "base/json.h"

#define ST_HEADER_MAX 100000000u
#define ST_DEPTH_MAX 8
#define ST_CHUNK 8192 /* elements converted at a time */

struct safetensors {
    struct file *file; /* NULL when parsed from memory */
    uint64_t data;     /* offset of the data section */
    struct st_tensor *tensor;
    size_t n;
    struct arena names;
};

/* What people take for a weight file; said by name, since "header too long" helps nobody. */
static const char *st_known_content(const uint8_t *p, size_t n)
{
    static const struct {
        const char *magic, *what;
    } known[] = {
        {"PK\x03\x04", "a zip archive, e.g. a PyTorch .pth file"},
        {"\x80\x02", "a pickle, e.g. an old PyTorch checkpoint"},
        {"\x1f\x8b", "gzip data (unpack it first)"},
        {"version https://git-lfs", "a git-lfs pointer, not the file itself (run git lfs pull)"},
        {"<!DOCTYPE", "an HTML page (a failed download?)"},
        {"<!doctype", "an HTML page (a failed download?)"},
        {"<html", "an HTML page (a failed download?)"},
        {"<?xml", "an XML document"},
        {"\x93NUMPY", "a NumPy array"},
        {"\x89HDF", "an HDF5 file"},
        {"GGUF", "a GGUF file"},
        {"\x89PNG", "a PNG picture"},
        {"\xff\xd8\xff", "a JPEG picture"},
        {"{", "JSON text"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t m = strlen(known[i].magic);
        if (n >= m && memcmp(p, known[i].magic, m) == 0) {
            return known[i].what;
        }
    }
    if (n >= 3 && p[0] == 0x08 && p[1] < 32 &&
        (p[2] == 0x12 || p[2] == 0x3a)) { /* ir_version, then a text or the graph */
        return "an ONNX model";
    }
    return NULL;
}

static limn_status st_dtype(const char *text, enum dtype *out, limn_error *err)
{
    static const char *const other[] = {"U16", "U32", "U64", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "C64"};
    for (int t = 0; t < DTYPE_COUNT; t++) {
        if (strcmp(text, dtype_name((enum dtype)t)) == 0) {
            *out = (enum dtype)t;
            return LIMN_OK;
        }
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        if (strcmp(text, other[i]) == 0) {
            return err_set(err, LIMN_ERR_UNSUPPORTED, "dtype %s is not one that limn reads", text);
        }
    }
    return err_set(err, LIMN_ERR_FORMAT, "unknown dtype \"%s\"", text);
}

static limn_status st_shape(const json_t *shape, struct st_tensor *t, limn_error *err)
{
    size_t elems = 1;
    if (!json_is_array(shape)) {
        return err_set(err, LIMN_ERR_FORMAT, "shape is not an array");
    }
    if (json_array_size(shape) > ST_MAX_RANK) {
        return err_set(err, LIMN_ERR_FORMAT, "rank %zu (at most %d)", json_array_size(shape), ST_MAX_RANK);
    }
    for (size_t i = 0; i < json_array_size(shape); i++) {
        const json_t *d = json_array_get(shape, i);
        if (!json_is_integer(d) || json_integer_value(d) < 0) {
            return err_set(err, LIMN_ERR_FORMAT, "shape[%zu] is not a non-negative integer", i);
        }
        t->dim[i] = json_integer_value(d);
        if (!mul_size(elems, (size_t)t->dim[i], &elems)) {
            return err_set(err, LIMN_ERR_FORMAT, "shape[%zu]: the number of elements overflows", i);
        }
    }
    t->rank = (int32_t)json_array_size(shape);
    t->elems = elems;
    return LIMN_OK;
}

static limn_status st_range(const json_t *offsets, uint64_t data_bytes, struct st_tensor *t, limn_error *err)
{
    const json_t *b = json_array_get(offsets, 0), *e = json_array_get(offsets, 1);
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 || !json_is_integer(b) || !json_is_integer(e)) {
        return err_set(err, LIMN_ERR_FORMAT, "data_offsets is not [begin, end]");
    }
    long long begin = json_integer_value(b), end = json_integer_value(e);
    if (begin < 0 || end < begin || (unsigned long long)end > data_bytes) {
        return err_set(err, LIMN_ERR_FORMAT, "data_offsets [%lld, %lld] (expected 0 <= begin <= end <= %llu)", begin,
                       end, (unsigned long long)data_bytes);
    }
    size_t bytes;
    if (!mul_size(t->elems, dtype_size(t->dtype), &bytes) || bytes != (unsigned long long)(end - begin)) {
        return err_set(err, LIMN_ERR_FORMAT, "data_offsets span %lld bytes, but %zu elements of %s need %zu each",
                       end - begin, t->elems, dtype_name(t->dtype), dtype_size(t->dtype));
    }
    t->begin = (uint64_t)begin;
    t->bytes = bytes;
    return LIMN_OK;
}

static limn_status st_entry(const json_t *entry, uint64_t data_bytes, struct st_tensor *t, limn_error *err)
{
    limn_status st = LIMN_OK;
    const json_t *dtype = json_object_get(entry, "dtype"), *shape = json_object_get(entry, "shape"),
                 *offsets = json_object_get(entry, "data_offsets");
    if (dtype == NULL || shape == NULL || offsets == NULL || json_object_size(entry) != 3) {
        return err_set(err, LIMN_ERR_FORMAT, "not an object of dtype, shape and data_offsets");
    }
    if (!json_is_string(dtype)) {
        return err_set(err, LIMN_ERR_FORMAT, "dtype is not a string");
    }
    TRY(st_dtype(json_string_value(dtype), &t->dtype, err));
    TRY(st_shape(shape, t, err));
    TRY(st_range(offsets, data_bytes, t, err));
out:
    return st;
}

static limn_status st_metadata(json_t *meta, limn_error *err)
{
    const char *key;
    json_t *v;
    if (!json_is_object(meta)) {
        return err_set(err, LIMN_ERR_FORMAT, "__metadata__ is not an object");
    }
    json_object_foreach (meta, key, v) {
        if (!json_is_string(v)) {
            return err_set(err, LIMN_ERR_FORMAT, "__metadata__: \"%s\" is not a string", key);
        }
    }
    return LIMN_OK;
}

static int st_by_offset(const void *pa, const void *pb)
{
    const struct st_tensor *a = pa, *b = pb;
    if (a->begin != b->begin) {
        return a->begin < b->begin ? -1 : 1;
    }
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? -1 : 1;
    }
    return strcmp(a->name, b->name);
}

/* The ranges, in order, must tile the data section. */
static limn_status st_check_layout(const struct safetensors *s, uint64_t data_bytes, limn_error *err)
{
    uint64_t at = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct st_tensor *t = &s->tensor[i];
        if (t->begin != at) {
            return err_set(err, LIMN_ERR_FORMAT, "tensor \"%s\" starts at data byte %llu (found %s, expected %llu)",
                           t->name, (unsigned long long)t->begin, t->begin > at ? "a hole" : "an overlap",
                           (unsigned long long)at);
        }
        at += t->bytes;
    }
    if (at != data_bytes) {
        return err_set(err, LIMN_ERR_FORMAT, "%llu bytes after the last tensor (expected none)",
                       (unsigned long long)(data_bytes - at));
    }
    return LIMN_OK;
}

static limn_status st_read_part(const struct const_source *source, size_t first, float *dst, size_t n, limn_error *err)
{
    const struct st_tensor *t = (const struct st_tensor *)source;
    const struct safetensors *s = t->owner;
    uint8_t buf[ST_CHUNK * sizeof(float)];
    size_t item = dtype_size(t->dtype), step = sizeof buf / item;
    if (first > t->elems || n > t->elems - first || s->file == NULL) {
        return err_set(err, LIMN_ERR_INTERNAL, "%s: read of %zu elements (expected %zu)", t->name, first + n, t->elems);
    }
    const uint64_t at = s->data + t->begin + (uint64_t)first * item;
    if (t->dtype == DTYPE_F32) {
        return file_read_at(s->file, at, dst, n * sizeof *dst, err);
    }
    for (size_t i = 0; i < n; i += step) {
        size_t m = n - i < step ? n - i : step;
        limn_status st = file_read_at(s->file, at + i * item, buf, m * item, err);
        if (st != LIMN_OK) {
            return st;
        }
        dtype_to_f32(t->dtype, buf, dst + i, m);
    }
    return LIMN_OK;
}

static limn_status st_read(const struct const_source *source, float *dst, size_t n, limn_error *err)
{
    const struct st_tensor *t = (const struct st_tensor *)source;
    return n == t->elems
               ? st_read_part(source, 0, dst, n, err)
               : err_set(err, LIMN_ERR_INTERNAL, "%s: read of %zu elements (expected %zu)", t->name, n, t->elems);
}

static int st_by_name(const void *pa, const void *pb)
{
    return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

/* Two entries of one name would let two readers see different models. */
static limn_status st_check_names(const struct safetensors *s, limn_error *err)
{
    const char **names = mem_alloc(s->n, sizeof *names);
    limn_status st = LIMN_OK;
    if (names == NULL) {
        return err_nomem(err, s->n * sizeof *names, "tensor names");
    }
    for (size_t i = 0; i < s->n; i++) {
        names[i] = s->tensor[i].name;
    }
    qsort(names, s->n, sizeof *names, st_by_name);
    for (size_t i = 1; i < s->n && st == LIMN_OK; i++) {
        if (strcmp(names[i - 1], names[i]) == 0) {
            st = err_set(err, LIMN_ERR_FORMAT, "duplicate name \"%s\"", names[i]);
        }
    }
    mem_free(names);
    return st;
}

/* One entry of the header; `seen` tells whether __metadata__ came before. */
static limn_status st_add(struct safetensors *s, size_t *cap, const char *key, json_t *v, uint64_t data_bytes,
                          bool *seen, limn_error *err)
{
    if (strcmp(key, "__metadata__") == 0) {
        if (*seen) {
            return err_set(err, LIMN_ERR_FORMAT, "duplicate name \"__metadata__\"");
        }
        *seen = true;
        return st_metadata(v, err);
    }
    struct st_tensor t = {.source = {st_read, st_read_part}, .owner = s};
    limn_status st = st_entry(v, data_bytes, &t, err);
    if (st != LIMN_OK) {
        err_at(err, "tensor \"%s\"", key);
        return st;
    }
    st = mem_grow(&s->tensor, cap, s->n + 1, sizeof *s->tensor, err);
    t.name = st == LIMN_OK ? arena_strdup(&s->names, key) : NULL;
    if (st == LIMN_OK && t.name == NULL) {
        st = err_nomem(err, strlen(key) + 1, "a tensor's name");
    }
    if (st == LIMN_OK) {
        s->tensor[s->n++] = t;
    }
    return st;
}

static limn_status st_collect(struct safetensors *s, struct json_walk *w, uint64_t data_bytes, limn_error *err)
{
    char *key = NULL;
    json_t *v = NULL;
    size_t cap = 0;
    bool seen = false, sorted = true;
    limn_status st = json_walk_next(w, &key, &v, err);
    while (st == LIMN_OK && key != NULL) {
        st = st_add(s, &cap, key, v, data_bytes, &seen, err);
        json_decref(v);
        mem_free(key);
        v = NULL;
        key = NULL;
        if (st == LIMN_OK) {
            sorted = sorted && (s->n < 2 || st_by_offset(&s->tensor[s->n - 2], &s->tensor[s->n - 1]) <= 0);
            st = json_walk_next(w, &key, &v, err);
        }
    }
    if (st != LIMN_OK || s->n == 0) {
        return st != LIMN_OK ? st : st_check_layout(s, data_bytes, err);
    }
    st = st_check_names(s, err);
    if (!sorted) {
        qsort(s->tensor, s->n, sizeof *s->tensor, st_by_offset);
    }
    return st != LIMN_OK ? st : st_check_layout(s, data_bytes, err);
}

/* The header's length from the first 8 bytes. */
static limn_status st_header_length(const uint8_t *p, size_t size, uint64_t total, size_t *out, limn_error *err)
{
    uint64_t n = 0;
    const char *what = st_known_content(p, size);
    if (total < 8 || size < 8) {
        return err_set(err, LIMN_ERR_FORMAT, "%llu bytes, %s (expected a safetensors file)", (unsigned long long)total,
                       total == 0 ? "an empty file" : "too short for a header");
    }
    for (int i = 7; i >= 0; i--) {
        n = n << 8 | p[i];
    }
    if (n > ST_HEADER_MAX || n > total - 8) {
        if (what != NULL) {
            return err_set(err, LIMN_ERR_FORMAT, "this is %s; expected safetensors", what);
        }
        return err_set(err, LIMN_ERR_FORMAT, "header of %llu bytes (expected at most %llu): not a safetensors file",
                       (unsigned long long)n,
                       (unsigned long long)(total - 8 < ST_HEADER_MAX ? total - 8 : ST_HEADER_MAX));
    }
    *out = (size_t)n;
    return LIMN_OK;
}

static limn_status st_parse_header(struct safetensors *s, const char *json, size_t n, uint64_t total, limn_error *err)
{
    struct json_walk w;
    s->data = 8 + (uint64_t)n;
    limn_status st = json_walk_begin(&w, json, n, ST_DEPTH_MAX, false, err);
    if (st != LIMN_OK) {
        err_at(err, "header");
        return st;
    }
    return st_collect(s, &w, total - s->data, err);
}

limn_status safetensors_parse(const char *name, const void *data, size_t size, uint64_t total, struct safetensors **out,
                              limn_error *err)
{
    size_t n = 0;
    struct safetensors *s = mem_zalloc(1, sizeof *s);
    limn_status st = LIMN_OK;
    if (s == NULL) {
        return err_nomem(err, sizeof *s, "a weight file");
    }
    TRY(st_header_length(data, size, total, &n, err));
    if (n > size - 8) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "header of %zu bytes (found %zu)", n, size - 8));
    }
    TRY(st_parse_header(s, (const char *)data + 8, n, total, err));
    *out = s;
    s = NULL;
out:
    if (st != LIMN_OK && st != LIMN_ERR_NOMEM) {
        err_at(err, "%s", name);
    }
    safetensors_close(&s);
    return st;
}

limn_status safetensors_open(const char *path, struct safetensors **out, limn_error *err)
{
    struct file *f = NULL;
    uint8_t *head = NULL, first[32] = {0};
    size_t n = 0;
    limn_status st = LIMN_OK;
    TRY(file_open(path, &f, err));
    uint64_t total = file_size(f);
    size_t m = total < sizeof first ? (size_t)total : sizeof first;
    TRY(file_read_at(f, 0, first, m, err));
    st = st_header_length(first, m, total, &n, err);
    if (st != LIMN_OK) {
        err_at(err, "%s", path);
        goto out;
    }
    head = mem_alloc(n + 8, 1);
    if (head == NULL) {
        TRY(err_nomem(err, n + 8, "a weight file's header"));
    }
    TRY(file_read_at(f, 0, head, n + 8, err));
    TRY(safetensors_parse(path, head, n + 8, total, out, err));
    (*out)->file = f;
    f = NULL;
out:
    mem_free(head);
    file_close(&f);
    return st;
}

void safetensors_close(struct safetensors **s)
{
    if (s == NULL || *s == NULL) {
        return;
    }
    file_close(&(*s)->file);
    arena_finish(&(*s)->names);
    mem_free((*s)->tensor);
    mem_free(*s);
    *s = NULL;
}

size_t safetensors_count(const struct safetensors *s)
{
    return s->n;
}

const struct st_tensor *safetensors_at(const struct safetensors *s, size_t i)
{
    return &s->tensor[i];
}

limn_status safetensors_read_raw(const struct st_tensor *t, void *dst, limn_error *err)
{
    return file_read_at(t->owner->file, t->owner->data + t->begin, dst, (size_t)t->bytes, err);
}

bool st_tensor_shape(const struct st_tensor *t, struct shape *out)
{
    struct shape s = {.rank = t->rank};
    if (t->rank > SHAPE_MAX_RANK) {
        return false;
    }
    for (int32_t i = 0; i < t->rank; i++) {
        if (t->dim[i] > INT32_MAX) {
            return false;
        }
        s.dim[i] = (int32_t)t->dim[i];
    }
    if (shape_check(&s, NULL) != LIMN_OK) {
        return false;
    }
    *out = s;
    return true;
}
