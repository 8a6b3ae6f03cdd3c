/* Which reader a file of tensors needs, by its first bytes. */
#include "model/tensor_file.h"

#include <string.h>

#include "base/file.h"
#include "model/torch_file.h"

struct tensor_file {
    struct safetensors *safetensors; /* one of the two */
    struct torch_file *torch;
};

limn_status tensor_file_open(const char *path, struct tensor_file **out, limn_error *err)
{
    struct file *file = NULL;
    uint8_t head[262] = {0}; /* a tar header has its mark at 257 */
    limn_status st = LIMN_OK;
    struct tensor_file *f = mem_zalloc(1, sizeof *f);
    if (f == NULL) {
        return err_nomem(err, sizeof *f, "a file of tensors");
    }
    TRY(file_open(path, &file, err));
    size_t n = file_size(file) < sizeof head ? (size_t)file_size(file) : sizeof head;
    TRY(file_read_at(file, 0, head, n, err));
    bool tar = n == sizeof head && memcmp(head + 257, "ustar", 5) == 0;
    if (torch_file_is(head, n, tar)) {
        struct file *taken = file;
        file = NULL;
        TRY(torch_file_open(taken, &f->torch, err));
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
    mem_free(*f);
    *f = NULL;
}

size_t tensor_file_count(const struct tensor_file *f)
{
    return f->torch != NULL ? torch_file_count(f->torch) : safetensors_count(f->safetensors);
}

const struct st_tensor *tensor_file_at(const struct tensor_file *f, size_t i)
{
    return f->torch != NULL ? torch_file_at(f->torch, i) : safetensors_at(f->safetensors, i);
}

limn_status tensor_file_read(const struct tensor_file *f, size_t i, void *dst, limn_error *err)
{
    const struct st_tensor *t = tensor_file_at(f, i);
    return f->torch != NULL ? torch_tensor_read(t, dst, err) : safetensors_read_raw(t, dst, err);
}
