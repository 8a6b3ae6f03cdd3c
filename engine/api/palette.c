/* Palettes for programs on top, by the quantiser of the GIF writer. */
#include <limn/palette.h>
#include <math.h>

#include "api/api.h"
#include "base/mem.h"
#include "image/gif_priv.h"

struct limn_palette {
    struct gif_palette colours;
    struct gif_nearest nearest;
};

limn_status limn_palette_create(const uint8_t *rgb, size_t n, int32_t max_colours, limn_palette **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct gif_histogram *h = NULL;
    limn_palette *p = NULL;
    if (rgb == NULL || out == NULL || n == 0 || max_colours < 1 || max_colours > 256) {
        return err_set(err, LIMN_ERR_ARG, "palette: pixels and 1 to 256 colours are expected, got %zu and %d", n,
                       (int)max_colours);
    }
    p = mem_zalloc(1, sizeof(*p));
    if (p == NULL) {
        return err_nomem(err, sizeof(*p), "a palette");
    }
    TRY(gif_histogram_create(&h, err));
    TRY(gif_histogram_add(h, rgb, NULL, n, err));
    TRY(gif_palette_build(h, max_colours, &p->colours, err));
    TRY(gif_nearest_init(&p->nearest, err));
    gif_nearest_set(&p->nearest, &p->colours, 0);
    *out = p;
    p = NULL;
out:
    gif_histogram_destroy(&h);
    limn_palette_free(&p);
    return st;
}

void limn_palette_free(limn_palette **palette)
{
    if (palette != NULL && *palette != NULL) {
        gif_nearest_finish(&(*palette)->nearest);
        mem_free(*palette);
        *palette = NULL;
    }
}

int32_t limn_palette_count(const limn_palette *palette)
{
    return palette != NULL ? palette->colours.n : 0;
}

void limn_palette_colour(const limn_palette *palette, int32_t i, uint8_t rgb[3])
{
    i = i < 0 ? 0 : i >= palette->colours.n ? palette->colours.n - 1 : i;
    for (int k = 0; k < 3; k++) {
        rgb[k] = palette->colours.rgb[i][k];
    }
}

double limn_palette_index(limn_palette *palette, const uint8_t *rgb, size_t n, uint8_t *index)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t d2;
        index[i] = (uint8_t)gif_nearest_find(&palette->nearest, rgb + 3 * i, &d2);
        sum += d2;
    }
    return n > 0 ? sqrt(sum / (double)n) : 0;
}
