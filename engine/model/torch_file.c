/* Reading PyTorch checkpoints.
 *
 * Zip: NAME/data.pkl is a pickle whose tensors name storages; NAME/data/KEY holds the bytes of storage KEY, stored
 * uncompressed. Older stream: five pickles (magic, protocol, system, object, list of storage keys), then for each key
 * its number of elements (i64) and its bytes. See torch/serialization.py for both.
 *
 * The object may be the dictionary of tensors itself or a training checkpoint that has it under one of `wrappers`. */
#include "model/torch_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "model/pickle.h"
#include "model/zip.h"

#define WRAP_MAX 4        /* dictionaries around the tensors */
#define CHUNK_BYTES 65536 /* converted at a time */

static const uint8_t stream_magic[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                       0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e};

struct storage {
    const char *key;
    enum dtype dtype;
    uint64_t elems, begin;         /* begin: offset in the file */
    const struct zip_entry *entry; /* NULL in the older stream */
    bool checked;                  /* its CRC was right */
};

struct torch_tensor {
    struct st_tensor t; /* first, so that its const_source is the tensor */
    struct torch_file *file;
    struct storage *storage;
    const struct pickle_tensor *view;
    bool contiguous;
};

struct torch_file {
    struct file *file;
    struct zip *zip;
    struct arena arena;
    struct storage *storage; /* sorted by key */
    size_t n_storages;
    struct torch_tensor *tensor;
    size_t n;
};

bool torch_file_is(const uint8_t *head, size_t n, bool tar)
{
    static const uint8_t zero[4] = {0};
    if (n >= 9 && head[8] == '{' && memcmp(head + 4, zero, 4) == 0) {
        return false; /* safetensors, whose header may well be 0x0280 bytes long */
    }
    return tar || (n >= 4 && memcmp(head, "PK\x03\x04", 4) == 0) || (n >= 4 && memcmp(head, "PK\x05\x06", 4) == 0) ||
           (n >= 2 && head[0] == 0x80 && head[1] >= 1 && head[1] <= 5);
}

static int storage_by_key(const void *a, const void *b)
{
    return strcmp(((const struct storage *)a)->key, ((const struct storage *)b)->key);
}

static struct storage *storage_find(const struct torch_file *t, const char *key)
{
    struct storage k = {.key = key};
    return t->n_storages == 0 ? NULL : bsearch(&k, t->storage, t->n_storages, sizeof k, storage_by_key);
}

/* The storages that the pickle names, each once; two views of one storage must say the same about it. */
static limn_status collect_storages(struct torch_file *t, const struct pickle *p, limn_error *err)
{
    size_t n = 0, kept = 0;
    for (const struct pickle_storage *s = p->storages; s != NULL; s = s->next) {
        n++;
    }
    t->storage = mem_zalloc(n, sizeof *t->storage);
    if (t->storage == NULL) {
        return err_nomem(err, n * sizeof *t->storage, "a list of storages");
    }
    n = 0;
    for (const struct pickle_storage *s = p->storages; s != NULL; s = s->next) {
        t->storage[n++] = (struct storage){.key = s->key, .dtype = s->dtype, .elems = (uint64_t)s->elems};
    }
    if (n > 0) {
        qsort(t->storage, n, sizeof *t->storage, storage_by_key);
    }
    for (size_t i = 0; i < n; i++) {
        const struct storage *last = kept > 0 ? &t->storage[kept - 1] : NULL, *s = &t->storage[i];
        if (last == NULL || strcmp(last->key, s->key) != 0) {
            t->storage[kept++] = *s;
        } else if (last->dtype != s->dtype || last->elems != s->elems) {
            return err_set(err, LIMN_ERR_FORMAT, "storage \"%s\" is %llu elements of %s and %llu of %s", s->key,
                           (unsigned long long)last->elems, dtype_name(last->dtype), (unsigned long long)s->elems,
                           dtype_name(s->dtype));
        }
    }
    t->n_storages = kept;
    return LIMN_OK;
}

/* The dictionary that holds the tensors. One under a wrapper's name goes before tensors beside it, which are such as
 * the best accuracy so far. */
static limn_status find_dict(const struct pickle_value *root, const struct pickle_value **out, limn_error *err)
{
    static const char *const wrappers[] = {"state_dict", "model_state_dict", "model"};
    for (int depth = 0; depth <= WRAP_MAX && root != NULL; depth++) {
        if (root->kind != PICKLE_DICT) {
            return err_set(err, LIMN_ERR_FORMAT, "the pickle is not a dictionary of tensors");
        }
        const struct pickle_value *inner = NULL;
        for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0] && inner == NULL; i++) {
            inner = pickle_get(root, wrappers[i]);
        }
        for (size_t i = 1; i < root->u.seq.n && (inner == NULL || inner->kind != PICKLE_DICT); i += 2) {
            if (root->u.seq.item[i]->kind == PICKLE_TENSOR) {
                *out = root;
                return LIMN_OK;
            }
        }
        root = inner;
    }
    return err_set(err, LIMN_ERR_FORMAT,
                   "no tensors in the checkpoint (expected a dictionary of them, or one under state_dict, "
                   "model_state_dict or model)");
}

/* Reads tensors whose elements do not follow each other: the span they lie in, then element by element. */
static limn_status read_strided(const struct torch_tensor *x, uint8_t *dst, limn_error *err)
{
    const struct pickle_tensor *v = x->view;
    size_t item = dtype_size(x->t.dtype), last = 0, at = 0;
    int64_t index[PICKLE_MAX_RANK] = {0};
    for (int32_t i = 0; i < v->rank; i++) { /* within the storage: pickle.c saw to it */
        last += (size_t)(v->dim[i] - 1) * (size_t)v->stride[i];
    }
    uint8_t *span = mem_alloc(last + 1, item);
    if (span == NULL) {
        return err_nomem(err, (last + 1) * item, x->t.name);
    }
    limn_status st =
        file_read_at(x->file->file, x->storage->begin + (uint64_t)v->offset * item, span, (last + 1) * item, err);
    for (size_t k = 0; st == LIMN_OK && k < v->elems; k++) {
        memcpy(dst + k * item, span + at * item, item);
        for (int32_t i = v->rank - 1; i >= 0; i--) {
            at += (size_t)v->stride[i];
            if (++index[i] < v->dim[i]) {
                break;
            }
            at -= (size_t)v->dim[i] * (size_t)v->stride[i];
            index[i] = 0;
        }
    }
    mem_free(span);
    return st;
}

/* The CRC of a storage is compared before its first number is believed. */
static limn_status storage_check(const struct torch_tensor *x, limn_error *err)
{
    struct storage *s = x->storage;
    limn_status st = LIMN_OK;
    if (!s->checked && s->entry != NULL) {
        st = zip_check(x->file->zip, s->entry, err);
        if (st == LIMN_ERR_FORMAT) {
            err_at(err, "%s", file_path(x->file->file));
        }
    }
    s->checked = st == LIMN_OK;
    return st;
}

limn_status torch_tensor_read(const struct st_tensor *t, void *dst, limn_error *err)
{
    const struct torch_tensor *x = (const struct torch_tensor *)t;
    limn_status st = storage_check(x, err);
    if (st != LIMN_OK || x->t.elems == 0) {
        return st;
    }
    return x->contiguous
               ? file_read_at(x->file->file, x->storage->begin + (uint64_t)x->view->offset * dtype_size(t->dtype), dst,
                              (size_t)t->bytes, err)
               : read_strided(x, dst, err);
}

/* Integers and halves as float32, a chunk at a time when the bytes follow each other, then from element `first`. */
static limn_status read_converted(const struct torch_tensor *x, size_t first, float *dst, size_t n, limn_error *err)
{
    size_t item = dtype_size(x->t.dtype);
    size_t step = x->contiguous ? CHUNK_BYTES / item : n;
    limn_status st = LIMN_OK;
    uint8_t *buf = mem_alloc(step < n ? step : n, item);
    if (buf == NULL) {
        return err_nomem(err, n * item, x->t.name);
    }
    for (size_t i = 0; i < n && st == LIMN_OK; i += step) {
        size_t m = n - i < step ? n - i : step;
        uint64_t at = x->storage->begin + ((uint64_t)x->view->offset + first + i) * item;
        st = x->contiguous ? file_read_at(x->file->file, at, buf, m * item, err) : read_strided(x, buf, err);
        if (st == LIMN_OK) {
            dtype_to_f32(x->t.dtype, buf, dst + i, m);
        }
    }
    mem_free(buf);
    return st;
}

static limn_status torch_read(const struct const_source *source, float *dst, size_t n, limn_error *err)
{
    const struct torch_tensor *x = (const struct torch_tensor *)source;
    if (n != x->t.elems) {
        return err_set(err, LIMN_ERR_INTERNAL, "%s: read of %zu elements (expected %zu)", x->t.name, n, x->t.elems);
    }
    if (x->t.dtype == DTYPE_F32) {
        return torch_tensor_read(&x->t, dst, err);
    }
    limn_status st = storage_check(x, err);
    return st != LIMN_OK || n == 0 ? st : read_converted(x, 0, dst, n, err);
}

/* Of a contiguous tensor. */
static limn_status torch_read_part(const struct const_source *source, size_t first, float *dst, size_t n,
                                   limn_error *err)
{
    const struct torch_tensor *x = (const struct torch_tensor *)source;
    limn_status st = storage_check(x, err);
    if (st != LIMN_OK || n == 0) {
        return st;
    }
    uint64_t at = x->storage->begin + ((uint64_t)x->view->offset + first) * sizeof *dst;
    return x->t.dtype == DTYPE_F32 ? file_read_at(x->file->file, at, dst, n * sizeof *dst, err)
                                   : read_converted(x, first, dst, n, err);
}

static bool is_contiguous(const struct pickle_tensor *v)
{
    int64_t want = 1;
    for (int32_t i = v->rank - 1; i >= 0; i--) {
        if (v->dim[i] != 1 && v->stride[i] != want) {
            return false;
        }
        want *= v->dim[i] > 0 ? v->dim[i] : 1; /* at most the storage's elements */
    }
    return true;
}

static int tensor_by_name(const void *a, const void *b)
{
    return strcmp(((const struct torch_tensor *)a)->t.name, ((const struct torch_tensor *)b)->t.name);
}

static limn_status add_tensor(struct torch_file *t, const struct pickle_value *key, const struct pickle_tensor *v,
                              limn_error *err)
{
    struct torch_tensor *x = &t->tensor[t->n];
    if (key->kind != PICKLE_STR) {
        return err_set(err, LIMN_ERR_FORMAT, "tensor number %zu has no text for a name", t->n);
    }
    *x = (struct torch_tensor){.file = t, .storage = storage_find(t, v->storage->key), .view = v};
    x->t.source.read = torch_read;
    x->t.name = key->u.str.s;
    x->t.dtype = v->storage->dtype;
    x->t.rank = v->rank;
    memcpy(x->t.dim, v->dim, sizeof x->t.dim);
    x->t.elems = v->elems;
    x->t.bytes = (uint64_t)v->elems * dtype_size(x->t.dtype);
    x->t.begin = x->storage->begin;
    x->contiguous = v->elems == 0 || is_contiguous(v);
    x->t.source.read_part = x->contiguous ? torch_read_part : NULL;
    t->n++;
    return LIMN_OK;
}

/* The tensors in the order of the dictionary, names unique. */
static limn_status collect_tensors(struct torch_file *t, const struct pickle_value *dict, limn_error *err)
{
    struct torch_tensor *sorted = NULL;
    limn_status st = LIMN_OK;
    t->tensor = mem_zalloc(dict->u.seq.n / 2, sizeof *t->tensor);
    sorted = mem_alloc(dict->u.seq.n / 2, sizeof *sorted);
    if (t->tensor == NULL || sorted == NULL) {
        TRY(err_nomem(err, dict->u.seq.n * sizeof *sorted, "a list of tensors"));
    }
    for (size_t i = 0; i + 1 < dict->u.seq.n; i += 2) {
        if (dict->u.seq.item[i + 1]->kind == PICKLE_TENSOR) {
            TRY(add_tensor(t, dict->u.seq.item[i], dict->u.seq.item[i + 1]->u.tensor, err));
        }
    }
    memcpy(sorted, t->tensor, t->n * sizeof *sorted);
    qsort(sorted, t->n, sizeof *sorted, tensor_by_name);
    for (size_t i = 1; i < t->n; i++) {
        if (tensor_by_name(&sorted[i - 1], &sorted[i]) == 0) {
            TRY(err_set(err, LIMN_ERR_FORMAT, "duplicate name \"%s\"", sorted[i].t.name));
        }
    }
out:
    mem_free(sorted);
    return st;
}

/* Refuses TorchScript; *prefix is the folder of data.pkl. */
static limn_status find_prefix(struct torch_file *t, const char **prefix, limn_error *err)
{
    *prefix = NULL;
    for (size_t i = 0; i < zip_count(t->zip); i++) {
        const char *name = zip_at(t->zip, i)->name, *slash = strchr(name, '/');
        if (slash == NULL) {
            continue;
        }
        if (strcmp(slash, "/constants.pkl") == 0 || strncmp(slash, "/code/", 6) == 0) {
            return err_set(err, LIMN_ERR_UNSUPPORTED,
                           "a TorchScript archive (entry \"%s\"); limn reads checkpoints of torch.save", name);
        }
        if (strcmp(slash, "/data.pkl") == 0) {
            if (*prefix != NULL) {
                return err_set(err, LIMN_ERR_FORMAT, "two pickles, \"%s/data.pkl\" and \"%s\"", *prefix, name);
            }
            *prefix = arena_printf(&t->arena, "%.*s", (int)(slash - name), name);
            if (*prefix == NULL) {
                return err_nomem(err, (size_t)(slash - name), "an archive's name");
            }
        }
    }
    if (*prefix == NULL) {
        return err_set(err, LIMN_ERR_FORMAT, "a zip archive without data.pkl (expected one of torch.save)");
    }
    return LIMN_OK;
}

static limn_status check_byteorder(struct torch_file *t, const char *prefix, limn_error *err)
{
    const char *name = arena_printf(&t->arena, "%s/byteorder", prefix);
    uint8_t *text = NULL;
    if (name == NULL) {
        return err_nomem(err, strlen(prefix), "an entry's name");
    }
    const struct zip_entry *e = zip_find(t->zip, name);
    if (e == NULL) { /* before torch 2.1: little-endian */
        return LIMN_OK;
    }
    limn_status st = zip_read(t->zip, e, 16, &text, err);
    if (st == LIMN_OK && (e->size != 6 || memcmp(text, "little", 6) != 0)) {
        st = err_set(err, LIMN_ERR_UNSUPPORTED, "entry \"%s\" is not \"little\"", name);
    }
    mem_free(text);
    return st;
}

static limn_status locate_in_zip(struct torch_file *t, const char *prefix, limn_error *err)
{
    char name[1100];
    for (size_t i = 0; i < t->n_storages; i++) {
        struct storage *s = &t->storage[i];
        snprintf(name, sizeof name, "%s/data/%.60s", prefix, s->key);
        s->entry = strlen(s->key) <= 60 ? zip_find(t->zip, name) : NULL;
        if (s->entry == NULL) {
            return err_set(err, LIMN_ERR_FORMAT, "no entry \"%s\" for a storage", name);
        }
        size_t bytes = (size_t)s->elems * dtype_size(s->dtype); /* does not wrap: pickle.c saw to it */
        if (s->entry->deflated) {
            return err_set(err, LIMN_ERR_UNSUPPORTED, "entry \"%s\" is compressed (expected stored)", name);
        }
        if (s->entry->size != bytes) {
            return err_set(err, LIMN_ERR_FORMAT, "entry \"%s\": %llu bytes, but %llu elements of %s need %zu", name,
                           (unsigned long long)s->entry->size, (unsigned long long)s->elems, dtype_name(s->dtype),
                           bytes);
        }
        s->begin = s->entry->data;
    }
    return LIMN_OK;
}

static limn_status open_zip(struct torch_file *t, limn_error *err)
{
    const char *prefix = NULL, *name;
    const struct pickle_value *dict = NULL;
    struct pickle p = {0};
    uint8_t *pkl = NULL;
    bool cut;
    limn_status st = LIMN_OK;
    TRY(zip_open(t->file, &t->zip, err));
    TRY(find_prefix(t, &prefix, err));
    TRY(check_byteorder(t, prefix, err));
    name = arena_printf(&t->arena, "%s/data.pkl", prefix);
    if (name == NULL) {
        TRY(err_nomem(err, strlen(prefix), "an entry's name"));
    }
    const struct zip_entry *e = zip_find(t->zip, name);
    TRY(zip_read(t->zip, e, PICKLE_MAX_BYTES, &pkl, err));
    TRY(pickle_parse(pkl, (size_t)e->size, &t->arena, &p, &cut, err));
    if (p.used != e->size) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "entry \"%s\": %llu bytes after the pickle's end", name,
                    (unsigned long long)(e->size - p.used)));
    }
    TRY(collect_storages(t, &p, err));
    TRY(locate_in_zip(t, prefix, err));
    TRY(find_dict(p.root, &dict, err));
    TRY(collect_tensors(t, dict, err));
out:
    mem_free(pkl);
    return st;
}

/* One pickle of the older stream at *at. Its length is unknown, so the window grows until it fits. */
static limn_status next_pickle(struct torch_file *t, uint64_t *at, struct pickle *out, limn_error *err)
{
    uint64_t left = file_size(t->file) - *at;
    limn_status st = LIMN_OK;
    bool cut = true;
    for (size_t window = 1u << 20; cut; window *= 8) {
        size_t n = left < window ? (size_t)left : window;
        uint8_t *data = mem_alloc(n, 1);
        if (data == NULL) {
            return err_nomem(err, n, "a pickle");
        }
        st = file_read_at(t->file, *at, data, n, err);
        cut = false;
        if (st == LIMN_OK) {
            st = pickle_parse(data, n, &t->arena, out, &cut, err);
        }
        mem_free(data);
        cut = cut && n < left && window < PICKLE_MAX_BYTES;
    }
    if (st != LIMN_OK && st != LIMN_ERR_NOMEM) {
        err_at(err, "pickle at offset %llu", (unsigned long long)*at);
        return st;
    }
    *at += st == LIMN_OK ? out->used : 0;
    return st;
}

static limn_status locate_in_stream(struct torch_file *t, const struct pickle_value *keys, uint64_t at, limn_error *err)
{
    uint8_t count[8];
    uint64_t total = file_size(t->file);
    size_t seen = 0;
    limn_status st = LIMN_OK;
    if (keys->kind != PICKLE_LIST) {
        return err_set(err, LIMN_ERR_FORMAT, "the list of storage keys is not a list");
    }
    for (size_t i = 0; i < keys->u.seq.n; i++) {
        const struct pickle_value *k = keys->u.seq.item[i];
        struct storage *s = k->kind == PICKLE_STR ? storage_find(t, k->u.str.s) : NULL;
        if (s == NULL || s->begin != 0) {
            return err_set(err, LIMN_ERR_FORMAT, "storage number %zu is in the list %s", i,
                           s == NULL ? "but not in the pickle" : "twice");
        }
        if (total - at < 8) {
            return err_set(err, LIMN_ERR_FORMAT, "offset %llu: the file ends before storage \"%s\"",
                           (unsigned long long)at, s->key);
        }
        TRY(file_read_at(t->file, at, count, sizeof count, err));
        uint64_t elems = 0, bytes = s->elems * dtype_size(s->dtype);
        for (int b = 7; b >= 0; b--) {
            elems = elems << 8 | count[b];
        }
        if (elems != s->elems || bytes > total - at - 8) {
            return err_set(err, LIMN_ERR_FORMAT,
                           "offset %llu: storage \"%s\" has %llu elements, %llu bytes left (expected %llu elements, "
                           "%llu bytes)",
                           (unsigned long long)at, s->key, (unsigned long long)elems,
                           (unsigned long long)(total - at - 8), (unsigned long long)s->elems,
                           (unsigned long long)bytes);
        }
        s->begin = at + 8;
        at += 8 + bytes;
        seen++;
    }
    if (seen != t->n_storages || at != total) {
        st = err_set(err, LIMN_ERR_FORMAT, "%zu storages and %llu bytes after them (expected %zu and 0)", seen,
                     (unsigned long long)(total - at), t->n_storages);
    }
out:
    return st;
}

static limn_status check_system(const struct pickle *protocol, const struct pickle *sys, limn_error *err)
{
    const struct pickle_value *little = pickle_get(sys->root, "little_endian");
    if (protocol->root->kind != PICKLE_INT || protocol->root->u.i != 1001) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "protocol of the checkpoint (expected 1001)");
    }
    return little != NULL && little->kind == PICKLE_BOOL && little->u.i == 1
               ? LIMN_OK
               : err_set(err, LIMN_ERR_UNSUPPORTED, "the checkpoint is not said to be little-endian");
}

static limn_status open_stream(struct torch_file *t, limn_error *err)
{
    uint8_t magic[sizeof stream_magic];
    uint64_t at = sizeof stream_magic;
    const struct pickle_value *dict = NULL;
    struct pickle protocol = {0}, sys = {0}, object = {0}, keys = {0};
    limn_status st = LIMN_OK;
    if (file_size(t->file) < sizeof magic) {
        return err_set(err, LIMN_ERR_FORMAT, "a pickle of %llu bytes (expected a checkpoint of torch.save)",
                       (unsigned long long)file_size(t->file));
    }
    TRY(file_read_at(t->file, 0, magic, sizeof magic, err));
    if (memcmp(magic, stream_magic, sizeof magic) != 0) {
        TRY(err_set(err, LIMN_ERR_FORMAT,
                    "a pickle that is not a checkpoint of torch.save (its magic number differs)"));
    }
    TRY(next_pickle(t, &at, &protocol, err));
    TRY(next_pickle(t, &at, &sys, err));
    TRY(check_system(&protocol, &sys, err));
    TRY(next_pickle(t, &at, &object, err));
    TRY(next_pickle(t, &at, &keys, err));
    TRY(collect_storages(t, &object, err));
    TRY(locate_in_stream(t, keys.root, at, err));
    TRY(find_dict(object.root, &dict, err));
    TRY(collect_tensors(t, dict, err));
out:
    return st;
}

limn_status torch_file_open(struct file *f, struct torch_file **out, limn_error *err)
{
    uint8_t head[2] = {0};
    limn_status st = LIMN_OK;
    struct torch_file *t = mem_zalloc(1, sizeof *t);
    if (t == NULL) {
        file_close(&f);
        return err_nomem(err, sizeof *t, "a checkpoint");
    }
    t->file = f;
    if (file_size(f) >= sizeof head) {
        TRY(file_read_at(f, 0, head, sizeof head, err));
    }
    if (head[0] == 'P' && head[1] == 'K') {
        st = open_zip(t, err);
    } else if (head[0] == 0x80) {
        st = open_stream(t, err);
    } else {
        st = err_set(err, LIMN_ERR_UNSUPPORTED,
                     "a tar archive, as PyTorch before 0.1.10 wrote; load and save it with a newer one");
    }
    if (st == LIMN_ERR_FORMAT || st == LIMN_ERR_UNSUPPORTED) {
        const char *path = file_path(f);
        if (strncmp(err != NULL ? err->text : path, path, strlen(path)) != 0) {
            err_at(err, "%s", path);
        }
    }
    TRY(st);
    *out = t;
    t = NULL;
out:
    torch_file_close(&t);
    return st;
}

void torch_file_close(struct torch_file **t)
{
    if (t == NULL || *t == NULL) {
        return;
    }
    zip_close(&(*t)->zip);
    file_close(&(*t)->file);
    arena_finish(&(*t)->arena);
    mem_free((*t)->storage);
    mem_free((*t)->tensor);
    mem_free(*t);
    *t = NULL;
}

size_t torch_file_count(const struct torch_file *t)
{
    return t->n;
}

const struct st_tensor *torch_file_at(const struct torch_file *t, size_t i)
{
    return &t->tensor[i].t;
}
