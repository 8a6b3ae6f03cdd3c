/* CORPUS: card. A model card, read as from NAME.json, by way of an anonymous file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/model_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], labels[MODEL_PATH_MAX];
    struct model_card card = {0};
    struct arena a = {0};
    limn_error err = {0};
    int fd = memfd_create("card", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (card_read(path, &card, &a, labels, &err) != LIMN_OK && err.text[0] == '\0') {
        abort();
    }
    arena_finish(&a);
    close(fd);
    return 0;
}
