/* The gradient of the score in the input: Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Networks", 2013.
 * Signed; the magnitude is the saliency map of the paper. METHODS 2.3 (Saliency). */
#include "explain/emit.h"

static value_id emit(const struct method_site *site)
{
    return emit_input_gradient(site, GATE_VANILLA);
}

extern const struct method method_gradient;
const struct method method_gradient = {
    .name = "gradient",
    .title = "Gradient",
    .doc = "How the score changes with each pixel (Simonyan et al. 2013).",
    .kind = MAP_GRADIENT,
    .unit = "score per input",
    .emit = emit,
};
