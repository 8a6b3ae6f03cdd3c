/* XGrad-CAM: Fu et al. 2020: w_k = sum(G_k A_k) / (sum A_k + 1e-7); ReLU(sum_k w_k A_k). METHODS 2.1. */
#include "explain/emit.h"

static value_id product(struct builder *b, value_id a, value_id g)
{
    value_id above = emit_spatial(b, &op_reduce_sum, build_mul(b, a, g));
    value_id below = build_affine(b, emit_spatial(b, &op_reduce_sum, a), 1.0f, 1e-7f);
    return build_mul(b, a, build_div(b, above, below));
}

static value_id emit(const struct method_site *site)
{
    return emit_cam(site, product);
}

extern const struct method method_xgradcam;
const struct method method_xgradcam = {
    .name = "xgradcam",
    .title = "XGrad-CAM",
    .doc = "Grad-CAM with gradients weighted by the activations (Fu et al. 2020).",
    .kind = MAP_CAM,
    .unit = "score",
    .uses_layer = true,
    .emit = emit,
};
