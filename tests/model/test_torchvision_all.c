/* Every network of torchvision's convolutional families: scores and input gradient against torchvision's numbers, on
 * the device and in double precision. The lines are the table of docs/architectures.md (tools/golden/table.py). With
 * arguments: these networks only. RegNet Y 128GF (2.6 GB of weights) runs when asked for, on the device alone: the
 * reference executor takes more than half an hour.
 *
 * LABELS: gpu golden slow
 * TIMEOUT: 7200 */
#include "support/torchvision.h"

#include <stdio.h>
#include <string.h>

#include "model/arch.h"
#include "vk/device.h"

#define LARGEST "regnet_y_128gf"

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return argc < 2 && strcmp(name, LARGEST) != 0;
}

int main(int argc, char **argv)
{
    struct vk_device *dev = NULL;
    int failed = 0, rows = 0;
    if (!torchvision_device(&dev)) {
        return 77;
    }
    for (size_t i = 0; i < arch_count(); i++) {
        const char *name = arch_at(i)->name;
        if (!wanted(name, argc, argv) || strcmp(name, "lenet") == 0 || strncmp(name, "cifar_", 6) == 0) {
            continue; /* the last are not torchvision's */
        }
        rows++;
        failed += !torchvision_row(name, dev, strcmp(name, LARGEST) != 0);
    }
    vk_device_close(&dev);
    printf("%d networks, %d failed\n", rows, failed);
    return failed > 0 || rows == 0;
}
