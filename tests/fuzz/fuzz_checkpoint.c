/* CORPUS: checkpoint. The whole input is a checkpoint of a training. It is refused with one line, or it is whole: then
 * its state is a text, and any byte of it changed makes it refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "train/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static limn_status open_bytes(int fd, const char *path, const uint8_t *data, size_t size, struct checkpoint **c)
{
    limn_error err = {0};
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) {
        abort();
    }
    limn_status st = checkpoint_open(path, c, &err);
    if ((st == LIMN_OK) != (*c != NULL) || (st != LIMN_OK && (!err.text[0] || strchr(err.text, '\n')))) {
        abort();
    }
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    struct checkpoint *c = NULL;
    if (fd < 0) {
        fd = memfd_create("checkpoint", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (open_bytes(fd, path, data, size, &c) != LIMN_OK) {
        return 0;
    }
    if (strlen(checkpoint_state(c)) > size) {
        abort();
    }
    checkpoint_close(&c);
    uint8_t *copy = malloc(size);
    memcpy(copy, data, size);
    for (size_t i = 0; i < size; i += 1 + size / 16) {
        copy[i] ^= (uint8_t)(1u << i % 8);
        if (open_bytes(fd, path, copy, size, &c) == LIMN_OK) {
            abort();
        }
        copy[i] = data[i];
    }
    free(copy);
    return 0;
}
