/* Grad-CAM++: Chattopadhyay et al. 2018, in the closed form for an exponential score:
 *   a = G^2 / (2 G^2 + S G^3 + 1e-6), S = spatial sum of A;  w = sum over space of max(G, 0) a;  ReLU(sum_k w_k A_k).
 * Where G = 0 the quotient is 0 by itself. METHODS 2.1; peers have five incompatible formulas, this is the paper's. */
#include "explain/emit.h"

static value_id product(struct builder *b, value_id a, value_id g)
{
    value_id g2 = build_mul(b, g, g);
    value_id cubic = build_mul(b, build_mul(b, g2, g), emit_spatial(b, &op_reduce_sum, a));
    value_id below = build_add(b, build_affine(b, g2, 2.0f, 1e-6f), cubic);
    value_id alpha = build_div(b, g2, below);
    value_id positive = build(b, &op_relu, NULL, NULL, g);
    return build_mul(b, a, emit_spatial(b, &op_reduce_sum, build_mul(b, positive, alpha)));
}

static value_id emit(const struct method_site *site)
{
    return emit_cam(site, product);
}

extern const struct method method_gradcam_pp;
const struct method method_gradcam_pp = {
    .name = "gradcam++",
    .title = "Grad-CAM++",
    .doc = "Grad-CAM with per-pixel weights that favour several objects (Chattopadhyay et al. 2018).",
    .kind = MAP_CAM,
    .unit = "score",
    .uses_layer = true,
    .emit = emit,
};
