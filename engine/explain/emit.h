/* What method files share: gradients under a rule, and the frame of a class activation map. All emit into site->b,
 * whose error is sticky. */
#ifndef LIMN_EXPLAIN_EMIT_H
#define LIMN_EXPLAIN_EMIT_H

#include "explain/explain.h"
#include "ops/ops.h"
#include "pass/pass.h"

enum { EMIT_MAX_LAYERS = 32 };

/* d score / d wrt[i] for each i. `rule` is how activations y = f(x) pass a gradient g back:
 *     GATE_VANILLA   g f'(x)                   the derivative
 *     GATE_GUIDED    max(g, 0) max(f'(x), 0)   guided backpropagation
 *     GATE_DECONV    max(g, 0)                 deconvnet
 * For ReLU these are the published rules: f' is 1 or 0. For ReLU6, clip, leaky ReLU and the smooth ones (SiLU, hard
 * swish, GELU, ELU, softplus, softsign, Mish, tanh) they cut the same signals: negative ones on their way down, and in
 * guided backpropagation those that pass where the activation falls.
 * A sigmoid or hard sigmoid that multiplies another tensor (squeeze-excitation) or ends the network is a gate, not a
 * rectifier, and keeps its derivative under every rule; elsewhere it is an activation as the others. Activations that a
 * file spells out (x * sigmoid(x)) were joined to one operator before (OPTIMISE_ACTIVATION). */
void emit_gradients(const struct method_site *site, enum gate rule, const value_id *wrt, size_t n, value_id *grad);
value_id emit_input_gradient(const struct method_site *site, enum gate rule); /* [N,C,H,W] */

/* One layer: activations A and gradients G [N,c,h,w] to weighted activations [N,c,h,w], summed over c by the frame. */
typedef value_id (*cam_fn)(struct builder *b, value_id a, value_id g);
/* ReLU(sum_c product) per layer; of several layers the mean, each resized to the largest. [N,h,w] */
value_id emit_cam(const struct method_site *site, cam_fn product);
value_id emit_gradcam(const struct method_site *site); /* the map of gradcam.c */
/* v [N,c,h,w] reduced by `op` over the spatial axes, dimensions kept. */
value_id emit_spatial(struct builder *b, const struct op *op, value_id v);
/* [N,c,h,w] or [N,c,d,h,w] to a spatial size, linear, half-pixel centres. */
value_id emit_resize(struct builder *b, value_id v, const int32_t *size);

#endif
