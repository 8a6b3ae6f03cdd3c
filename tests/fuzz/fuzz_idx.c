/* CORPUS: idx. Two bytes say how long the image file is, the rest is the label file; both as they are or gzipped. The
 * files lie in a folder of their own in memory where there is such a place. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "data/data.h"

static char folder[64];

static void remove_folder(void)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"};
    char path[128];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void put(const char *name, const uint8_t *data, size_t n)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dataset *d = NULL;
    limn_error err = {0};
    if (!folder[0]) {
        snprintf(folder, sizeof(folder), "%s/limn-idx-XXXXXX", dir_exists("/dev/shm") ? "/dev/shm" : "/tmp");
        if (!mkdtemp(folder)) {
            abort();
        }
        atexit(remove_folder);
    }
    if (size < 2) {
        return 0;
    }
    size_t images = (size_t)data[0] << 8 | data[1];
    images = images < size - 2 ? images : size - 2;
    put("train-images-idx3-ubyte", data + 2, images);
    put("train-labels-idx1-ubyte", data + 2 + images, size - 2 - images);
    if (dataset_open(folder, NULL, &d, &err) != LIMN_OK) {
        return 0;
    }
    const struct data_info *f = dataset_info(d);
    uint8_t *chw = mem_alloc((size_t)f->channels * (size_t)f->height, (size_t)f->width);
    for (size_t i = 0; chw && i < dataset_count(d, DATA_TRAIN); i++) {
        int32_t label = dataset_label(d, DATA_TRAIN, i);
        if (label < 0 || label >= f->n_classes || dataset_sample(d, DATA_TRAIN, i, chw, &err) != LIMN_OK) {
            abort();
        }
    }
    mem_free(chw);
    dataset_close(&d);
    return 0;
}
