/* Networks of the data pack as ONNX files that are fast to run; the large ones are in test_onnx_graphs_large.c.
 * LABELS: gpu */
#include "support/onnx_graph.h"

int main(void)
{
    static const struct graph_row rows[] = {
        {GRAPH_TWIN, "lenet_fashion", "lenet_fashion.safetensors"},
        {GRAPH_TWIN, "lenet_mnist", "lenet_mnist.pth"},
        {GRAPH_TWIN, "resnet20_cifar10", "resnet20-12fca82f.th"},
        {GRAPH_CLASS, "resnet8_cifar10", ""},
        {GRAPH_TWIN, "squeezenet1_0_imagenet", "squeezenet1_0_imagenet.safetensors"},
        {GRAPH_TWIN, "mobilenet_v2_imagenet", "mobilenet_v2_imagenet.pth"},
        {GRAPH_LIGHT, "squeezenet", ""},
        {GRAPH_LIGHT, "shufflenet", ""},
    };
    return onnx_graph_main(rows, sizeof rows / sizeof *rows);
}
