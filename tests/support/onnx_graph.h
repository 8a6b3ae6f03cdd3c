/* Whole networks as ONNX files, against what else is known of them. The files are in $LIMN_PACK, else ../shared/pack
 * beside the source tree; a file that is not there is skipped. */
#ifndef LIMN_TEST_ONNX_GRAPH_H
#define LIMN_TEST_ONNX_GRAPH_H

#include <stddef.h>

enum graph_test {
    GRAPH_LIGHT,  /* onnx_light/light_NAME.onnx with its expected output; `twin` unused */
    GRAPH_TWIN,   /* models/NAME.onnx against the weights `twin` run by limn's own architecture, layer by layer */
    GRAPH_RECIPE, /* arch/NAME_noweights.onnx, whose parameters are inputs, against "recipe:NAME" */
    GRAPH_CLASS   /* models/NAME.onnx puts the picture images/cat_32.png into class 3 */
};
struct graph_row {
    enum graph_test test;
    const char *name, *twin;
};
/* Exit status of a test program; 77 when every row was skipped. LIMN_TEST_DEVICE as elsewhere. */
int onnx_graph_main(const struct graph_row *rows, size_t n);

#endif
