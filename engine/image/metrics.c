/* Mean squared error, PSNR and structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004). */
#include "image/metrics.h"

#include <math.h>

#include "base/mem.h"

#define WINDOW 11
#define SIGMA 1.5

struct window {
    int32_t size;
    double weight[WINDOW]; /* sums to 1 */
};

static struct window window_of(int32_t height, int32_t width)
{
    int32_t side = height < width ? height : width;
    struct window w = {.size = side >= WINDOW ? WINDOW : side % 2 == 1 ? side : side - 1};
    w.size = w.size < 1 ? 1 : w.size;
    double sum = 0;
    for (int32_t i = 0; i < w.size; i++) {
        double d = (i - (w.size - 1) / 2.0) / SIGMA;
        w.weight[i] = exp(-0.5 * d * d);
        sum += w.weight[i];
    }
    for (int32_t i = 0; i < w.size; i++) {
        w.weight[i] /= sum;
    }
    return w;
}

struct moments {
    double a, b, aa, bb, ab;
};

static double ssim_at(const struct moments *m)
{
    const double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
    double va = m->aa - m->a * m->a, vb = m->bb - m->b * m->b, cov = m->ab - m->a * m->b;
    return (2 * m->a * m->b + c1) * (2 * cov + c2) / ((m->a * m->a + m->b * m->b + c1) * (va + vb + c2));
}

/* Rows first: `row` holds moments of each row position, then columns of those. */
static double ssim_plane(const float *a, const float *b, int32_t height, int32_t width, const struct window *w,
                         struct moments *row)
{
    int32_t wide = width - w->size + 1, high = height - w->size + 1;
    double sum = 0;
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < wide; x++) {
            struct moments m = {0};
            for (int32_t i = 0; i < w->size; i++) {
                double p = (double)a[y * width + x + i], q = (double)b[y * width + x + i], k = w->weight[i];
                m.a += k * p;
                m.b += k * q;
                m.aa += k * p * p;
                m.bb += k * q * q;
                m.ab += k * p * q;
            }
            row[y * wide + x] = m;
        }
    }
    for (int32_t y = 0; y < high; y++) {
        for (int32_t x = 0; x < wide; x++) {
            struct moments m = {0};
            for (int32_t i = 0; i < w->size; i++) {
                const struct moments *r = &row[(y + i) * wide + x];
                double k = w->weight[i];
                m.a += k * r->a;
                m.b += k * r->b;
                m.aa += k * r->aa;
                m.bb += k * r->bb;
                m.ab += k * r->ab;
            }
            sum += ssim_at(&m);
        }
    }
    return sum / ((double)wide * (double)high);
}

limn_status metrics_compare(const float *a, const float *b, int32_t channels, int32_t height, int32_t width,
                            struct metrics *out, limn_error *err)
{
    const size_t plane = (size_t)height * (size_t)width, n = plane * (size_t)channels;
    const struct window w = window_of(height, width);
    struct moments *row = mem_alloc(plane, sizeof(*row));
    struct metrics m = {0};
    if (!row) {
        return err_nomem(err, plane * sizeof(*row), "a comparison");
    }
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        m.mse += d * d / (double)n;
        m.mae += d / (double)n;
        m.max = d > m.max ? d : m.max;
    }
    m.psnr = m.mse > 0 ? -10 * log10(m.mse) : INFINITY;
    for (int32_t c = 0; c < channels; c++) {
        m.ssim += ssim_plane(a + (size_t)c * plane, b + (size_t)c * plane, height, width, &w, row) / channels;
    }
    mem_free(row);
    *out = m;
    return LIMN_OK;
}
