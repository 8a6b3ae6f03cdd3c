/* What moves where pictures are shown: the frame of an animation, and the part of a picture that is seen. Views that
 * show the same thing share them, so that it stays in step. */
#ifndef LIMN_TUI_MOTION_H
#define LIMN_TUI_MOTION_H

#include <limn/limn.h>

#include "keys.h"
#include "picture.h"

struct motion {
    size_t frame;
    bool playing, ping_pong, backwards;
    double speed;
    int64_t next; /* when the next frame is due, ms; 0: counted from the next tick on */
};
void motion_start(struct motion *m, bool playing); /* at the first frame; speed and direction stay */
/* Goes on to the frame of n that is due at `now` (ms), each shown for seconds[i]. Returns ms until the next one, -1:
 * nothing plays. */
int64_t motion_tick(struct motion *m, const double *seconds, size_t n, int64_t now);
/* Play, pause, step, speed, direction; false when it is none of these. n frames, at least 2. */
bool motion_act(struct motion *m, enum action action, size_t n);
bool motion_action(enum action action);                                     /* it is one of these */
void motion_text(const struct motion *m, size_t n, char *out, size_t size); /* "frame 3 of 24 · playing" */

struct look {
    double zoom, x, y; /* x, y: middle of what is seen, 0 to 1 */
};
#define LOOK_ALL ((struct look){1, 0.5, 0.5})
bool look_act(struct look *l, enum action action); /* zoom and pan; false when it is neither */
struct picture_source look_source(const struct look *l, const limn_image *image);

#endif
