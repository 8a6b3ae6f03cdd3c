/* Windows that slide over the spatial axes: what convolutions and pools have in common in ONNX. */
#ifndef LIMN_MODEL_ONNX_OP_WINDOW_H
#define LIMN_MODEL_ONNX_OP_WINDOW_H

#include "model/onnx/import.h"

/* D, H, W; unused leading axes are neutral. */
struct window {
    int32_t n; /* spatial axes of the ONNX tensor: 1 to 3 */
    int32_t size[3], stride[3], dilation[3], pad_begin[3], pad_end[3];
    int32_t same; /* enum same: auto_pad, not yet applied */
};
enum same { SAME_NOTSET, SAME_UPPER, SAME_LOWER, SAME_VALID };

/* Reads kernel_shape, strides, dilations, pads and auto_pad for x of rank 3 to 5; `size` (or NULL) is the kernel that
 * the weights have. False after an error. */
bool window_read(struct onnx_call *c, const struct onnx_val *x, const int64_t *size, struct window *w);
/* Pads by auto_pad for x; nothing for NOTSET. */
void window_same(const struct onnx_val *x, struct window *w);
/* [N, C, L] as [N, C, 1, L], other ranks as they are; and back. */
struct onnx_val *window_lift(struct onnx_call *c, struct onnx_val *x);
struct onnx_val *window_drop(struct onnx_call *c, const struct window *w, struct onnx_val *y);

#endif
