/* CORPUS: torch. The whole input is a checkpoint in a memory file: zip or older stream. Whatever it holds, the readers
 * either refuse it with a text or give entries that lie apart in the file and tensors that can be read or refused. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/tensor_file.h"
#include "model/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_zip(const char *path, size_t size)
{
    struct file *f = NULL;
    struct zip *z = NULL;
    limn_error err = {0};
    uint64_t sum = 0;
    if (file_open(path, &f, NULL) != LIMN_OK) {
        return;
    }
    limn_status st = zip_open(f, &z, &err);
    if ((st == LIMN_OK) != (z != NULL) || (st != LIMN_OK && err.text[0] == '\0')) {
        abort();
    }
    for (size_t i = 0; z != NULL && i < zip_count(z); i++) {
        const struct zip_entry *e = zip_at(z, i);
        uint8_t *text = NULL;
        sum += e->packed;
        if (e->data + e->packed > size || zip_find(z, e->name) != e) {
            abort();
        }
        if (zip_read(z, e, 1u << 20, &text, NULL) == LIMN_OK && !e->deflated && zip_check(z, e, NULL) != LIMN_OK) {
            abort();
        }
        mem_free(text);
    }
    if (sum > size) {
        abort();
    }
    zip_close(&z);
    file_close(&f);
}

static void check_tensors(const char *path, size_t size)
{
    struct tensor_file *t = NULL;
    limn_error err = {0};
    limn_status st = tensor_file_open(path, &t, &err);
    if ((st == LIMN_OK) != (t != NULL) || (st != LIMN_OK && err.text[0] == '\0')) {
        abort();
    }
    for (size_t i = 0; t != NULL && i < tensor_file_count(t) && i < 64; i++) {
        const struct st_tensor *x = tensor_file_at(t, i);
        if (x->bytes > size) {
            abort();
        }
        float *v = malloc(x->elems * sizeof *v + 1);
        (void)x->source.read(&x->source, v, x->elems, &err);
        free(v);
    }
    tensor_file_close(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1; /* one memory file for all runs */
    char path[64];
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) {
        return 0;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check_zip(path, size);
    check_tensors(path, size);
    return 0;
}
