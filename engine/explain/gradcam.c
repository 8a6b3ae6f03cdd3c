/* Grad-CAM: Selvaraju et al., ICCV 2017. w_k = spatial mean of G_k; map = ReLU(sum_k w_k A_k), raw, at the layer's
 * resolution. METHODS 2.1. */
#include "explain/emit.h"

static value_id product(struct builder *b, value_id a, value_id g)
{
    return build_mul(b, a, emit_spatial(b, &op_reduce_mean, g));
}

value_id emit_gradcam(const struct method_site *site)
{
    return emit_cam(site, product);
}

extern const struct method method_gradcam;
const struct method method_gradcam = {
    .name = "gradcam",
    .title = "Grad-CAM",
    .doc = "Feature maps of a layer weighted by their mean gradient (Selvaraju et al. 2017).",
    .kind = MAP_CAM,
    .unit = "score",
    .uses_layer = true,
    .emit = emit_gradcam,
};
