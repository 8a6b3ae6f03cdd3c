/* The parts of the GIF writer: palette, nearest colour, choice of indices. Used by gif_*.c, and the first two by
 * api/palette.c. */
#ifndef LIMN_IMAGE_GIF_PRIV_H
#define LIMN_IMAGE_GIF_PRIV_H

#include "image/gif.h"

struct gif_palette {
    int n; /* 1..256 */
    uint8_t rgb[256][3];
    double error; /* root mean square RGB distance of the colours counted; 0: every one has its own entry */
};

/* Bits of a pixel: room for the colours and, up to 255 of them, a transparent index. */
static inline int gif_bits(const struct gif_palette *p)
{
    int bits = 1;
    while (1 << bits < p->n + 1 && bits < 8) {
        bits++;
    }
    return bits;
}

/* ---- gif_palette.c ---- */
struct gif_histogram;
limn_status gif_histogram_create(struct gif_histogram **out, limn_error *err);
void gif_histogram_destroy(struct gif_histogram **h); /* NULL-safe */
/* Counts n pixels; those that are as in `before` (NULL: none) are left out. */
limn_status gif_histogram_add(struct gif_histogram *h, const uint8_t *rgb, const uint8_t *before, size_t n,
                              limn_error *err);
void gif_histogram_clear(struct gif_histogram *h);
size_t gif_histogram_colours(const struct gif_histogram *h); /* distinct ones; SIZE_MAX: more than were kept apart */
/* At most max_colours entries, sorted by brightness. */
limn_status gif_palette_build(const struct gif_histogram *h, int max_colours, struct gif_palette *out, limn_error *err);

/* ---- gif_nearest.c: exact nearest entry by a grid of 32^3 cells, each with the entries that can win in it ---- */
#define GIF_CELLS 32768
struct gif_nearest {
    const struct gif_palette *palette;
    int32_t slack;        /* lists also hold the entries up to this squared distance behind the nearest */
    uint16_t *count;      /* per cell; 0: not made yet */
    uint8_t (*list)[256]; /* per cell */
    struct gif_found {    /* answers given lately, by a hash of the colour */
        uint32_t key;     /* colour + 1; 0: none */
        int32_t d2;
        int index;
    } recent[4096];
};
limn_status gif_nearest_init(struct gif_nearest *nn, limn_error *err);
void gif_nearest_finish(struct gif_nearest *nn);
/* Starts over with another palette (kept by pointer). */
void gif_nearest_set(struct gif_nearest *nn, const struct gif_palette *palette, int32_t slack);
/* Index of the nearest entry, the lowest one of equals; its squared distance in *d2. */
int gif_nearest_find(struct gif_nearest *nn, const uint8_t rgb[3], int32_t *d2);
/* The cell's candidates: every entry within `slack` of the nearest is among them. */
int gif_nearest_list(struct gif_nearest *nn, const uint8_t rgb[3], const uint8_t **list);

static inline int32_t gif_distance(const uint8_t a[3], const uint8_t b[3])
{
    int32_t r = a[0] - b[0], g = a[1] - b[1], v = a[2] - b[2];
    return r * r + g * g + v * v;
}

/* ---- gif_choice.c: which of the allowed indices to write, by following the LZW dictionary ---- */
#define GIF_CHOICES 6
struct gif_choices { /* of one pixel, at least one */
    uint8_t n;
    uint8_t index[GIF_CHOICES];
    uint16_t cost[GIF_CHOICES]; /* added squared error */
};
struct gif_chooser;
limn_status gif_chooser_create(struct gif_chooser **out, limn_error *err);
void gif_chooser_destroy(struct gif_chooser **c); /* NULL-safe */
/* Fills index[0..n-1] for one frame that is coded with `bits` bits a pixel. */
void gif_choose(struct gif_chooser *c, const struct gif_choices *px, size_t n, int bits, uint8_t *index);

/* ---- gif_frames.c: one picture after the other becomes a rectangle of indices ---- */
struct gif_rect {
    int32_t left, top, width, height; /* width 0: nothing changes */
};
struct gif_coded { /* valid until the next call */
    struct gif_rect rect;
    const uint8_t *index; /* rect.width * rect.height; when nothing changes one index that changes nothing at (0, 0) */
    int transparent;      /* index, -1: none */
};
struct gif_coder;
limn_status gif_coder_create(int32_t width, int32_t height, struct gif_coder **out, limn_error *err);
void gif_coder_destroy(struct gif_coder **c); /* NULL-safe */
/* Palette (kept by pointer) and tolerances of the next pictures, as RGB distances: a pixel may stay when that adds at
 * most `tolerance` to the error, and take an index that adds at most `spread`. The transparent index is palette->n, or
 * with 256 colours, in each picture, one that no changing pixel needs. */
void gif_coder_palette(struct gif_coder *c, const struct gif_palette *palette, double tolerance, double spread);
/* Codes a picture against what is shown and shows it. */
struct gif_coded gif_coder_next(struct gif_coder *c, const uint8_t *rgb);
const uint8_t *gif_coder_shown(const struct gif_coder *c); /* 3 * width * height */

#endif
