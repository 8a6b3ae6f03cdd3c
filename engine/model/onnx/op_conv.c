/* Convolutions: Conv, ConvTranspose, and what pools share with them (op_window.h). One spatial axis becomes two, the
 * first of size 1. */
#include "model/onnx/op_window.h"

static const char *const same_names[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL};
enum { WINDOW_TOP = 1 << 15 };

static void axis_list(struct onnx_call *c, const char *name, int32_t n, int32_t dst[3], int64_t lo)
{
    int64_t v[3];
    size_t count = attr_ints(c, name, v, 3, lo, WINDOW_TOP);
    if (count != 0 && count != (size_t)n) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute %s has %zu entries (expected %d)", name, count, (int)n);
    }
    for (size_t i = 0; i < count && call_ok(c); i++) {
        dst[3 - n + (int32_t)i] = (int32_t)v[i];
    }
}

static void read_pads(struct onnx_call *c, struct window *w)
{
    int64_t v[6];
    size_t count = attr_ints(c, "pads", v, 6, 0, WINDOW_TOP);
    if (count != 0 && count != 2 * (size_t)w->n) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute pads has %zu entries (expected %d)", count, 2 * (int)w->n);
    }
    for (int32_t i = 0; i < w->n && count != 0 && call_ok(c) && w->same == SAME_NOTSET; i++) {
        w->pad_begin[3 - w->n + i] = (int32_t)v[i];
        w->pad_end[3 - w->n + i] = (int32_t)v[w->n + i];
    }
}

bool window_read(struct onnx_call *c, const struct onnx_val *x, const int64_t *size, struct window *w)
{
    *w = (struct window){.size = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    if (x == NULL || !call_ok(c)) {
        return false;
    }
    w->n = x->rank - 2;
    if (w->n < 1 || w->n > 3) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "windows over a tensor of rank %d (expected 3 to 5)", (int)x->rank);
        return false;
    }
    w->same = attr_choice(c, "auto_pad", SAME_NOTSET, same_names);
    axis_list(c, "kernel_shape", w->n, w->size, 1);
    axis_list(c, "strides", w->n, w->stride, 1);
    axis_list(c, "dilations", w->n, w->dilation, 1);
    read_pads(c, w);
    bool given = attr_find(c, "kernel_shape", ONNX_ATTR_INTS) != NULL;
    if (!given && size == NULL) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute kernel_shape is absent");
    }
    for (int32_t i = 0; i < w->n && size != NULL && call_ok(c); i++) {
        int32_t *k = &w->size[3 - w->n + i];
        if ((given && *k != size[i]) || size[i] < 1 || size[i] > WINDOW_TOP) {
            call_fail(c, LIMN_ERR_FORMAT, "attribute kernel_shape has %d on axis %d, the weights have %lld", (int)*k,
                      (int)i, (long long)size[i]);
        }
        *k = (int32_t)size[i];
    }
    return call_ok(c);
}

void window_same(const struct onnx_val *x, struct window *w)
{
    for (int32_t i = 3 - w->n; i < 3 && (w->same == SAME_UPPER || w->same == SAME_LOWER); i++) {
        int64_t in = x->dim[i - 3 + x->rank], out = (in + w->stride[i] - 1) / w->stride[i];
        int64_t need = (out - 1) * w->stride[i] + ((int64_t)w->size[i] - 1) * w->dilation[i] + 1 - in;
        int32_t total = need > 0 && need < INT32_MAX ? (int32_t)need : 0;
        w->pad_begin[i] = w->same == SAME_UPPER ? total / 2 : total - total / 2;
        w->pad_end[i] = total - w->pad_begin[i];
    }
}

struct onnx_val *window_lift(struct onnx_call *c, struct onnx_val *x)
{
    if (x == NULL || x->rank != 3) {
        return x;
    }
    return move_view(c, x, 4, (int64_t[]){x->dim[0], x->dim[1], 1, x->dim[2]});
}

struct onnx_val *window_drop(struct onnx_call *c, const struct window *w, struct onnx_val *y)
{
    if (y == NULL || w->n != 1) {
        return y;
    }
    return move_view(c, y, 3, (int64_t[]){y->dim[0], y->dim[1], y->dim[3]});
}

static struct conv_attrs attrs_of(const struct window *w, int32_t groups)
{
    struct conv_attrs a = {.groups = groups};
    for (int i = 0; i < 3; i++) {
        a.stride[i] = w->stride[i];
        a.dilation[i] = w->dilation[i];
        a.pad_begin[i] = w->pad_begin[i];
        a.pad_end[i] = w->pad_end[i];
    }
    return a;
}

static bool check_weights(struct onnx_call *c, const struct onnx_val *x, const struct onnx_val *w)
{
    if (x == NULL || w == NULL || !call_ok(c)) {
        return false;
    }
    if (x->rank != w->rank) {
        char tx[SHAPE_TEXT_MAX * 2], tw[SHAPE_TEXT_MAX * 2];
        call_fail(c, LIMN_ERR_SHAPE, "input %s and weights %s are of different rank", dims_text(x, tx),
                  dims_text(w, tw));
        return false;
    }
    return true;
}

void onnx_conv(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *wt = call_in(c, 1), *bias = call_in(c, 2);
    struct window w;
    if (!check_weights(c, x, wt) || !window_read(c, x, wt->dim + 2, &w)) {
        return;
    }
    window_same(x, &w);
    struct conv_attrs a = attrs_of(&w, (int32_t)attr_int(c, "group", 1, 1, INT32_MAX));
    value_id y = build(c->b, &op_conv, NULL, &a, val_dev(c, window_lift(c, x)), val_dev(c, window_lift(c, wt)),
                       bias != NULL ? val_dev(c, bias) : VALUE_NONE);
    c->out[0] = window_drop(c, &w, val_dev_new(c, x->type, y));
}

/* The output's spatial size, and the pads that make it when the node gives the size. */
static void transposed_size(struct onnx_call *c, const struct onnx_val *x, struct window *w, int32_t out[3])
{
    int32_t extra[3] = {0}, wanted[3] = {0};
    axis_list(c, "output_padding", w->n, extra, 0);
    axis_list(c, "output_shape", w->n, wanted, 1);
    for (int32_t i = 3 - w->n; i < 3; i++) {
        int64_t in = x->dim[i - 3 + x->rank];
        int64_t full = (in - 1) * w->stride[i] + ((int64_t)w->size[i] - 1) * w->dilation[i] + 1 + extra[i];
        if (wanted[i] == 0 && (w->same == SAME_UPPER || w->same == SAME_LOWER)) {
            wanted[i] = in * w->stride[i] > INT32_MAX ? INT32_MAX : (int32_t)(in * w->stride[i]);
        }
        if (wanted[i] > 0) { /* what does not halve goes to the end, SAME_LOWER's to the beginning */
            int64_t total = full - wanted[i], half = total / 2;
            w->pad_begin[i] = (int32_t)(w->same == SAME_LOWER ? total - half : half);
            w->pad_end[i] = (int32_t)(total - w->pad_begin[i]);
        }
        int64_t size = full - w->pad_begin[i] - w->pad_end[i];
        if (size < 1 || size > INT32_MAX) {
            call_fail(c, LIMN_ERR_SHAPE, "spatial axis %d has output size %lld", (int)(i - 3 + w->n), (long long)size);
        }
        out[i] = (int32_t)size;
        w->pad_end[i] -= extra[i]; /* the extra elements are ones that no window reaches */
    }
}

void onnx_conv_transpose(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *wt = call_in(c, 1), *bias = call_in(c, 2);
    struct window w;
    int32_t size[3] = {1, 1, 1};
    if (!check_weights(c, x, wt) || !window_read(c, x, wt->dim + 2, &w)) {
        return;
    }
    transposed_size(c, x, &w, size);
    struct conv_attrs a = attrs_of(&w, (int32_t)attr_int(c, "group", 1, 1, INT32_MAX));
    for (int i = 0; i < 3; i++) {
        a.size[i] = size[i];
    }
    value_id y = build(c->b, &op_conv_transpose, NULL, &a, val_dev(c, window_lift(c, x)),
                       val_dev(c, window_lift(c, wt)), bias != NULL ? val_dev(c, bias) : VALUE_NONE);
    c->out[0] = window_drop(c, &w, val_dev_new(c, x->type, y));
}
