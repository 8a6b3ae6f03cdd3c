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

static void swap(float *v, size_t i, size_t j)
{
    const float x = v[i];
    v[i] = v[j];
    v[j] = x;
}

/* Moves the k-th smallest of n numbers to v[k]: Hoare's selection, the middle of three as the pivot. */
static void select_nth(float *v, size_t n, size_t k)
{
    size_t from = 0, to = n - 1;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        if (v[mid] < v[from]) {
            swap(v, mid, from);
        }
        if (v[to] < v[from]) {
            swap(v, to, from);
        }
        if (v[to] < v[mid]) {
            swap(v, to, mid);
        }
        const float pivot = v[mid];
        size_t i = from, j = to;
        while (i <= j) {
            while (v[i] < pivot) {
                i++;
            }
            while (pivot < v[j]) {
                j--;
            }
            if (i <= j) {
                swap(v, i++, j);
                if (j == 0) {
                    break;
                }
                j--;
            }
        }
        if (k <= j) {
            to = j;
        } else if (k >= i) {
            from = i;
        } else {
            return;
        }
    }
}

limn_status floats_clip(float *v, size_t n, limn_error *err)
{
    float *copy = mem_alloc(n, sizeof(*copy));
    if (copy == NULL) {
        return err_nomem(err, n * sizeof(*copy), "a percentile");
    }
    const size_t k = (n - 1) * 99 / 100;
    memcpy(copy, v, n * sizeof(*copy));
    select_nth(copy, n, k);
    const float limit = copy[k];
    for (size_t i = 0; i < n && limit > 0.0f; i++) {
        v[i] = fminf(v[i], limit);
    }
    mem_free(copy);
    return LIMN_OK;
}
