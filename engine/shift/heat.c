/* Heat maps of a latent shift: METHODS 2.9. */
#include <math.h>

#include "shift/shift.h"

static const char *const names[HEAT_COUNT] = {"int", "mean", "max", "mm", "first"};

const char *shift_heat_name(enum shift_heat h)
{
    return h < HEAT_COUNT ? names[h] : NULL;
}

/* One pixel of one channel: frame k is at f[k * stride]. */
static double pixel(enum shift_heat h, const float *f, size_t n, size_t stride, double x0)
{
    double sum = 0, most = 0;
    const double first = (double)f[0], last = (double)f[(n - 1) * stride];
    switch (h) {
    case HEAT_INT:
        for (size_t i = 0; i + 1 < n; i++) {
            sum += fabs((double)f[i * stride] - (double)f[(i + 1) * stride]);
        }
        return n > 1 ? sum / (double)(n - 1) : 0;
    case HEAT_MM:
        return fabs(first - last);
    case HEAT_FIRST:
        return fabs(x0 - first);
    default:
        for (size_t i = 0; i < n; i++) {
            double d = fabs(x0 - (double)f[i * stride]);
            sum += d;
            most = d > most ? d : most;
        }
        return h == HEAT_MAX ? most : sum / (double)n;
    }
}

void shift_heat(enum shift_heat h, const float *frame, size_t n, const float *x0, int32_t channels, size_t plane,
                float *out)
{
    const size_t stride = (size_t)channels * plane;
    for (size_t i = 0; i < plane; i++) {
        double sum = 0;
        for (size_t c = 0; n > 0 && c < (size_t)channels; c++) {
            sum += pixel(h, frame + c * plane + i, n, stride, (double)x0[c * plane + i]);
        }
        out[i] = (float)(sum / channels);
    }
}
