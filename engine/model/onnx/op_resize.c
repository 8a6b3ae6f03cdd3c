/* Resize and Upsample: attributes of every opset to those of the engine's resize, which samples the last one to three
 * axes; axes before them must keep their size. */
#include <math.h>
#include <string.h>

#include "model/onnx/import.h"

enum { POLICY_STRETCH, POLICY_NOT_LARGER, POLICY_NOT_SMALLER };

struct sampling {
    double scale[ONNX_MAX_RANK]; /* 0: not given */
    int64_t size[ONNX_MAX_RANK];
};

/* The numbers of an input or attribute for the axes it names (all without an attribute `axes`). */
static bool per_axis(struct onnx_call *c, const struct onnx_val *x, struct onnx_val *v, double *dst)
{
    int64_t axes[ONNX_MAX_RANK];
    size_t n = attr_ints(c, "axes", axes, ONNX_MAX_RANK, -x->rank, x->rank - 1);
    const double *num = v != NULL && v->n > 0 ? val_numbers(c, v) : NULL;
    if (num == NULL || v->n != (n > 0 ? n : (size_t)x->rank)) {
        if (num != NULL) {
            call_fail(c, LIMN_ERR_FORMAT, "%zu numbers for %zu axes", v->n, n > 0 ? n : (size_t)x->rank);
        }
        return false;
    }
    for (size_t i = 0; i < v->n && call_ok(c); i++) {
        dst[n > 0 ? call_axis(c, axes[i], x->rank) : (int32_t)i] = num[i];
    }
    return call_ok(c);
}

/* keep_aspect_ratio_policy: one scale for all named axes. */
static void keep_ratio(struct onnx_call *c, const struct onnx_val *x, const double *want, struct sampling *s)
{
    static const char *const names[] = {"stretch", "not_larger", "not_smaller", NULL};
    int policy = attr_choice(c, "keep_aspect_ratio_policy", POLICY_STRETCH, names);
    double best = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        double r = want[i] / (double)x->dim[i];
        bool better = best == 0 || (policy == POLICY_NOT_LARGER ? r < best : r > best);
        best = want[i] > 0 && better ? r : best;
    }
    for (int32_t i = 0; i < x->rank && policy != POLICY_STRETCH; i++) {
        s->size[i] = want[i] > 0 ? (int64_t)floor(best * (double)x->dim[i] + 0.5) : x->dim[i];
        s->scale[i] = want[i] > 0 ? best : 0;
    }
}

static bool read_sizes(struct onnx_call *c, const struct onnx_val *x, struct onnx_val *scales, struct onnx_val *sizes,
                       struct sampling *s)
{
    double num[ONNX_MAX_RANK];
    for (int32_t i = 0; i < ONNX_MAX_RANK; i++) {
        num[i] = NAN; /* not named */
    }
    memcpy(s->size, x->dim, sizeof s->size);
    memset(s->scale, 0, sizeof s->scale);
    bool by_size = sizes != NULL && sizes->n > 0;
    if (!per_axis(c, x, by_size ? sizes : scales, num)) {
        call_fail(c, LIMN_ERR_FORMAT, "neither scales nor sizes");
        return false;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        double to = by_size ? num[i] : floor((double)x->dim[i] * num[i]);
        if (isnan(num[i])) {
            continue;
        }
        if (!(to >= 1 && to <= INT32_MAX)) {
            call_fail(c, LIMN_ERR_SHAPE, "axis %d of %lld elements by %g", (int)i, (long long)x->dim[i], num[i]);
            return false;
        }
        s->size[i] = (int64_t)to;
        s->scale[i] = by_size ? 0 : num[i];
    }
    if (by_size) {
        keep_ratio(c, x, num, s);
    }
    return call_ok(c);
}

/* --- tf_crop_and_resize: a part of x, given by `roi` in fractions of its axes; a matrix per axis --- */

/* The rows of one axis: weights of x for each output, none outside of x. */
static struct onnx_val *crop_matrix(struct onnx_call *c, int64_t in, int64_t out, const double roi[2], bool linear,
                                    double *outside)
{
    double *m = NULL;
    struct onnx_val *v = val_host_new(c, ONNX_FLOAT, 2, (int64_t[]){out, in}, &m);
    for (int64_t o = 0; v != NULL && o < out; o++) {
        double top = (double)(in - 1), p = out > 1
                                               ? roi[0] * top + (double)o * (roi[1] - roi[0]) * top / (double)(out - 1)
                                               : 0.5 * (roi[0] + roi[1]) * top;
        outside[o] = !(p >= 0 && p <= top);
        if (outside[o] != 0) {
            continue;
        }
        int64_t at = (int64_t)(linear ? floor(p) : ceil(p - 0.5));
        double part = linear ? p - (double)at : 0;
        m[o * in + at] = 1 - part;
        if (part > 0) {
            m[o * in + at + 1] = part;
        }
    }
    return v;
}

static struct onnx_val *crop_axis(struct onnx_call *c, struct onnx_val *x, int32_t axis, int64_t out,
                                  const double roi[2], bool linear)
{
    struct matmul_attrs plain = {0};
    int64_t before = 1, after = 1, dim[ONNX_MAX_RANK], flat[ONNX_MAX_RANK];
    double *outside = NULL, fill = (double)attr_float(c, "extrapolation_value", 0);
    for (int32_t i = 0; i < x->rank; i++) {
        before *= i < axis ? x->dim[i] : 1;
        after *= i > axis ? x->dim[i] : 1;
        dim[i] = i == axis ? out : x->dim[i];
        flat[i] = i == axis ? out : 1;
    }
    struct onnx_val *mask = val_host_new(c, ONNX_BOOL, x->rank, flat, &outside);
    struct onnx_val *m = mask != NULL ? crop_matrix(c, x->dim[axis], out, roi, linear, outside) : NULL;
    struct onnx_val *pair[2] = {m, move_view(c, x, 3, (int64_t[]){before, x->dim[axis], after})};
    struct onnx_val *y = m != NULL && pair[1] != NULL ? make_node(c, x->type, &op_matmul, &plain, 2, pair) : NULL;
    y = move_view(c, y, x->rank, dim);
    return make_each(c, x->type, &op_where, NULL, 3, (struct onnx_val *[]){mask, val_scalar(c, x->type, fill), y});
}

static void crop_and_resize(struct onnx_call *c, struct onnx_val *x, const struct sampling *s)
{
    static const char *const modes[] = {"nearest", "linear", NULL};
    double start[ONNX_MAX_RANK] = {0}, end[ONNX_MAX_RANK];
    bool linear = attr_choice(c, "mode", 0, modes) == 1;
    struct onnx_val *roi = call_in(c, 1), *half[2] = {NULL, NULL};
    if (roi == NULL || roi->rank != 1 || roi->n % 2 != 0) {
        call_fail(c, LIMN_ERR_FORMAT, "no region of interest");
        return;
    }
    for (int i = 0; i < 2; i++) {
        half[i] = move_slice(c, roi, 0, i * (int64_t)roi->n / 2, (int64_t)roi->n / 2, 1);
    }
    for (int32_t i = 0; i < x->rank; i++) {
        end[i] = 1;
    }
    struct onnx_val *y = per_axis(c, x, half[0], start) && per_axis(c, x, half[1], end) ? x : NULL;
    for (int32_t i = 0; i < x->rank && y != NULL; i++) {
        if (s->size[i] != x->dim[i] || start[i] != 0 || end[i] != 1) {
            y = crop_axis(c, y, i, s->size[i], (double[]){start[i], end[i]}, linear);
        }
    }
    c->out[0] = y;
}

static struct resize_attrs read_attrs(struct onnx_call *c)
{
    static const char *const modes[] = {"nearest", "linear", "cubic", "bilinear", NULL};
    static const char *const coords[] = {"half_pixel", "align_corners",        "pytorch_half_pixel",
                                         "asymmetric", "tf_half_pixel_for_nn", "half_pixel_symmetric",
                                         NULL};
    static const int32_t coord_of[] = {RESIZE_HALF_PIXEL, RESIZE_ALIGN_CORNERS, RESIZE_PYTORCH_HALF_PIXEL,
                                       RESIZE_ASYMMETRIC, RESIZE_TF_HALF_PIXEL, RESIZE_HALF_PIXEL_SYMMETRIC};
    static const char *const rounds[] = {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil", NULL};
    bool old = c->opset < 11; /* Upsample and the first Resize */
    int mode = attr_choice(c, "mode", 0, modes);
    struct resize_attrs a = {
        .mode = mode == 3 ? RESIZE_MODE_LINEAR : mode,
        .coord = old ? RESIZE_ASYMMETRIC : coord_of[attr_choice(c, "coordinate_transformation_mode", 0, coords)],
        .round = old ? RESIZE_FLOOR : attr_choice(c, "nearest_mode", RESIZE_PREFER_FLOOR, rounds),
        .antialias = attr_flag(c, "antialias", false),
        .exclude_outside = attr_flag(c, "exclude_outside", false),
        .cubic_a = attr_float(c, "cubic_coeff_a", -0.75f),
    };
    return a;
}

/* Resizes axes first .. rank-1 of x viewed as [1, all before, up to three]. */
static void resize(struct onnx_call *c, struct onnx_val *x, const struct sampling *s)
{
    struct resize_attrs a = read_attrs(c);
    int32_t first = 0;
    while (first < x->rank && s->size[first] == x->dim[first]) {
        first++;
    }
    int32_t n = x->rank - first;
    if (n == 0) {
        c->out[0] = val_copy(c, x);
        return;
    }
    if (n > 3) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "a resize of %d axes of a tensor of rank %d", (int)n, (int)x->rank);
        return;
    }
    int64_t dim[5] = {1, 1};
    for (int32_t i = 0; i < x->rank; i++) {
        int32_t at = 3 - n + i - first;
        if (i < first) {
            dim[1] *= x->dim[i];
            continue;
        }
        dim[2 + i - first] = x->dim[i];
        a.size[at] = (int32_t)s->size[i];
        a.scale[at] = (float)s->scale[i];
    }
    for (int32_t i = 0; i < 3 - n; i++) {
        a.size[i] = 1;
    }
    struct onnx_val *v = move_view(c, x, 2 + n, dim);
    c->out[0] = v != NULL ? move_view(c, make_node(c, x->type, &op_resize, &a, 1, &v), x->rank, s->size) : NULL;
}

void onnx_resize(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    struct sampling s;
    size_t at = c->opset < 11 ? 1 : 2;
    if (!read_sizes(c, x, call_in(c, at), c->opset < 11 ? NULL : call_in(c, 3), &s)) {
        return;
    }
    const struct onnx_attr *a = attr_find(c, "coordinate_transformation_mode", ONNX_ATTR_STRING);
    if (a != NULL && strcmp(a->s, "tf_crop_and_resize") == 0) {
        crop_and_resize(c, x, &s);
    } else {
        resize(c, x, &s);
    }
}

void onnx_upsample(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *scales = call_in(c, 1);
    struct sampling s;
    const struct onnx_attr *a = scales == NULL ? attr_find(c, "scales", ONNX_ATTR_FLOATS) : NULL;
    double *num = NULL;
    if (a != NULL) {
        scales = val_host_new(c, ONNX_FLOAT, 1, (int64_t[]){(int64_t)a->n}, &num);
        for (size_t i = 0; num != NULL && i < a->n; i++) {
            num[i] = (double)a->floats[i];
        }
    }
    if (read_sizes(c, x, scales, NULL, &s)) {
        resize(c, x, &s);
    }
}
