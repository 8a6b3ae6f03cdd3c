/* The Compare screen: up to four results side by side, drawn alike, enlarged, moved and played as one. */
#ifndef LIMN_TUI_COMPARE_H
#define LIMN_TUI_COMPARE_H

#include "motion.h"
#include "pin.h"

enum { COMPARE_MAX = 4 };
enum compare_of { COMPARE_PINS, COMPARE_JOBS, COMPARE_METHODS }; /* pinned; of marked jobs; of one picture */

struct compare_item {
    struct pin pin;
    struct results own; /* loaded */
    char problem[300];  /* it cannot be loaded */
    char cannot[300];   /* it cannot be drawn so */
    limn_image *image;  /* as it is seen; NULL: nothing, or a frame as it is */
    struct limn_scale scale;
    double most; /* difference of any frame from the first item's, of 255; 0: not known */
    bool agrees; /* with the first: both are maps of the same picture */
    struct limn_agreement agreement;
};
struct compare_look { /* what was changed here counts for all of them */
    double opacity;   /* -1: each its own; so also below */
    int32_t mode;     /* row of viewer_mode */
    int32_t colormap; /* row of the table; -2: each its own */
    bool common;      /* one scale for all maps */
    bool difference;  /* of each from the first */
};
struct compare_state {
    enum compare_of of;
    bool here; /* the last one is what the viewer shows, beside a single pin or marked job */
    struct compare_item item[COMPARE_MAX];
    size_t n, all, first; /* n of `all`, from number `first` on */
    size_t at;            /* the one in front, where not all have room */
    struct motion motion;
    struct look look;
    struct compare_look how, drawn; /* drawn: what the images are of */
    size_t frame;                   /* likewise */
    bool few, stale;                /* stale: nothing is drawn yet */
    double full;                    /* end of the common scale; 0: each map has its own */
};

void compare_init(struct compare_state *c);
void compare_free(struct compare_state *c);
/* Compares these (copies are made), n of all that there are; what was loaded stays loaded. Pins that do not load say so
 * in their place. */
void compare_set(struct compare_state *c, const struct pin *pin, size_t n, size_t all);
/* Draws what is not up to date. `few`: the terminal has few colours, maps are shown by brightness. */
void compare_show(struct compare_state *c, bool few);
/* The item with the most frames: the others keep in step with it. NULL: none plays. */
const struct limn_animation *compare_longest(const struct compare_state *c);
size_t compare_frame(const struct compare_state *c, size_t item);            /* of an animation, in step */
const limn_image *compare_image(const struct compare_state *c, size_t item); /* what is seen; NULL: nothing */
/* How an item is drawn, with what was changed for all. */
struct map_look compare_map_look(const struct compare_state *c, size_t item);
/* The item as it is seen, in all colours; *p points to what belongs to the item. */
void compare_pin(const struct compare_state *c, size_t item, struct pin *p);
struct pins_differ compare_differs(const struct compare_state *c);
/* Captions of one item: what it is, and the rest of what distinguishes it ("" nothing). */
void compare_caption(const struct compare_state *c, size_t item, char *name, char *origin, size_t size);
void compare_common(const struct compare_state *c, char *out, size_t size); /* what is the same for all */
/* Any of them is a map. */
bool compare_maps(const struct compare_state *c);
bool compare_step_mode(struct compare_state *c); /* false: there are no maps; likewise below */
bool compare_step_colormap(struct compare_state *c);
bool compare_change_opacity(struct compare_state *c, double by);

#endif
