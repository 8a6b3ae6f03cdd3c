/* Pad, and the moves between channels and space: DepthToSpace, SpaceToDepth. */
#include <string.h>

#include "model/onnx/import.h"

/* The pads of every axis: 2 * rank numbers, or of the axes that input 3 names. */
static bool read_pads(struct onnx_call *c, const struct onnx_val *x, int64_t *begin, int64_t *end)
{
    int64_t v[2 * ONNX_MAX_RANK], axes[ONNX_MAX_RANK];
    size_t n = 0, n_axes = 0;
    bool given = call_ints(c, c->opset < 2 ? "paddings" : "pads", 1, v, 2 * ONNX_MAX_RANK, &n);
    bool named = call_ok(c) && call_ints(c, NULL, 3, axes, ONNX_MAX_RANK, &n_axes);
    n_axes = named ? n_axes : (size_t)x->rank;
    if (!given || n != 2 * n_axes) {
        call_fail(c, LIMN_ERR_FORMAT, "%zu pads (expected %zu)", n, 2 * n_axes);
        return false;
    }
    for (size_t i = 0; i < n_axes && call_ok(c); i++) {
        int32_t at = named ? call_axis(c, axes[i], x->rank) : (int32_t)i;
        begin[at] = v[i];
        end[at] = v[n_axes + i];
    }
    return call_ok(c);
}

void onnx_pad(struct onnx_call *c)
{
    static const char *const names[] = {"constant", "reflect", "edge", "wrap", NULL};
    static const int32_t modes[] = {PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP};
    struct onnx_val *x = call_in(c, 0);
    int64_t begin[ONNX_MAX_RANK] = {0}, end[ONNX_MAX_RANK] = {0};
    struct pad_attrs a = {.mode = modes[attr_choice(c, "mode", 0, names)]};
    if (!read_pads(c, x, begin, end)) {
        return;
    }
    if (a.mode == PAD_CONSTANT) {
        c->out[0] = move_pad(c, x, begin, end, call_number(c, "value", 2, 0));
        return;
    }
    for (int32_t i = 0; i < x->rank && i < SHAPE_MAX_RANK; i++) {
        if (begin[i] < -INT32_MAX || begin[i] > INT32_MAX || end[i] < -INT32_MAX || end[i] > INT32_MAX) {
            call_fail(c, LIMN_ERR_FORMAT, "pads %lld and %lld on axis %d", (long long)begin[i], (long long)end[i],
                      (int)i);
            return;
        }
        a.begin[i] = (int32_t)begin[i];
        a.end[i] = (int32_t)end[i];
    }
    c->out[0] = make_node(c, x->type, &op_pad, &a, 1, &x);
}

/* x [N, C, H, W] with a block size that divides `of`; false after an error. */
static bool read_block(struct onnx_call *c, const struct onnx_val *x, int64_t *block)
{
    *block = attr_int(c, "blocksize", 0, 1, 1 << 15);
    if (call_ok(c) && (x->rank != 4 || *block < 1)) {
        call_fail(c, LIMN_ERR_FORMAT, "blocks of %lld in a tensor of rank %d (expected 4)", (long long)*block,
                  (int)x->rank);
    }
    return call_ok(c);
}

void onnx_depth_to_space(struct onnx_call *c)
{
    static const char *const names[] = {"DCR", "CRD", NULL};
    static const int32_t dcr[] = {0, 3, 4, 1, 5, 2}, crd[] = {0, 1, 4, 2, 5, 3};
    struct onnx_val *x = call_in(c, 0);
    bool by_channel = attr_choice(c, "mode", 0, names) == 1;
    int64_t b;
    if (!read_block(c, x, &b)) {
        return;
    }
    int64_t n = x->dim[0], ch = x->dim[1] / (b * b), h = x->dim[2], w = x->dim[3];
    struct onnx_val *v = by_channel ? move_view(c, x, 6, (int64_t[]){n, ch, b, b, h, w})
                                    : move_view(c, x, 6, (int64_t[]){n, b, b, ch, h, w});
    v = move_transpose(c, v, by_channel ? crd : dcr);
    c->out[0] = move_view(c, v, 4, (int64_t[]){n, ch, h * b, w * b});
}

void onnx_space_to_depth(struct onnx_call *c)
{
    static const int32_t perm[] = {0, 3, 5, 1, 2, 4};
    struct onnx_val *x = call_in(c, 0);
    int64_t b;
    if (!read_block(c, x, &b)) {
        return;
    }
    int64_t n = x->dim[0], ch = x->dim[1], h = x->dim[2] / b, w = x->dim[3] / b;
    struct onnx_val *v = move_view(c, x, 6, (int64_t[]){n, ch, h, b, w, b});
    c->out[0] = move_view(c, move_transpose(c, v, perm), 4, (int64_t[]){n, ch * b * b, h, w});
}
