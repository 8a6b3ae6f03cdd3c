/* CORPUS: torch. The whole input is a checkpoint, read by way of an anonymous file. Whatever it holds, the reader
 * either refuses it with a text or gives tensors that can be read, of as many bytes as their shape and type say. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/torch_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { READ_MAX = 1 << 20 };

static void read_tensor(const struct st_tensor *t)
{
    limn_error err = {0};
    if (t->bytes != t->elems * dtype_size(t->dtype)) {
        abort();
    }
    if (t->bytes > READ_MAX) {
        return;
    }
    unsigned char *all = mem_alloc(t->bytes + 1, 1);
    if (all != NULL && torch_tensor_read(t, all, &err) != LIMN_OK && err.text[0] == '\0') {
        abort();
    }
    mem_free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct file *f = NULL;
    struct torch_file *t = NULL;
    limn_error err = {0};
    int fd = memfd_create("checkpoint", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (file_open(path, &f, &err) == LIMN_OK) { /* taken over by the reader */
        limn_status st = torch_file_open(f, &t, &err);
        if ((st == LIMN_OK) != (t != NULL) || (st != LIMN_OK && err.text[0] == '\0')) {
            abort();
        }
    }
    for (size_t i = 0; t != NULL && i < torch_file_count(t) && i < 64; i++) {
        read_tensor(torch_file_at(t, i));
    }
    torch_file_close(&t);
    close(fd);
    return 0;
}
