/* Quantised numbers as floats that hold whole numbers: QuantizeLinear rounds half to even and saturates, weights that
 * were stored as integers become a constant that is dequantised as it streams to the device. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/onnx/op_window.h"

/* Limits of what a quantised type holds. */
static bool type_limits(struct onnx_call *c, int32_t type, double *lo, double *hi)
{
    bool is_signed = type == ONNX_INT8 || type == ONNX_INT16 || type == ONNX_INT32;
    double n = type == ONNX_INT8 || type == ONNX_UINT8     ? 0x1p8
               : type == ONNX_INT16 || type == ONNX_UINT16 ? 0x1p16
               : type == ONNX_INT32                        ? 0x1p32
                                                           : 0;
    if (n == 0) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "quantised numbers of type %s", onnx_type_name(type));
        return false;
    }
    *lo = is_signed ? -n / 2 : 0;
    *hi = is_signed ? n / 2 - 1 : n - 1;
    return true;
}

/* A parameter per channel as a tensor that broadcasts to x along `axis`; scalars as they are. */
static struct onnx_val *along(struct onnx_call *c, const struct onnx_val *x, struct onnx_val *p, int32_t axis)
{
    int64_t dim[ONNX_MAX_RANK] = {0};
    if (p == NULL || p->n == 1 || p->rank != 1) {
        return p != NULL && p->rank == 1 ? move_view(c, p, 0, dim) : p;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        dim[i] = i == axis ? p->dim[0] : 1;
    }
    return move_view(c, p, x->rank, dim);
}

static int32_t channel_axis(struct onnx_call *c, const struct onnx_val *x, const struct onnx_val *scale)
{
    if (attr_int(c, "block_size", 0, INT64_MIN, INT64_MAX) != 0) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "scales by blocks (attribute block_size)");
    }
    return scale->n == 1 ? 0 : attr_axis(c, "axis", 1, x->rank);
}

/* clip(round(x / scale) + zero) */
static struct onnx_val *quantize(struct onnx_call *c, struct onnx_val *x, struct onnx_val *scale, struct onnx_val *zero,
                                 int32_t type)
{
    double lo = 0, hi = 0;
    if (!type_limits(c, type, &lo, &hi)) {
        return NULL;
    }
    struct onnx_val *y = make_unary(c, &op_round, NULL, make_binary(c, &op_div, x, scale));
    y = zero != NULL ? make_binary(c, &op_add, y, zero) : y;
    struct clip_attrs a = {(float)lo, (float)hi};
    return y != NULL ? make_each(c, type, &op_clip, &a, 1, &y) : NULL;
}

void onnx_quantize_linear(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *scale = call_in(c, 1), *zero = call_in(c, 2);
    int32_t axis = channel_axis(c, x, scale);
    c->out[0] =
        quantize(c, x, along(c, x, scale, axis), along(c, x, zero, axis), zero != NULL ? zero->type : ONNX_UINT8);
}

/* (x - zero) * scale, as the weights are read. */
struct dequant_source {
    struct const_source base;
    const struct const_source *from;
    size_t total, inner, channels; /* element i belongs to channel i / inner % channels */
    const float *scale, *zero;
};

/* `st`: whether dst holds the n stored numbers from `first` on. */
static limn_status dequantise(const struct dequant_source *d, limn_status st, size_t first, float *dst, size_t n)
{
    for (size_t i = 0; i < n && st == LIMN_OK; i++) {
        size_t k = (first + i) / d->inner % d->channels;
        dst[i] = (dst[i] - d->zero[k]) * d->scale[k];
    }
    return st;
}

static limn_status read_dequantised(const struct const_source *s, float *dst, size_t n, limn_error *err)
{
    const struct dequant_source *d = (const struct dequant_source *)s;
    return dequantise(d, d->from->read(d->from, dst, n, err), 0, dst, n);
}

static limn_status read_dequantised_part(const struct const_source *s, size_t first, float *dst, size_t n,
                                         limn_error *err)
{
    const struct dequant_source *d = (const struct dequant_source *)s;
    return dequantise(d, const_source_part(d->from, d->total, first, dst, n, err), first, dst, n);
}

/* One number per channel in the graph's memory. */
static const float *per_channel(struct onnx_call *c, struct onnx_val *v, size_t channels)
{
    const double *num = v != NULL ? val_numbers(c, v) : NULL;
    float *f = call_ok(c) ? arena_alloc(&c->b->g->arena, channels, sizeof *f) : NULL;
    for (size_t i = 0; f != NULL && num != NULL && i < channels; i++) {
        f[i] = (float)num[v->n == 1 ? 0 : i];
    }
    return f;
}

static struct onnx_val *dequantize_stored(struct onnx_call *c, const struct onnx_val *x, struct onnx_val *scale,
                                          struct onnx_val *zero, int32_t axis)
{
    size_t channels = scale->n == 1 ? 1 : (size_t)x->dim[axis], inner = 1;
    if ((scale->n != 1 && scale->n != channels) || (zero != NULL && zero->n != scale->n)) {
        call_fail(c, LIMN_ERR_SHAPE, "%zu scales for %zu channels", scale->n, channels);
        return NULL;
    }
    for (int32_t i = axis + 1; i < x->rank; i++) {
        inner *= (size_t)x->dim[i];
    }
    struct dequant_source *d = arena_alloc(&c->b->g->arena, 1, sizeof *d);
    const float *s = per_channel(c, scale, channels), *z = per_channel(c, zero, channels);
    if (d == NULL || s == NULL || z == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: %zu scales", channels);
        return NULL;
    }
    *d = (struct dequant_source){{read_dequantised, read_dequantised_part}, x->source, x->n, inner, channels, s, z};
    return val_source_new(c, scale->type, x->rank, x->dim, &d->base);
}

static struct onnx_val *dequantize(struct onnx_call *c, struct onnx_val *x, struct onnx_val *scale,
                                   struct onnx_val *zero, int32_t axis)
{
    if (x == NULL || scale == NULL || !call_ok(c)) {
        return NULL;
    }
    if (x->source != NULL && x->n > 0 && val_known(scale) && (zero == NULL || val_known(zero))) {
        return dequantize_stored(c, x, scale, zero, axis);
    }
    zero = along(c, x, zero, axis);
    struct onnx_val *off = val_copy(c, x);
    if (off != NULL) {
        off->type = scale->type; /* differences of unsigned numbers are signed */
    }
    off = zero != NULL ? make_binary(c, &op_sub, off, zero) : off;
    return make_binary(c, &op_mul, off, along(c, x, scale, axis));
}

void onnx_dequantize_linear(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *scale = call_in(c, 1);
    c->out[0] = dequantize(c, x, scale, call_in(c, 2), channel_axis(c, x, scale));
}

/* uint8 by the range of x, which includes 0. */
void onnx_dynamic_quantize_linear(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *none = val_scalar(c, x->type, 0);
    uint32_t all = (1u << x->rank) - 1;
    struct onnx_val *hi = make_binary(c, &op_max, make_reduce(c, &op_reduce_max, x, all, false), none);
    struct onnx_val *lo = make_binary(c, &op_min, make_reduce(c, &op_reduce_min, x, all, false), none);
    struct onnx_val *scale = make_affine(c, make_binary(c, &op_sub, hi, lo), 1.0 / 255, 0);
    struct onnx_val *zero = quantize(c, make_affine(c, lo, -1, 0), scale, NULL, ONNX_UINT8);
    c->out[0] = quantize(c, x, scale, zero, ONNX_UINT8);
    if (c->n_out > 1) {
        c->out[1] = scale;
    }
    if (c->n_out > 2) {
        c->out[2] = zero;
    }
}

/* x minus its zero point, as a floating value. */
static struct onnx_val *without_zero(struct onnx_call *c, struct onnx_val *x, struct onnx_val *zero, int32_t axis)
{
    struct onnx_val *v = val_copy(c, x);
    if (v != NULL) {
        v->type = ONNX_FLOAT;
    }
    return zero != NULL && v != NULL ? make_binary(c, &op_sub, v, along(c, x, zero, axis)) : v;
}

/* The node of another operator on other inputs, and its first output. */
static struct onnx_val *call_as(struct onnx_call *c, void (*import)(struct onnx_call *), struct onnx_val **in,
                                size_t n_in)
{
    struct onnx_call inner = *c;
    struct onnx_val *out[1] = {NULL};
    inner.in = in;
    inner.out = out;
    inner.n_in = n_in;
    inner.n_out = 1;
    if (call_ok(c)) {
        import(&inner);
    }
    if (out[0] != NULL) {
        out[0] = val_copy(c, out[0]);
    }
    return out[0];
}

static void finish_integer(struct onnx_call *c, struct onnx_val *y)
{
    if (y != NULL) {
        y->type = ONNX_INT32;
    }
    c->out[0] = y;
}

void onnx_conv_integer(struct onnx_call *c)
{
    struct onnx_val *in[2] = {without_zero(c, call_in(c, 0), call_in(c, 2), 0),
                              without_zero(c, call_in(c, 1), call_in(c, 3), 0)};
    finish_integer(c, in[0] != NULL && in[1] != NULL ? call_as(c, onnx_conv, in, 2) : NULL);
}

void onnx_matmul_integer(struct onnx_call *c)
{
    struct onnx_val *a = call_in(c, 0), *b = call_in(c, 1);
    struct onnx_val *in[2] = {without_zero(c, a, call_in(c, 2), a->rank >= 2 ? a->rank - 2 : 0),
                              without_zero(c, b, call_in(c, 3), b->rank - 1)};
    finish_integer(c, in[0] != NULL && in[1] != NULL ? call_as(c, onnx_matmul, in, 2) : NULL);
}

/* The sum in floats, rescaled and rounded: x, scale, zero; w, scale, zero; scale and zero of y; a bias in units of both
 * scales. */
static void quantised_product(struct onnx_call *c, void (*import)(struct onnx_call *), int32_t w_axis)
{
    struct onnx_val *x = call_in(c, 0), *w = call_in(c, 3), *bias = call_in(c, 8), *zero = call_in(c, 7);
    struct onnx_val *in[3] = {dequantize(c, x, call_in(c, 1), call_in(c, 2), 0),
                              dequantize(c, w, call_in(c, 4), call_in(c, 5), w_axis), NULL};
    if (bias != NULL) {
        bias = val_copy(c, bias);
        if (bias != NULL) {
            bias->type = ONNX_FLOAT;
        }
        bias = make_binary(c, &op_mul, bias, along(c, w, call_in(c, 1), 0));
        in[2] = make_binary(c, &op_mul, bias, call_in(c, 4));
    }
    struct onnx_val *y = in[0] != NULL && in[1] != NULL ? call_as(c, import, in, bias != NULL ? 3 : 2) : NULL;
    struct onnx_val *scale = call_in(c, 6);
    c->out[0] = y != NULL ? quantize(c, y, along(c, y, scale, 1), along(c, y, zero, 1), zero->type) : NULL;
}

void onnx_qlinear_conv(struct onnx_call *c)
{
    quantised_product(c, onnx_conv, 0);
}

void onnx_qlinear_matmul(struct onnx_call *c)
{
    quantised_product(c, onnx_matmul, call_in(c, 3)->rank - 1);
}
