/* Correlations and the overlap of the hottest parts of two maps. */
#include "image/agree.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

struct place {
    float v;
    uint32_t i;
};

static int by_value(const void *a, const void *b)
{
    const float x = ((const struct place *)a)->v, y = ((const struct place *)b)->v;
    return (x > y) - (x < y);
}

static double correlation(const double *a, const double *b, size_t n)
{
    double mean_a = 0.0, mean_b = 0.0, ab = 0.0, aa = 0.0, bb = 0.0;
    bool flat_a = true, flat_b = true; /* told by comparing: sums of equal numbers are rounded */
    for (size_t i = 0; i < n; i++) {
        mean_a += a[i] / (double)n;
        mean_b += b[i] / (double)n;
        flat_a = flat_a && a[i] == a[0];
        flat_b = flat_b && b[i] == b[0];
    }
    for (size_t i = 0; i < n; i++) {
        const double x = a[i] - mean_a, y = b[i] - mean_b;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return !flat_a && !flat_b && aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : NAN;
}

/* Ranks from 1 on into `rank`, and the value from which on a pixel is among the hottest tenth. */
static float rank_values(const float *v, size_t n, struct place *place, double *rank)
{
    for (size_t i = 0; i < n; i++) {
        place[i] = (struct place){v[i], (uint32_t)i};
    }
    qsort(place, n, sizeof *place, by_value);
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (end < n && place[end].v == place[i].v) {
            end++;
        }
        for (size_t k = i; k < end; k++) {
            rank[place[k].i] = 0.5 * (double)(i + 1 + end);
        }
    }
    return place[n - (n + 9) / 10].v;
}

limn_status agree(const float *a, const float *b, size_t n, struct agreement *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct agreement r = {0};
    struct place *place = NULL;
    double *x = NULL, *y = NULL;
    if (n < 1 || n > UINT32_MAX) {
        return err_set(err, LIMN_ERR_ARG, "maps of %zu values (expected 1 to %u)", n, UINT32_MAX);
    }
    place = mem_alloc(n, sizeof *place);
    x = mem_alloc(n, sizeof *x);
    y = mem_alloc(n, sizeof *y);
    if (place == NULL || x == NULL || y == NULL) {
        st = err_nomem(err, n * (sizeof *place + 2 * sizeof *x), "comparing maps");
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)a[i];
        y[i] = (double)b[i];
    }
    r.pearson = correlation(x, y, n);
    const float hot_a = rank_values(a, n, place, x), hot_b = rank_values(b, n, place, y);
    r.spearman = correlation(x, y, n);
    size_t both = 0, either = 0;
    for (size_t i = 0; i < n; i++) {
        const bool in_a = a[i] >= hot_a && a[i] != 0.0f, in_b = b[i] >= hot_b && b[i] != 0.0f;
        both += in_a && in_b;
        either += in_a || in_b;
    }
    r.overlap = either > 0 ? (double)both / (double)either : NAN;
    *out = r;
out:
    mem_free(place);
    mem_free(x);
    mem_free(y);
    return st;
}
