/* Input times gradient: Shrikumar et al., "Not Just a Black Box", 2016. x is what the network sees (normalised).
 * METHODS 2.3. */
#include "explain/emit.h"

static value_id emit(const struct method_site *site)
{
    return build_mul(site->b, site->input, emit_input_gradient(site, GATE_VANILLA));
}

extern const struct method method_input_x_gradient;
const struct method method_input_x_gradient = {
    .name = "input-x-gradient",
    .title = "Input x gradient",
    .doc = "Each pixel times its gradient: a first-order share of the score (Shrikumar et al. 2016).",
    .kind = MAP_GRADIENT,
    .unit = "score",
    .emit = emit,
};
