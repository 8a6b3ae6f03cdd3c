/* Non-finite weights: the first tensor is named, the others are counted. */
#include "model/finite.h"

#include <stdio.h>
#include <string.h>

static size_t count_non_finite(const float *v, size_t n)
{
    size_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        bad += v[i] - v[i] != 0.0f;
    }
    return bad;
}

limn_status finite_look(struct finite_watch *w, const char *name, const float *v, size_t n, bool *out, limn_error *err)
{
    size_t bad = count_non_finite(v, n);
    if (bad > 0 && w->strict) {
        return err_set(err, LIMN_ERR_NUMERIC, "tensor \"%.100s\": %zu of %zu weights are not finite", name, bad, n);
    }
    w->n_bad += bad > 0;
    if (bad > 0 && w->n_bad == 1) {
        snprintf(w->warning, sizeof w->warning, "tensor \"%.100s\": %zu of %zu weights are not finite", name, bad, n);
    } else if (bad > 0) {
        char *end = strstr(w->warning, " (and ");
        size_t at = end != NULL ? (size_t)(end - w->warning) : strlen(w->warning);
        snprintf(w->warning + at, sizeof w->warning - at, " (and in %zu other tensors)", w->n_bad - 1);
    }
    if (out != NULL) {
        *out = bad > 0;
    }
    return LIMN_OK;
}

const char *finite_warning(const struct finite_watch *w)
{
    return w->n_bad > 0 ? w->warning : NULL;
}
