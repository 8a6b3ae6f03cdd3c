/* LayerCAM: Jiang et al. 2021: ReLU(sum_k max(G_k, 0) A_k), so that shallow layers give usable maps. METHODS 2.1. */
#include "explain/emit.h"

static value_id product(struct builder *b, value_id a, value_id g)
{
    return build_mul(b, a, build(b, &op_relu, NULL, NULL, g));
}

static value_id emit(const struct method_site *site)
{
    return emit_cam(site, product);
}

extern const struct method method_layercam;
const struct method method_layercam = {
    .name = "layercam",
    .title = "LayerCAM",
    .doc = "Feature maps times their positive gradient, element by element (Jiang et al. 2021).",
    .kind = MAP_CAM,
    .unit = "score",
    .uses_layer = true,
    .emit = emit,
};
