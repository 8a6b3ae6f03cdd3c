/* A picture or animation in the terminal without the full-screen program: what `limn preview` does. */
#ifndef LIMN_TUI_PREVIEW_H
#define LIMN_TUI_PREVIEW_H

#include <limn/gif.h>

#include "caps.h"

struct preview {
    const struct limn_animation *animation;
    struct caps caps;
    int32_t columns, rows;    /* the room there is */
    int32_t loops;            /* times played; 0: for ever */
    bool play;                /* standard output is a terminal that can move its cursor: animations move */
    const volatile int *stop; /* not 0: end */
};

/* Cells that a picture of this size takes in the preview's room. */
struct rect preview_size(const struct preview *p);
/* Writes to standard output. Keys while an animation plays: q ends, space pauses, . and , step, + and - change the
 * speed. 0, or an errno value when the output failed. */
int preview_show(const struct preview *p);

#endif
