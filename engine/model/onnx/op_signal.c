/* Windows, spectra and the mel filter bank: tables made at load, transforms as products with them. */
#include <math.h>
#include <string.h>

#include "model/onnx/import.h"

static const double pi = 3.14159265358979323846;

/* a0 - a1 cos(2 pi i / n) + a2 cos(4 pi i / n), n the size (periodic) or one less */
static void cosine_window(struct onnx_call *c, double a0, double a1, double a2)
{
    double size = call_number(c, NULL, 0, 0), *num = NULL;
    int32_t type = (int32_t)attr_int(c, "output_datatype", ONNX_FLOAT, ONNX_FLOAT, ONNX_BFLOAT16);
    double n = attr_flag(c, "periodic", true) ? size : size - 1;
    if (!call_ok(c) || !(size >= 1 && size <= 1 << 24)) {
        call_fail(c, LIMN_ERR_FORMAT, "a window of %g elements", size);
        return;
    }
    c->out[0] = val_host_new(c, type, 1, (int64_t[]){(int64_t)size}, &num);
    for (int64_t i = 0; num != NULL && i < (int64_t)size; i++) {
        double at = n > 0 ? 2 * pi * (double)i / n : 0;
        num[i] = a0 - a1 * cos(at) + a2 * cos(2 * at);
    }
    if (num != NULL) {
        val_settle(type, num, (size_t)size);
    }
}

void onnx_hann_window(struct onnx_call *c)
{
    cosine_window(c, 0.5, 0.5, 0);
}

void onnx_hamming_window(struct onnx_call *c)
{
    cosine_window(c, 25.0 / 46, 21.0 / 46, 0);
}

void onnx_blackman_window(struct onnx_call *c)
{
    cosine_window(c, 0.42, 0.5, 0.08);
}

/* [2, n_in * parts, n_out * 2]... as one matrix from (real, imaginary) pairs of `in` elements to those of `out`:
 * element k of the result is the sum of x[t] exp(-+ 2 pi i k t / n). */
static struct onnx_val *dft_matrix(struct onnx_call *c, int64_t in, int64_t parts, int64_t out, int64_t n, bool inverse)
{
    double *num = NULL;
    struct onnx_val *v = val_host_new(c, ONNX_FLOAT, 2, (int64_t[]){in * parts, out * 2}, &num);
    for (int64_t t = 0; v != NULL && t < in; t++) {
        for (int64_t k = 0; k < out; k++) {
            double at = (inverse ? 2 : -2) * pi * (double)(k * t % n) / (double)n, by = inverse ? 1 / (double)n : 1;
            double *real = num + t * parts * out * 2 + k * 2, *imaginary = real + out * 2;
            real[0] = by * cos(at);
            real[1] = by * sin(at);
            if (parts == 2) {
                imaginary[0] = -by * sin(at);
                imaginary[1] = by * cos(at);
            }
        }
    }
    return v;
}

/* x [batch, in * parts] times the matrix. */
static struct onnx_val *transform(struct onnx_call *c, struct onnx_val *x, int64_t in, int64_t parts, int64_t out,
                                  int64_t n, bool inverse)
{
    struct matmul_attrs plain = {0};
    struct onnx_val *pair[2] = {
        move_view(c, x, 2, (int64_t[]){x != NULL ? (int64_t)x->n / (in * parts) : 0, in * parts}),
        dft_matrix(c, in, parts, out, n, inverse)};
    return pair[0] != NULL && pair[1] != NULL ? make_node(c, x->type, &op_matmul, &plain, 2, pair) : NULL;
}

/* x [.., axis, .., 1 or 2]: the axis goes next to the parts, is transformed there and goes back. */
void onnx_dft(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *y;
    int32_t rank = x->rank, perm[ONNX_MAX_RANK], back[ONNX_MAX_RANK];
    if (rank < 2 || x->n == 0 || (x->dim[rank - 1] != 1 && x->dim[rank - 1] != 2)) {
        call_fail(c, LIMN_ERR_SHAPE, "a tensor of rank %d that does not end in 1 or 2", (int)rank);
        return;
    }
    int32_t axis = c->opset >= 20 && call_in(c, 2) != NULL ? call_axis(c, (int64_t)call_number(c, NULL, 2, 0), rank)
                                                           : attr_axis(c, "axis", c->opset >= 20 ? -2 : 1, rank);
    int64_t in = x->dim[axis], parts = x->dim[rank - 1], n = (int64_t)call_number(c, NULL, 1, (double)in);
    bool one_sided = attr_flag(c, "onesided", false), inverse = attr_flag(c, "inverse", false);
    if (!call_ok(c) || axis == rank - 1 || n < 1 || n > 1 << 14) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "a transform of %lld elements along axis %d", (long long)n, (int)axis);
        return;
    }
    x = n < in ? move_slice(c, x, axis, 0, n, 1) : x;
    in = n < in ? n : in;
    for (int32_t i = 0, k = 0; i < rank; i++) {
        if (i != axis && i != rank - 1) {
            perm[k++] = i;
        }
        perm[rank - 2] = axis;
        perm[rank - 1] = rank - 1;
    }
    int64_t out = one_sided ? n / 2 + 1 : n, dim[ONNX_MAX_RANK];
    x = move_transpose(c, x, perm);
    y = transform(c, x, in, parts, out, n, inverse);
    for (int32_t i = 0; i < rank && x != NULL; i++) {
        dim[i] = i == rank - 2 ? out : i == rank - 1 ? 2 : x->dim[i];
        back[perm[i]] = i;
    }
    c->out[0] = move_transpose(c, move_view(c, y, rank, dim), back);
}

/* Frames of a signal [batch, length, 1 or 2], weighted by a window, transformed: [batch, frames, bins, 2]. */
void onnx_stft(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *window = call_in(c, 2);
    int64_t step = (int64_t)call_number(c, NULL, 1, 0);
    int64_t size = (int64_t)call_number(c, NULL, 3, window != NULL ? (double)window->n : 0);
    int64_t parts = x->rank == 3 ? x->dim[2] : 1, length = x->rank >= 2 ? x->dim[1] : 0;
    struct gather_attrs a = {.axis = 1};
    double *num = NULL;
    if (!call_ok(c) || x->rank < 2 || x->rank > 3 || parts < 1 || parts > 2 || step < 1 || size < 1 || size > length ||
        size > 1 << 14 || (window != NULL && window->n != (size_t)size)) {
        call_fail(c, LIMN_ERR_FORMAT, "frames of %lld every %lld of %lld elements", (long long)size, (long long)step,
                  (long long)length);
        return;
    }
    int64_t frames = (length - size) / step + 1, out = attr_flag(c, "onesided", true) ? size / 2 + 1 : size;
    struct onnx_val *index = val_host_new(c, ONNX_INT64, 1, (int64_t[]){frames * size}, &num);
    for (int64_t i = 0; index != NULL && i < frames * size; i++) {
        num[i] = (double)(i / size * step + i % size);
    }
    struct onnx_val *pair[2] = {move_view(c, x, 3, (int64_t[]){x->dim[0], length, parts}), index};
    struct onnx_val *y = pair[0] != NULL && index != NULL ? make_node(c, x->type, &op_gather, &a, 2, pair) : NULL;
    y = move_view(c, y, 4, (int64_t[]){x->dim[0], frames, size, parts});
    y = window != NULL ? make_binary(c, &op_mul, y, move_view(c, window, 2, (int64_t[]){size, 1})) : y;
    y = y != NULL ? transform(c, y, size, parts, out, size, false) : NULL;
    c->out[0] = move_view(c, y, 4, (int64_t[]){x->dim[0], frames, out, 2});
}

static double mel_of(double hertz)
{
    return 2595 * log10(1 + hertz / 700);
}

/* Triangles over the spectrum's bins, their corners evenly spaced in mel. */
void onnx_mel_weight_matrix(struct onnx_call *c)
{
    double bands = call_number(c, NULL, 0, 0), length = call_number(c, NULL, 1, 0), rate = call_number(c, NULL, 2, 1);
    double lo = mel_of(call_number(c, NULL, 3, 0)), hi = mel_of(call_number(c, NULL, 4, 0)), *num = NULL;
    int32_t type = (int32_t)attr_int(c, "output_datatype", ONNX_FLOAT, ONNX_FLOAT, ONNX_BFLOAT16);
    if (!call_ok(c) || !(bands >= 1 && bands <= 1 << 12) || !(length >= 2 && length <= 1 << 20) || !(rate >= 1)) {
        call_fail(c, LIMN_ERR_FORMAT, "%g bands of %g elements at %g Hz", bands, length, rate);
        return;
    }
    int64_t n = (int64_t)bands, bins = (int64_t)length / 2 + 1;
    c->out[0] = val_host_new(c, type, 2, (int64_t[]){bins, n}, &num);
    for (int64_t b = 0; num != NULL && b < n; b++) {
        int64_t corner[3];
        for (int64_t k = 0; k < 3; k++) {
            double mel = lo + (double)(b + k) * (hi - lo) / (double)(n + 2);
            corner[k] = (int64_t)floor((length + 1) * (700 * (pow(10, mel / 2595) - 1)) / rate);
        }
        for (int64_t j = corner[0] > 0 ? corner[0] : 0; j <= corner[2] && j < bins; j++) {
            bool rising = j < corner[1];
            double width = (double)(rising ? corner[1] - corner[0] : corner[2] - corner[1]);
            num[j * n + b] = j == corner[1] ? 1 : (double)(rising ? j - corner[0] : corner[2] - j) / width;
        }
    }
    if (num != NULL) {
        val_settle(type, num, (size_t)(bins * n));
    }
}
