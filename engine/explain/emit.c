/* Shared parts of the methods: the backward rules of ReLU (METHODS 2.2) and the frame of the CAM family (METHODS
 * 2.1). */
#include "explain/emit.h"

#include <math.h>

/* --- backward rules: a ReLU passes g where x > 0 and g > 0 (guided) or where g > 0 (deconvnet); ReLU6 where 0 < x <
 * 6 --- */

static void gate_vjp(struct vjp *v, enum gate gate, float hi)
{
    struct act_gate_attrs attrs = {.gate = (int32_t)gate, .lo = 0.0f, .hi = hi, .slope = 0.0f};
    if (v->gout[0] == VALUE_NONE || !v->need[0]) {
        return;
    }
    if (gate == GATE_DECONV) {
        v->gin[0] = build(v->b, &op_act_gate, NULL, &attrs, v->gout[0]);
    } else {
        v->gin[0] = build(v->b, &op_act_gate, NULL, &attrs, v->gout[0], v->out[0]);
    }
}

static void guided_relu(struct vjp *v)
{
    gate_vjp(v, GATE_GUIDED, INFINITY);
}

static void guided_relu6(struct vjp *v)
{
    gate_vjp(v, GATE_GUIDED, 6.0f);
}

static void deconv_any(struct vjp *v)
{
    gate_vjp(v, GATE_DECONV, INFINITY);
}

void emit_gradients(const struct method_site *site, enum gate rule, const value_id *wrt, size_t n, value_id *grad)
{
    static const struct vjp_rule guided[] = {{&op_relu, guided_relu}, {&op_relu6, guided_relu6}};
    static const struct vjp_rule deconv[] = {{&op_relu, deconv_any}, {&op_relu6, deconv_any}};
    struct autodiff opt = {NULL, 0};
    if (rule == GATE_GUIDED || rule == GATE_DECONV) {
        opt = (struct autodiff){rule == GATE_GUIDED ? guided : deconv, 2};
    }
    for (size_t i = 0; i < n; i++) {
        grad[i] = VALUE_NONE;
    }
    if (site->b->status == LIMN_OK) {
        site->b->status = autodiff(site->b->g, &opt, site->logits, site->select, wrt, n, grad, site->b->err);
    }
}

value_id emit_input_gradient(const struct method_site *site, enum gate rule)
{
    value_id g;
    emit_gradients(site, rule, &site->input, 1, &g);
    return g;
}

/* --- class activation maps --- */

value_id emit_spatial(struct builder *b, const struct op *op, value_id v)
{
    int32_t axes = 0;
    for (int32_t i = 2; i < build_shape(b, v)->rank; i++) {
        axes |= 1 << i;
    }
    return build_reduce(b, op, v, axes, true);
}

value_id emit_resize(struct builder *b, value_id v, const int32_t *size)
{
    struct resize_attrs attrs = {.mode = RESIZE_MODE_LINEAR};
    const struct shape *s = build_shape(b, v);
    bool same = true;
    int32_t missing = SHAPE_MAX_RANK - s->rank; /* a 2-D tensor has no depth: size 1 */
    for (int32_t i = 0; i < 3; i++) {
        attrs.size[i] = attrs.in_size[i] = 1;
    }
    for (int32_t i = 2; i < s->rank; i++) {
        attrs.size[i - 2 + missing] = size[i - 2];
        attrs.in_size[i - 2 + missing] = s->dim[i];
        same = same && size[i - 2] == s->dim[i];
    }
    return same ? v : build(b, &op_resize, NULL, &attrs, v);
}

/* [N,h,w] and back to [N,1,h,w]. */
static value_id drop_channel(struct builder *b, value_id v)
{
    struct shape s = *build_shape(b, v);
    for (int32_t i = 1; i + 1 < s.rank; i++) {
        s.dim[i] = s.dim[i + 1];
    }
    s.dim[--s.rank] = 0;
    return build_reshape(b, NULL, v, s);
}

static size_t spatial_elems(const struct shape *s)
{
    size_t n = 1;
    for (int32_t i = 2; i < s->rank; i++) {
        n *= (size_t)s->dim[i];
    }
    return n;
}

value_id emit_cam(const struct method_site *site, cam_fn product)
{
    struct builder *b = site->b;
    value_id grad[EMIT_MAX_LAYERS], sum = VALUE_NONE;
    size_t largest = 0;
    emit_gradients(site, GATE_VANILLA, site->layers, site->n_layers, grad);
    for (size_t i = 0; i < site->n_layers; i++) {
        const struct shape *best = build_shape(b, site->layers[largest]);
        largest = spatial_elems(build_shape(b, site->layers[i])) > spatial_elems(best) ? i : largest;
    }
    const struct shape target = *build_shape(b, site->layers[largest]);
    for (size_t i = 0; i < site->n_layers && b->status == LIMN_OK; i++) {
        value_id map = build_reduce(b, &op_reduce_sum, product(b, site->layers[i], grad[i]), 1 << 1, true);
        map = emit_resize(b, build(b, &op_relu, NULL, NULL, map), target.dim + 2);
        sum = i == 0 ? map : build_add(b, sum, map);
    }
    if (site->n_layers > 1) {
        sum = build_affine(b, sum, 1.0f / (float)site->n_layers, 0.0f);
    }
    return b->status == LIMN_OK ? drop_channel(b, sum) : VALUE_NONE;
}
