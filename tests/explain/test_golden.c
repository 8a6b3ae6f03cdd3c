/* Goldens of the bundled networks: logits and maps against PyTorch, with the bundled weights and, where the full data
 * is at hand, with the float32 weights they came from; and the same networks from ONNX files and PyTorch checkpoints.
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
        {GOLDEN_HERE, "models/lenet_mnist.onnx", "lenet_mnist"},
        {GOLDEN_HERE, "models/lenet_mnist.pth", "lenet_mnist"},
        {GOLDEN_PACK, "models/lenet_fashion.onnx", "lenet_fashion"},
        {GOLDEN_PACK, "models/lenet_fashion.pth", "lenet_fashion"},
        {GOLDEN_PACK, "models/resnet20_cifar10.onnx", "cifar_resnet20"},
        {GOLDEN_PACK, "models/resnet20-12fca82f.th", "cifar_resnet20"},
        {GOLDEN_PACK, "models/squeezenet1_0_imagenet.onnx", "squeezenet1_0"},
        {GOLDEN_PACK, "models/squeezenet1_0_imagenet.pth", "squeezenet1_0"},
        {GOLDEN_PACK, "models/mobilenet_v2_imagenet.onnx", "mobilenet_v2"},
        {GOLDEN_PACK, "lenet_mnist", "lenet_mnist"},
        {GOLDEN_PACK, "lenet_fashion", "lenet_fashion"},
        {GOLDEN_PACK, "cifar_resnet20", "cifar_resnet20"},
        {GOLDEN_PACK, "models/squeezenet1_0_imagenet.safetensors", "squeezenet1_0"},
        {GOLDEN_PACK, "models/mobilenet_v2_imagenet.pth", "mobilenet_v2"},
    };
    return golden_main(rows, sizeof(rows) / sizeof(rows[0]));
}
