/* Which reader a file of tensors needs, by its first bytes; and the initializers of an ONNX model as such tensors. */
#include "model/tensor_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "model/onnx/onnx_file.h"
#include "model/torch_file.h"

struct initializer {
    struct st_tensor t; /* first, so that its const_source is the tensor */
    const struct onnx_tensor *from;
};

struct tensor_file {
    struct safetensors *safetensors; /* one of the three */
    struct torch_file *torch;
    struct onnx_file *onnx;
    struct initializer *init; /* of an ONNX model */
    size_t n_init;
};

static limn_status initializer_read(const struct const_source *source, float *dst, size_t n, limn_error *err)
{
    const struct initializer *x = (const struct initializer *)source;
    return x->from->source.read(&x->from->source, dst, n, err);
}

static limn_status initializer_read_part(const struct const_source *source, size_t first, float *dst, size_t n,
                                         limn_error *err)
{
    const struct initializer *x = (const struct initializer *)source;
    return const_source_part(&x->from->source, x->from->elems, first, dst, n, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct onnx_tensor *const *)a)->name, (*(const struct onnx_tensor *const *)b)->name);
}

/* Names are there, each once. */
static limn_status check_names(const struct onnx_graph *g, limn_error *err)
{
    limn_status st = LIMN_OK;
    const struct onnx_tensor **sorted = mem_alloc(g->n_init + 1, sizeof *sorted);
    if (sorted == NULL) {
        return err_nomem(err, g->n_init * sizeof *sorted, "a list of tensors");
    }
    for (size_t i = 0; i < g->n_init; i++) {
        sorted[i] = &g->init[i];
    }
    if (g->n_init > 0) {
        qsort(sorted, g->n_init, sizeof *sorted, by_name);
    }
    for (size_t i = 0; i < g->n_init && st == LIMN_OK; i++) {
        if (sorted[i]->name[0] == '\0') {
            st = err_set(err, LIMN_ERR_FORMAT, "an initializer has no name");
        } else if (i > 0 && strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            st = err_set(err, LIMN_ERR_FORMAT, "duplicate name \"%.100s\"", sorted[i]->name);
        }
    }
    mem_free(sorted);
    return st;
}

static limn_status list_initializers(struct tensor_file *f, limn_error *err)
{
    const struct onnx_graph *g = onnx_file_model(f->onnx)->graph;
    limn_status st = check_names(g, err);
    if (st != LIMN_OK) {
        return st;
    }
    f->init = mem_zalloc(g->n_init, sizeof *f->init);
    if (f->init == NULL) {
        return err_nomem(err, g->n_init * sizeof *f->init, "a list of tensors");
    }
    for (size_t i = 0; i < g->n_init; i++) {
        const struct onnx_tensor *from = &g->init[i];
        struct st_tensor *to = &f->init[i].t;
        if (!onnx_type_dtype(from->type, &to->dtype)) {
            return err_set(err, LIMN_ERR_UNSUPPORTED, "initializer \"%.100s\" is %s, which limn does not convert",
                           from->name, onnx_type_name(from->type));
        }
        to->source = (struct const_source){initializer_read, initializer_read_part};
        to->name = from->name;
        to->rank = from->rank;
        memcpy(to->dim, from->dim, sizeof to->dim);
        to->elems = from->elems;
        to->bytes = (uint64_t)from->elems * dtype_size(to->dtype);
        f->init[i].from = from;
    }
    f->n_init = g->n_init;
    return LIMN_OK;
}

static limn_status open_onnx(struct tensor_file *f, const char *path, limn_error *err)
{
    limn_status st = onnx_file_open(path, &f->onnx, err);
    if (st != LIMN_OK) {
        return st;
    }
    st = list_initializers(f, err);
    if (st != LIMN_OK && st != LIMN_ERR_NOMEM) {
        err_at(err, "%s", path);
    }
    return st;
}

static limn_status format_of(struct file *file, enum tensor_format *out, limn_error *err)
{
    uint8_t head[262] = {0}; /* a tar header has its mark at 257 */
    size_t n = file_size(file) < sizeof head ? (size_t)file_size(file) : sizeof head;
    limn_status st = file_read_at(file, 0, head, n, err);
    if (st != LIMN_OK) {
        return st;
    }
    bool tar = n == sizeof head && memcmp(head + 257, "ustar", 5) == 0;
    *out = torch_file_is(head, n, tar)                                   ? TENSOR_TORCH
           : onnx_file_is(head, n) || str_ends(file_path(file), ".onnx") ? TENSOR_ONNX
                                                                         : TENSOR_SAFETENSORS;
    return LIMN_OK;
}

limn_status tensor_file_format(const char *path, enum tensor_format *out, limn_error *err)
{
    struct file *file = NULL;
    limn_status st = file_open(path, &file, err);
    if (st == LIMN_OK) {
        st = format_of(file, out, err);
    }
    file_close(&file);
    return st;
}

limn_status tensor_file_open(const char *path, struct tensor_file **out, limn_error *err)
{
    struct file *file = NULL;
    enum tensor_format format;
    limn_status st = LIMN_OK;
    struct tensor_file *f = mem_zalloc(1, sizeof *f);
    if (f == NULL) {
        return err_nomem(err, sizeof *f, "a file of tensors");
    }
    TRY(file_open(path, &file, err));
    TRY(format_of(file, &format, err));
    if (format == TENSOR_TORCH) {
        struct file *taken = file;
        file = NULL;
        TRY(torch_file_open(taken, &f->torch, err));
    } else if (format == TENSOR_ONNX) {
        TRY(open_onnx(f, path, err));
    } else {
        TRY(safetensors_open(path, &f->safetensors, err));
    }
    *out = f;
    f = NULL;
out:
    file_close(&file);
    tensor_file_close(&f);
    return st;
}

void tensor_file_close(struct tensor_file **f)
{
    if (f == NULL || *f == NULL) {
        return;
    }
    safetensors_close(&(*f)->safetensors);
    torch_file_close(&(*f)->torch);
    onnx_file_close(&(*f)->onnx);
    mem_free((*f)->init);
    mem_free(*f);
    *f = NULL;
}

size_t tensor_file_count(const struct tensor_file *f)
{
    return f->onnx != NULL    ? f->n_init
           : f->torch != NULL ? torch_file_count(f->torch)
                              : safetensors_count(f->safetensors);
}

const struct st_tensor *tensor_file_at(const struct tensor_file *f, size_t i)
{
    return f->onnx != NULL    ? &f->init[i].t
           : f->torch != NULL ? torch_file_at(f->torch, i)
                              : safetensors_at(f->safetensors, i);
}

limn_status tensor_file_read(const struct tensor_file *f, size_t i, void *dst, limn_error *err)
{
    const struct st_tensor *t = tensor_file_at(f, i);
    return f->onnx != NULL    ? onnx_tensor_raw(f->init[i].from, dst, t->elems, err)
           : f->torch != NULL ? torch_tensor_read(t, dst, err)
                              : safetensors_read_raw(t, dst, err);
}
