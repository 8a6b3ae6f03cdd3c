/* Where resize reads, by the formulas of ONNX's Resize (opset 18) and PyTorch's interpolate, which agree. With
 * s = out / in, or the scale that the model gives, output o samples position
 *     half-pixel           (o + 1/2) / s - 1/2            pytorch half-pixel   the same, 0 for one output
 *     half-pixel symmetric the same, shifted so that the centres of in and out lie together
 *     align corners        o (in - 1) / (s in - 1)        asymmetric           o / s        tf half-pixel  (o + 1/2) /
 * s and the elements around it are weighted by the tent 1 - |d| or by Keys' cubic (Keys 1981), stretched by 1 / s when
 * antialiasing a reduction. Elements outside repeat the edge, or are left out and the weights normalised. */
#include "ops/resize_map.h"

#include <math.h>

static int coord_of(const struct resize_attrs *a)
{
    if (a->coord != RESIZE_TORCH) {
        return a->coord;
    }
    return a->mode == RESIZE_MODE_NEAREST ? RESIZE_ASYMMETRIC : RESIZE_HALF_PIXEL;
}

/* Without a given scale the fractions are exact up to their one division, so that whole positions come out whole. */
static double position(const struct resize_attrs *a, int axis, int32_t in, int32_t out, int32_t o)
{
    bool given = a->scale[axis] > 0;
    double scale = given ? (double)a->scale[axis] : (double)out / in, length = given ? scale * in : out;
    double half = given ? (o + 0.5) / scale - 0.5 : ((2.0 * o + 1) * in - out) / (2.0 * out);
    switch (coord_of(a)) {
    case RESIZE_ALIGN_CORNERS:
        return out == 1 || length <= 1 ? 0 : o * (in - 1.0) / (length - 1);
    case RESIZE_PYTORCH_HALF_PIXEL:
        return out == 1 ? 0 : half;
    case RESIZE_HALF_PIXEL_SYMMETRIC:
        return half + in / 2.0 * (1 - out / length);
    case RESIZE_ASYMMETRIC:
        return given ? o / scale : (double)o * in / out;
    case RESIZE_TF_HALF_PIXEL:
        return given ? (o + 0.5) / scale : (2.0 * o + 1) * in / (2.0 * out);
    default:
        return half;
    }
}

static int32_t nearest(const struct resize_attrs *a, int axis, int32_t in, double p)
{
    if (a->scale[axis] > 0) {
        p = (double)(float)p; /* a scale is a float: 6 / 1.2 is meant to be 5 */
    }
    p = a->round == RESIZE_CEIL           ? ceil(p)
        : a->round == RESIZE_PREFER_FLOOR ? ceil(p - 0.5)
        : a->round == RESIZE_PREFER_CEIL  ? floor(p + 0.5)
                                          : floor(p);
    return p < 0 ? 0 : p > in - 1 ? in - 1 : (int32_t)p;
}

static double filter(const struct resize_attrs *a, double d)
{
    double k = (double)a->cubic_a;
    d = fabs(d);
    if (a->mode == RESIZE_MODE_LINEAR) {
        return d < 1 ? 1 - d : 0;
    }
    return d <= 1 ? ((k + 2) * d - (k + 3)) * d * d + 1 : d < 2 ? ((k * d - 5 * k) * d + 8 * k) * d - 4 * k : 0;
}

/* The elements around position p and their weights. */
static limn_status add_taps(const struct resize_attrs *a, int32_t in, double p, double stretch, struct axis_map *m,
                            limn_error *err)
{
    double reach = (a->mode == RESIZE_MODE_LINEAR ? 1 : 2) * stretch, sum = 0;
    double first = floor(p - reach) + 1, last = ceil(p + reach) - 1;
    limn_status st = LIMN_OK;
    if (a->exclude_outside) {
        first = first < 0 ? 0 : first;
        last = last > in - 1 ? in - 1 : last;
    }
    for (double i = first; i <= last; i++) {
        sum += filter(a, (i - p) / stretch);
    }
    sum = a->antialias || a->exclude_outside ? sum : 1;
    for (double i = first; i <= last; i++) {
        double w = filter(a, (i - p) / stretch) / sum;
        if (w != 0) {
            TRY(axis_map_add(m, i < 0 ? 0 : i > in - 1 ? in - 1 : (int32_t)i, w, err));
        }
    }
out:
    return st;
}

limn_status resize_map(const struct resize_attrs *a, int axis, int32_t in, int32_t out, struct axis_map *m,
                       limn_error *err)
{
    limn_status st = LIMN_OK;
    double scale = a->scale[axis] > 0 ? (double)a->scale[axis] : (double)out / in;
    double stretch = a->antialias && scale < 1 ? 1 / scale : 1;
    TRY(axis_map_init(m, in, out, err));
    for (int32_t o = 0; o < out; o++) {
        double p = position(a, axis, in, out, o);
        if (a->mode == RESIZE_MODE_NEAREST) {
            TRY(axis_map_add(m, nearest(a, axis, in, p), 1, err));
        } else {
            TRY(add_taps(a, in, p, stretch, m, err));
        }
        axis_map_next(m);
    }
    return LIMN_OK;
out:
    axis_map_finish(m);
    return st;
}
