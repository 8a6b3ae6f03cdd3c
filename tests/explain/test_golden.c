/* Goldens of the bundled networks: logits and maps against PyTorch, with the bundled weights and, where the full data
 * is at hand, with the float32 weights they came from.
 * LABELS: golden gpu
 * TIMEOUT: 600 */
#include "support/golden.h"

int main(void)
{
    static const struct golden_row rows[] = {
        {GOLDEN_HERE, "lenet_mnist", "lenet_mnist"},
        {GOLDEN_HERE, "lenet_fashion", "lenet_fashion"},
        {GOLDEN_HERE, "cifar_resnet20", "cifar_resnet20"},
        {GOLDEN_HERE, "squeezenet1_0", "squeezenet1_0"},
        {GOLDEN_HERE, "mobilenet_v2", "mobilenet_v2"},
        {GOLDEN_PACK, "lenet_mnist", "lenet_mnist"},
        {GOLDEN_PACK, "lenet_fashion", "lenet_fashion"},
        {GOLDEN_PACK, "cifar_resnet20", "cifar_resnet20"},
        {GOLDEN_PACK, "models/squeezenet1_0_imagenet.safetensors", "squeezenet1_0"},
        {GOLDEN_PACK, "models/mobilenet_v2_imagenet.pth", "mobilenet_v2"},
    };
    return golden_main(rows, sizeof(rows) / sizeof(rows[0]));
}
