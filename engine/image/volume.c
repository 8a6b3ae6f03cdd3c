/* Volumes: memory and trilinear resampling, one axis after the other (depth, height, width); each is a weighted mean of
 * two neighbours at (o + 0.5) * in / out - 0.5. */
#include "image/volume.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/mem.h"

limn_status volume_init(struct volume *out, int32_t channels, const int32_t size[3], limn_error *err)
{
    size_t n = channels > 0 ? (size_t)channels : 0;
    for (int i = 0; i < 3; i++) {
        if (size[i] < 1 || !mul_size(n, (size_t)size[i], &n)) {
            n = 0;
        }
    }
    if (n == 0 || n > VOLUME_ELEMS_MAX) {
        return err_set(err, LIMN_ERR_SHAPE, "volume of %d x %d x %d x %d (expected 1 to %u elements)", channels,
                       size[0], size[1], size[2], VOLUME_ELEMS_MAX);
    }
    float *v = mem_zalloc(n, sizeof(*v));
    if (v == NULL) {
        return err_nomem(err, n * sizeof(*v), "a volume");
    }
    *out = (struct volume){
        .channels = channels, .size = {size[0], size[1], size[2]}, .v = v, .spacing = {1.0f, 1.0f, 1.0f}};
    return LIMN_OK;
}

void volume_finish(struct volume *v)
{
    mem_free(v->v);
    *v = (struct volume){0};
}

size_t volume_plane(const struct volume *v)
{
    return (size_t)v->size[0] * (size_t)v->size[1] * (size_t)v->size[2];
}

/* Resamples the middle axis of [outer, n, inner] to m places. */
static void resize_axis(const float *in, float *out, size_t outer, size_t n, size_t m, size_t inner)
{
    for (size_t o = 0; o < m; o++) {
        double at = fmax(0.0, ((double)o + 0.5) * (double)n / (double)m - 0.5);
        size_t lo = (size_t)at < n - 1 ? (size_t)at : n - 1, hi = lo + 1 < n ? lo + 1 : lo;
        float t = (float)(at - (double)lo);
        t = hi == lo ? 0.0f : t;
        for (size_t k = 0; k < outer; k++) {
            const float *a = in + (k * n + lo) * inner, *b = in + (k * n + hi) * inner;
            float *to = out + (k * m + o) * inner;
            for (size_t i = 0; i < inner; i++) {
                to[i] = a[i] * (1.0f - t) + b[i] * t;
            }
        }
    }
}

limn_status volume_resize(const struct volume *in, const int32_t size[3], struct volume *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct volume at = {0}, next = {0};
    TRY(volume_init(&at, in->channels, in->size, err));
    memcpy(at.v, in->v, (size_t)in->channels * volume_plane(in) * sizeof(*in->v));
    for (int axis = 0; axis < 3; axis++) {
        if (at.size[axis] == size[axis]) {
            continue;
        }
        int32_t to[3] = {at.size[0], at.size[1], at.size[2]};
        to[axis] = size[axis];
        TRY(volume_init(&next, at.channels, to, err));
        size_t outer = (size_t)at.channels, inner = 1;
        for (int i = 0; i < 3; i++) {
            outer *= i < axis ? (size_t)at.size[i] : 1;
            inner *= i > axis ? (size_t)at.size[i] : 1;
        }
        resize_axis(at.v, next.v, outer, (size_t)at.size[axis], (size_t)to[axis], inner);
        volume_finish(&at);
        at = next;
        next = (struct volume){0};
    }
    for (int i = 0; i < 3; i++) {
        at.spacing[i] = in->spacing[i] * (float)in->size[i] / (float)size[i];
    }
    at.axes = in->axes;
    at.has_header = in->has_header;
    memcpy(at.header, in->header, sizeof(at.header));
    *out = at;
    return LIMN_OK;
out:
    volume_finish(&at);
    volume_finish(&next);
    return st;
}
