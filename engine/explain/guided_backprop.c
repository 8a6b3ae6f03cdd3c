/* Guided backpropagation: Springenberg et al., "Striving for Simplicity", 2014. Each ReLU passes g where x > 0 and g
 * > 0, each ReLU6 where 0 < x < 6 and g > 0. METHODS 2.2. */
#include "explain/emit.h"

static value_id emit(const struct method_site *site)
{
    return emit_input_gradient(site, GATE_GUIDED);
}

extern const struct method method_guided_backprop;
const struct method method_guided_backprop = {
    .name = "guided-backprop",
    .title = "Guided backprop",
    .doc = "The gradient with negative signals cut at every ReLU (Springenberg et al. 2014).",
    .kind = MAP_GRADIENT,
    .emit = emit,
};
