/* The exact nearest palette entry. Colour space is cut into 32^3 cells of 8 levels; the first question in a cell
 * collects the entries that can be nearest to any colour in it: those whose least distance to the cell is not beyond
 * the smallest greatest distance of any entry. A handful remains, and the answer equals that of the full search. */
#include "image/gif_priv.h"

#include <string.h>

#include "base/mem.h"

limn_status gif_nearest_init(struct gif_nearest *nn, limn_error *err)
{
    *nn = (struct gif_nearest){0};
    nn->count = mem_zalloc(GIF_CELLS, sizeof(*nn->count));
    nn->list = mem_alloc(GIF_CELLS, sizeof(*nn->list));
    if (!nn->count || !nn->list) {
        gif_nearest_finish(nn);
        return err_nomem(err, GIF_CELLS * (sizeof(*nn->count) + sizeof(*nn->list)), "the colour search");
    }
    return LIMN_OK;
}

void gif_nearest_finish(struct gif_nearest *nn)
{
    mem_free(nn->count);
    mem_free(nn->list);
    *nn = (struct gif_nearest){0};
}

void gif_nearest_set(struct gif_nearest *nn, const struct gif_palette *palette, int32_t slack)
{
    nn->palette = palette;
    nn->slack = slack;
    memset(nn->count, 0, GIF_CELLS * sizeof(*nn->count));
    memset(nn->recent, 0, sizeof(nn->recent));
}

/* Squared least and greatest distance of v to the interval [lo, lo + 7]. */
static void interval(int32_t v, int32_t lo, int32_t *least, int32_t *greatest)
{
    int32_t below = lo - v, above = v - (lo + 7);
    int32_t near = below > 0 ? below : above > 0 ? above : 0;
    int32_t far = -below > -above ? -below : -above;
    *least += near * near;
    *greatest += far * far;
}

static void fill_cell(struct gif_nearest *nn, size_t cell, const uint8_t rgb[3])
{
    int32_t least[256], bound = INT32_MAX;
    int n = nn->palette->n, kept = 0;
    for (int i = 0; i < n; i++) {
        int32_t greatest = 0;
        least[i] = 0;
        for (int k = 0; k < 3; k++) {
            interval(nn->palette->rgb[i][k], rgb[k] & ~7, &least[i], &greatest);
        }
        bound = greatest < bound ? greatest : bound;
    }
    for (int i = 0; i < n; i++) {
        if (least[i] <= bound + nn->slack) {
            nn->list[cell][kept++] = (uint8_t)i;
        }
    }
    nn->count[cell] = (uint16_t)kept;
}

int gif_nearest_list(struct gif_nearest *nn, const uint8_t rgb[3], const uint8_t **list)
{
    size_t cell = (size_t)(rgb[0] >> 3) << 10 | (size_t)(rgb[1] >> 3) << 5 | (size_t)(rgb[2] >> 3);
    if (nn->count[cell] == 0) {
        fill_cell(nn, cell, rgb);
    }
    *list = nn->list[cell];
    return nn->count[cell];
}

static int search(struct gif_nearest *nn, const uint8_t rgb[3], int32_t *d2)
{
    const uint8_t *list;
    int n = gif_nearest_list(nn, rgb, &list), best = list[0];
    int32_t best_d = gif_distance(nn->palette->rgb[best], rgb);
    for (int i = 1; i < n; i++) {
        int32_t d = gif_distance(nn->palette->rgb[list[i]], rgb);
        if (d < best_d) {
            best_d = d;
            best = list[i];
        }
    }
    *d2 = best_d;
    return best;
}

int gif_nearest_find(struct gif_nearest *nn, const uint8_t rgb[3], int32_t *d2)
{
    uint32_t colour = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    struct gif_found *f = &nn->recent[colour * 2654435761u >> 20];
    if (f->key != colour + 1) {
        f->index = search(nn, rgb, &f->d2);
        f->key = colour + 1;
    }
    *d2 = f->d2;
    return f->index;
}
