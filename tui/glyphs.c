/* The block glyphs of each set. Of two glyphs that are each other's complement only one is listed: swapping the colours
 * gives the other. Code points: block elements U+2580..259F, sextants U+1FB00.. (Unicode 13), numbered by the bits
 * top-left, top-right, middle-left, ... with the patterns that are half blocks left out. */
#include "picture.h"

static void add(struct glyph *g, uint32_t ch, uint32_t other)
{
    *g = (struct glyph){.ch = ch, .other = other};
}

static int overlap(int a0, int a1, int b0, int b1)
{
    const int from = a0 > b0 ? a0 : b0, to = a1 < b1 ? a1 : b1;
    return to > from ? to - from : 0;
}

static void add_part(struct glyph *g, int x0, int y0, int x1, int y1)
{
    const int w = GLYPH_COLUMNS / 2, h = GLYPH_ROWS / 4;
    for (int i = 0; i < 8; i++) {
        const int x = i % 2 * w, y = i / 2 * h;
        g->cover[i] += (float)(overlap(x0, x1, x, x + w) * overlap(y0, y1, y, y + h)) / (float)(w * h);
    }
    g->part[g->n].x0 = (uint8_t)x0;
    g->part[g->n].y0 = (uint8_t)y0;
    g->part[g->n].x1 = (uint8_t)x1;
    g->part[g->n].y1 = (uint8_t)y1;
    g->n++;
    g->ink += (float)((x1 - x0) * (y1 - y0)) / (float)(GLYPH_COLUMNS * GLYPH_ROWS);
}

/* A glyph of 2 x `rows` blocks whose bit i is column i % 2, row i / 2. */
static void add_blocks(struct glyph *g, uint32_t ch, uint32_t other, unsigned bits, int rows)
{
    const int w = GLYPH_COLUMNS / 2, h = GLYPH_ROWS / rows;
    add(g, ch, other);
    for (int i = 0; i < 2 * rows; i++) {
        if (bits >> i & 1) {
            const int x = i % 2 * w, y = i / 2 * h;
            add_part(g, x, y, x + w, y + h);
        }
    }
}

static uint32_t sextant(unsigned bits)
{
    return 0x1fb00 + bits - 1 - (bits > 21) - (bits > 42);
}

size_t glyphs_list(enum picture_glyphs set, struct glyph out[GLYPH_MAX])
{
    static const uint16_t quadrant[16] = {' ',    0x2598, 0x259d, 0x2580, 0x2596, 0x258c, 0x259e, 0x259b,
                                          0x2597, 0x259a, 0x2590, 0x259c, 0x2584, 0x2599, 0x259f, 0x2588};
    size_t n = 0;
    add_blocks(&out[n++], 0x2580, 0x2584, 3, 2); /* upper half */
    if (set < PICTURE_QUADRANT) {
        return n;
    }
    for (unsigned bits = 1; bits < 8; bits++) {
        if (bits != 3) {
            add_blocks(&out[n++], quadrant[bits], quadrant[15 - bits], bits, 2);
        }
    }
    for (int k = 1; set >= PICTURE_EIGHTH && k < 8; k++) {
        if (k != 4) { /* halves are there already */
            add(&out[n], 0x2580 + (uint32_t)k, k == 7 ? 0x2594 : 0);
            add_part(&out[n++], 0, GLYPH_ROWS - 3 * k, GLYPH_COLUMNS, GLYPH_ROWS);
            add(&out[n], 0x2590 - (uint32_t)k, k == 7 ? 0x2595 : 0);
            add_part(&out[n++], 0, 0, k, GLYPH_ROWS);
        }
    }
    for (unsigned bits = 1; set >= PICTURE_SEXTANT && bits < 32; bits++) {
        if (bits != 21) { /* the left half */
            add_blocks(&out[n++], sextant(bits), sextant(63 - bits), bits, 3);
        }
    }
    return n;
}
