/* From one network's pixels to another's: v = (x std + mean) / range, red first; then grey or colours, linear resize
 * with half-pixel centres, x' = (v range' - mean') / std'. Grey is 0.299 R + 0.587 G + 0.114 B, as pictures are read.
 */
#include "shift/shift.h"

static value_id reverse_channels(struct builder *b, value_id x)
{
    static const float order[] = {2, 1, 0};
    const struct gather_attrs a = {.axis = 1};
    value_id index = VALUE_NONE;
    if (b->status == LIMN_OK) {
        b->status = graph_const_data(b->g, NULL, SHAPE(3), order, &index, b->err);
    }
    return build(b, &op_gather, NULL, &a, x, index);
}

value_id bridge_to_picture(struct builder *b, const struct model_card *from, value_id x)
{
    float scale[4], shift[4];
    for (int32_t k = 0; k < from->channels; k++) {
        scale[k] = from->std[k] / from->range;
        shift[k] = from->mean[k] / from->range;
    }
    x = build_affine_channels(b, x, from->channels, scale, shift);
    return from->bgr && from->channels == 3 ? reverse_channels(b, x) : x;
}

/* [N,1,H,W] to three equal channels, or three to grey. */
static value_id to_channels(struct builder *b, value_id v, int32_t channels)
{
    static const float grey[] = {0.299f, 0.587f, 0.114f}, none[] = {0, 0, 0};
    if (b->status != LIMN_OK || build_shape(b, v)->dim[1] == channels) {
        return v;
    }
    struct shape s = *build_shape(b, v);
    if (channels == 1 && s.dim[1] == 3) {
        return build_reduce(b, &op_reduce_sum, build_affine_channels(b, v, 3, grey, none), 1 << 1, true);
    }
    if (s.dim[1] == 1) {
        return build_broadcast(b, v, SHAPE(s.dim[0], channels, s.dim[2], s.dim[3]));
    }
    b->status =
        err_set(b->err, LIMN_ERR_SHAPE, "pictures of %d channels for a network that takes %d", s.dim[1], channels);
    return VALUE_NONE;
}

value_id bridge_from_picture(struct builder *b, const struct model_card *to, value_id v)
{
    float scale[4], shift[4];
    v = to_channels(b, v, to->channels);
    if (b->status != LIMN_OK) {
        return VALUE_NONE;
    }
    const struct shape *s = build_shape(b, v);
    if (s->dim[2] != to->height || s->dim[3] != to->width) {
        struct resize_attrs a = {.mode = RESIZE_MODE_LINEAR,
                                 .coord = RESIZE_TORCH,
                                 .antialias = s->dim[2] > to->height || s->dim[3] > to->width,
                                 .exclude_outside = 1,
                                 .size = {1, to->height, to->width}};
        v = build(b, &op_resize, NULL, &a, v);
    }
    v = to->bgr && to->channels == 3 ? reverse_channels(b, v) : v;
    for (int32_t k = 0; k < to->channels; k++) {
        scale[k] = to->range / to->std[k];
        shift[k] = -to->mean[k] / to->std[k];
    }
    return build_affine_channels(b, v, to->channels, scale, shift);
}
