/* HiResCAM: Draelos and Carin 2020: ReLU(sum_k G_k A_k), the gradient not averaged. METHODS 2.1. */
#include "explain/emit.h"

static value_id product(struct builder *b, value_id a, value_id g)
{
    return build_mul(b, a, g);
}

static value_id emit(const struct method_site *site)
{
    return emit_cam(site, product);
}

extern const struct method method_hirescam;
const struct method method_hirescam = {
    .name = "hirescam",
    .title = "HiResCAM",
    .doc = "Feature maps times their gradient, element by element (Draelos and Carin 2020).",
    .kind = MAP_CAM,
    .unit = "score",
    .uses_layer = true,
    .emit = emit,
};
