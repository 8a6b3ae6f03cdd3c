/* Order statistics of pictures and volumes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/scene.h"

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

limn_status floats_sorted(const float *v, size_t n, float **out, limn_error *err)
{
    float *sorted = mem_alloc(n, sizeof(*sorted));
    if (sorted == NULL) {
        return err_nomem(err, n * sizeof(*sorted), "a percentile");
    }
    memcpy(sorted, v, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), by_size);
    *out = sorted;
    return LIMN_OK;
}

limn_status floats_clip(float *v, size_t n, limn_error *err)
{
    float *sorted = NULL;
    limn_status st = floats_sorted(v, n, &sorted, err);
    if (st != LIMN_OK) {
        return st;
    }
    float limit = sorted[(n - 1) * 99 / 100];
    for (size_t i = 0; i < n && limit > 0.0f; i++) {
        v[i] = fminf(v[i], limit);
    }
    mem_free(sorted);
    return LIMN_OK;
}
