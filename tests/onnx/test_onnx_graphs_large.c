/* Networks of the data pack as ONNX files that take seconds each on a software device.
 * LABELS: gpu slow
 * TIMEOUT: 1200 */
#include "support/onnx_graph.h"

int main(void)
{
    static const struct graph_row rows[] = {
        {GRAPH_LIGHT, "bvlc_alexnet", ""}, {GRAPH_LIGHT, "densenet121", ""}, {GRAPH_LIGHT, "inception_v1", ""},
        {GRAPH_LIGHT, "inception_v2", ""}, {GRAPH_LIGHT, "resnet50", ""},    {GRAPH_LIGHT, "vgg19", ""},
        {GRAPH_LIGHT, "zfnet512", ""},     {GRAPH_RECIPE, "resnet18", ""},   {GRAPH_RECIPE, "resnet50", ""},
        {GRAPH_RECIPE, "densenet121", ""}, {GRAPH_RECIPE, "vgg16", ""},
    };
    return onnx_graph_main(rows, sizeof rows / sizeof *rows);
}
