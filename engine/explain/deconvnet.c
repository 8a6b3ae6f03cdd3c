/* DeconvNet: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2013. Each ReLU passes
 * max(g, 0), whatever its input was, and so does each other activation; sigmoid gates keep their derivative (emit.h).
 * METHODS 2.2. */
#include "explain/emit.h"

static value_id emit(const struct method_site *site)
{
    return emit_input_gradient(site, GATE_DECONV);
}

extern const struct method method_deconvnet;
const struct method method_deconvnet = {
    .name = "deconvnet",
    .title = "DeconvNet",
    .doc = "The gradient with ReLU applied to the backward signal instead of its mask (Zeiler and Fergus 2013); so "
           "for every activation but sigmoid gates.",
    .kind = MAP_GRADIENT,
    .unit = "score per input",
    .emit = emit,
};
