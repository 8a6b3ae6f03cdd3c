/* The pictures of a grid as pixels, by sixel or kitty's protocol, beside a writer that makes the cells (paint.h,
 * ncurses). That one sees blanks in their places. Only what differs from the frame before is sent: of sixel pictures
 * the cells that changed, came or were uncovered; of kitty's the picture when it changed, its placements when something
 * covers it. No terminal is touched here. */
#ifndef LIMN_TUI_GRAPHICS_H
#define LIMN_TUI_GRAPHICS_H

#include <limn/palette.h>

#include "bytes.h"
#include "caps.h"

struct graphics_slot { /* what is shown of the grid's picture of that number */
    bool known;        /* pixels and hash are those on the screen */
    struct rect where;
    int32_t w, h;
    uint8_t *pixels;
    uint64_t hash, parts; /* of the pixels, and of the rectangles that are placed */
    limn_palette *palette;
    double error; /* of the palette when it was made */
    int level;    /* likewise */
};
struct graphics {
    enum graphics_kind kind;
    int32_t cell_width, cell_height;
    bool inside;      /* tmux: a graphic of more than 1 MiB is lost */
    const char *home; /* brings the cursor to the grid's top left corner */
    bool moving;
    unsigned sent;     /* kitty: bits of the images that the terminal has */
    uint32_t first_id; /* number of the grid's first picture as an image; may be changed before the first frame */
    int level;         /* 0 to 2: coarser while frames of an animation are too large */
    int32_t width, height;
    uint8_t *present; /* for each cell: 1 + number of the picture whose pixels are on it */
    struct graphics_slot slot[GRID_PICTURES];
};
enum { GRAPHICS_BUDGET = 262144, GRAPHICS_ID = 4211 }; /* bytes of a frame in motion; first_id at first */

/* `home`: "" where the cursor stands at the grid's corner anyway. */
void graphics_init(struct graphics *gr, const struct caps *caps, const char *home);
void graphics_change(struct graphics *gr, const struct caps *caps); /* other capabilities; all is sent anew */
void graphics_finish(struct graphics *gr);
void graphics_forget(struct graphics *gr); /* the screen was disturbed */
/* While an animation plays, blocks may differ a little and frames get coarser; when it stops, all is made exact. */
void graphics_moving(struct graphics *gr, bool moving);
/* Before the cells are written: takes away what is not wanted any more, leaving blanks. Attributes must be plain. */
bool graphics_before(struct graphics *gr, const struct grid *wanted, struct bytes *out);
/* After them: shows what is wanted. Both leave the cursor where it was; false: out of memory, forget. */
bool graphics_after(struct graphics *gr, const struct grid *wanted, struct bytes *out);
/* What takes all pictures away, at the end. */
void graphics_end(const struct graphics *gr, struct bytes *out);

#endif
