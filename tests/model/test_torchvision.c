/* One small network of each of torchvision's families: scores and input gradient against torchvision's numbers.
 * LABELS: gpu golden
 * TIMEOUT: 300 */
#include "support/torchvision.h"

#include <stdio.h>

#include "vk/device.h"

int main(void)
{
    static const char *const archs[] = {
        "squeezenet1_1",  "resnet18",           "resnext50_32x4d",    "densenet121",
        "googlenet",      "inception_v3",       "shufflenet_v2_x0_5", "mobilenet_v2",
        "mnasnet0_5",     "mobilenet_v3_small", "efficientnet_b0",    "efficientnet_v2_s",
        "regnet_x_400mf", "regnet_y_400mf",     "convnext_tiny",      "alexnet"};
    struct vk_device *dev = NULL;
    int failed = 0;
    if (!torchvision_device(&dev)) {
        return 77;
    }
    for (size_t i = 0; i < sizeof archs / sizeof archs[0]; i++) {
        failed += !torchvision_row(archs[i], dev, false);
    }
    vk_device_close(&dev);
    return failed > 0;
}
