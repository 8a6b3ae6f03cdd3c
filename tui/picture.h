/* Pictures as cells: for every cell the glyph and the two colours that come nearest to the pixels under it, found by
 * trying all glyphs of the terminal's set, at 256 and fewer colours jointly with the palette.
 *
 * Error of a candidate: the cell's pixels fall into the glyph's ink and the rest; the best two colours are the means of
 * the parts, and the squared error is (total energy) - |S_ink|^2/n_ink - |S_rest|^2/n_rest, plus n * |q(m) - m|^2 for
 * each mean m that the palette moves to q(m). Where there is a palette, differences of brightness count a quarter more
 * than of colour, because shapes live by them: SSIM gains 0.01, PSNR loses 0.03 dB. No dithering: within cells it costs
 * both. */
#ifndef LIMN_TUI_PICTURE_H
#define LIMN_TUI_PICTURE_H

#include "cell.h"

enum picture_colours { PICTURE_MONO, PICTURE_8, PICTURE_16, PICTURE_256, PICTURE_TRUE };
enum picture_glyphs {
    PICTURE_ASCII,    /* brightness ramp */
    PICTURE_HALF,     /* upper half block only */
    PICTURE_QUADRANT, /* and the quarters */
    PICTURE_EIGHTH,   /* and bars of 1/8 from below and from the left */
    PICTURE_SEXTANT   /* and sextants (Unicode 13) */
};

struct picture_style {
    enum picture_colours colours;
    enum picture_glyphs glyphs;
    bool light; /* the terminal's background is light: the ASCII ramp is turned round */
};

/* Draws the part so that it fills `where` exactly. Sampling is by area when it shrinks, linear when it grows. In a grid
 * with areas (cell.h) its place is kept free instead, for the picture itself: its pixels must outlive the drawing.
 * Returns false when out of memory. */
bool picture_draw(struct grid *g, struct rect where, const struct picture_source *src, struct picture_style style);
/* With characters in any case. */
bool picture_cells(struct grid *g, struct rect where, const struct picture_source *src, struct picture_style style);
/* The part as w x h pixels, sampled likewise; `out` has room for 3 * w * h bytes. False when out of memory. */
bool picture_pixels(const struct picture_source *src, int32_t w, int32_t h, uint8_t *out);
/* The largest rectangle within `area`, centred, that shows width x height pixels undistorted with cells that are twice
 * as high as wide. At least 1 x 1. */
struct rect picture_fit(int32_t width, int32_t height, struct rect area);

/* Nearest palette entry of a colour in 0..255: its number and the colour it shows. Entries of PICTURE_256 are xterm's
 * cube and greys (16..255), never the 16 that themes redefine. */
int32_t palette_nearest(enum picture_colours colours, const float rgb[3], float shown[3]);
/* The entry that a picture's colour is shown by; returns the squared distance, in which brightness counts more. */
float palette_best(enum picture_colours colours, const float rgb[3], float shown[3]);
/* The like of a squared length: what palette_best measures, from black. */
float palette_energy(const float rgb[3]);
uint32_t palette_rgb(enum picture_colours colours, int32_t index);

/* glyphs.c: the candidates of a set, up to complement, as rectangles of a cell of GLYPH_COLUMNS by GLYPH_ROWS. */
enum { GLYPH_COLUMNS = 8, GLYPH_ROWS = 24, GLYPH_MAX = 64 };
struct glyph {
    uint32_t ch, other; /* the character, and that of the complement; 0 where there is none */
    float ink;          /* part of the cell */
    float cover[8];     /* likewise of each eighth of it, 2 columns by 4 rows */
    int32_t n;
    struct {
        uint8_t x0, y0, x1, y1;
    } part[6];
};
size_t glyphs_list(enum picture_glyphs set, struct glyph out[GLYPH_MAX]);

#endif
