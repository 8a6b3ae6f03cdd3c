/* Shared parts of the methods: gradients and the frame of the CAM family (METHODS 2.1). */
#include "explain/emit.h"

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
