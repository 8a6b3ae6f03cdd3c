/* From one grid to the next in few bytes: what changes is written with as few colour changes and cursor movements as
 * the tolerance allows. No terminal is touched here: the bytes go to a buffer that the caller writes.
 *
 * Tolerance T: a picture's cell may show other glyphs and colours than wanted when the root mean square difference over
 * its area is at most T (of 255); T = 0 is exact. With T = 4 an animation takes about a third of the bytes. All cursor
 * movements are relative to where the grid's top left corner was drawn first (columns count from the screen's edge), so
 * that a grid can be drawn within scrolled text as well as on a full screen. */
#ifndef LIMN_TUI_PAINT_H
#define LIMN_TUI_PAINT_H

#include "bytes.h"
#include "picture.h"

struct paint_glyph {    /* a block glyph as its ink on the 8 x 24 lattice */
    uint32_t ch, other; /* the glyph, and its complement or 0 */
    uint64_t ink[3];
};

struct paint {
    enum picture_colours colours;
    int32_t tolerance;
    struct bytes out;        /* to be written and cleared by the caller; after a failure start anew */
    struct grid shown, kept; /* kept: of paint_moving */
    int32_t x, y;            /* of the cursor, in the grid */
    uint32_t fg, bg, attr;
    struct paint_glyph glyph[2 * GLYPH_MAX + 2];
    size_t n_glyph;
};

/* Everything unknown: the first frame paints all cells. The cursor stands at the grid's top left corner. */
bool paint_init(struct paint *p, int32_t width, int32_t height, enum picture_colours colours, int32_t tolerance);
void paint_finish(struct paint *p);
void paint_forget(struct paint *p); /* the screen was disturbed: the next frame paints all cells */
/* Appends what makes the shown grid into `wanted` (same size), and leaves plain attributes. */
void paint_frame(struct paint *p, const struct grid *wanted);
/* Likewise, of something that moves: with twice the tolerance, if that brings the frame below PAINT_LOCAL bytes for
 * each 4800 cells (when a part changes) or below PAINT_GLOBAL (when all does). False: out of memory. */
enum { PAINT_LOCAL = 5000, PAINT_GLOBAL = 40000 };
bool paint_moving(struct paint *p, const struct grid *wanted);
/* Moves the cursor to a row and column of the grid. */
void paint_move(struct paint *p, int32_t x, int32_t y);

#endif
