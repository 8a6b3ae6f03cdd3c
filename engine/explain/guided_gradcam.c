/* Guided Grad-CAM: Selvaraju et al., ICCV 2017: guided backpropagation times the raw Grad-CAM map, which is brought to
 * input resolution by bilinear interpolation with half-pixel centres. */
#include "explain/emit.h"

static value_id emit(const struct method_site *site)
{
    struct builder *b = site->b;
    value_id guided = emit_input_gradient(site, GATE_GUIDED), cam = emit_gradcam(site);
    struct shape s = *build_shape(b, cam), in = *build_shape(b, site->input);
    if (b->status != LIMN_OK) {
        return VALUE_NONE;
    }
    for (int32_t i = s.rank++; i > 1; i--) {
        s.dim[i] = s.dim[i - 1];
    }
    s.dim[1] = 1;
    return build_mul(b, guided, emit_resize(b, build_reshape(b, NULL, cam, s), in.dim + 2));
}

extern const struct method method_guided_gradcam;
const struct method method_guided_gradcam = {
    .name = "guided-gradcam",
    .title = "Guided Grad-CAM",
    .doc = "Guided backprop where Grad-CAM says the evidence is (Selvaraju et al. 2017).",
    .kind = MAP_GRADIENT,
    .unit = "score per input x score",
    .uses_layer = true,
    .emit = emit,
};
