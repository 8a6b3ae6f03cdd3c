/* Guided backpropagation: Springenberg et al., "Striving for Simplicity", 2014. Each ReLU passes g where x > 0 and g
 * > 0, each other activation max(g, 0) max(f'(x), 0); sigmoid gates keep their derivative (emit.h). METHODS 2.2. */
#include "explain/emit.h"

static value_id emit(const struct method_site *site)
{
    return emit_input_gradient(site, GATE_GUIDED);
}

extern const struct method method_guided_backprop;
const struct method method_guided_backprop = {
    .name = "guided-backprop",
    .title = "Guided backprop",
    .doc =
        "The gradient with negative signals cut at every ReLU (Springenberg et al. 2014); a smooth activation f passes "
        "max(g, 0) max(f'(x), 0), sigmoid gates their derivative.",
    .kind = MAP_GRADIENT,
    .unit = "score per input",
    .emit = emit,
};
