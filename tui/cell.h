/* The cell grid that every view draws into: what the screen should show, free of any terminal. A writer (term.c) turns
 * the difference between two grids into bytes; tests compare grids as text.
 *
 * Text that is drawn passes through the escape rules of limn_text_escape, so that no name from a file can hold a
 * control sequence; wide characters take two cells, the second with ch 0. Drawing is clipped to the given rectangle. */
#ifndef LIMN_TUI_CELL_H
#define LIMN_TUI_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLOUR_DEFAULT 0x01000000u /* the terminal's own foreground or background; else 0xRRGGBB */

enum cell_attr {
    CELL_BOLD = 1,
    CELL_DIM = 2,
    CELL_UNDERLINE = 4,
    CELL_REVERSE = 8,
    CELL_STYLE = 15,
    CELL_PICTURE = 16 /* blank, and kept free for picture CELL_PICTURE_OF(attr) of the grid */
};
#define CELL_PICTURE_OF(attr) ((int32_t)((attr) >> 8 & 15))

struct cell {
    uint32_t ch; /* code point; ' ' when blank; 0: right half of the wide character before it */
    uint32_t fg, bg;
    uint32_t attr; /* enum cell_attr bits */
};

struct rect {
    int32_t x, y, w, h;
};

/* A part of an RGB picture, in pixels; what reaches over the edges repeats them. */
struct picture_source {
    const uint8_t *rgb;
    int32_t width, height;
    double x, y, w, h;
};

enum { GRID_PICTURES = 8 };
struct grid {
    int32_t width, height;
    struct cell *cell; /* row-major */
    /* Where the terminal shows pictures themselves, they are noted here and their cells say so (CELL_PICTURE). What is
     * drawn over such cells later hides that part. The pixels must stay until the grid was shown. */
    bool areas;
    int32_t n_pictures;
    struct {
        struct rect where;
        struct picture_source source;
    } picture[GRID_PICTURES];
};

struct style {
    uint32_t fg, bg, attr;
};
#define STYLE_PLAIN ((struct style){COLOUR_DEFAULT, COLOUR_DEFAULT, 0})

bool grid_init(struct grid *g, int32_t width, int32_t height); /* blank; false when out of memory */
void grid_finish(struct grid *g);
void grid_clear(struct grid *g); /* blank, without pictures */
/* Notes a picture that fills `where`. False: this grid has no areas, or no room for another. */
bool grid_picture(struct grid *g, struct rect where, const struct picture_source *source);
void grid_fill(struct grid *g, struct rect r, uint32_t ch, struct style s);
/* Draws text from (x,y) on within `clip`; returns the column after it. */
int32_t grid_text(struct grid *g, struct rect clip, int32_t x, int32_t y, struct style s, const char *text);
struct rect rect_clip(struct rect a, struct rect b);              /* w or h 0 when they do not meet */
struct cell *grid_at(const struct grid *g, int32_t x, int32_t y); /* NULL outside */

/* Columns that a code point takes: 0 (combining), 1 or 2. */
int32_t ch_width(uint32_t ch);
/* Next code point of UTF-8 text, which is advanced; 0xFFFD for invalid bytes, 0 at the end. */
uint32_t utf8_next(const char **s);
/* At most 4 bytes and a NUL; returns the length. */
int32_t utf8_put(uint32_t ch, char out[5]);

#endif
