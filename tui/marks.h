/* What was picked out to be compared and exported: jobs, marked in the queue, and results, pinned in the viewer. */
#ifndef LIMN_TUI_MARKS_H
#define LIMN_TUI_MARKS_H

#include "pin.h"

enum { MARKS_MAX = 256, PINS_MAX = 32 };
struct marks {
    int64_t job[MARKS_MAX]; /* in the order of marking */
    size_t n;
    struct pin pin[PINS_MAX];
    size_t n_pins;
};
bool marks_has(const struct marks *m, int64_t job);
/* Marks a job, or no longer. False when there are MARKS_MAX already. */
bool marks_toggle(struct marks *m, int64_t job);
/* The number of that pin; n_pins: it is not pinned. */
size_t marks_find(const struct marks *m, const struct pin *p);
/* Pins it (a copy), or no longer. False when there are PINS_MAX already, or no memory. */
bool marks_pin(struct marks *m, const struct pin *p);
/* A job that is gone: its mark and its pins. Returns how many they were. */
size_t marks_drop(struct marks *m, int64_t job);
void marks_clear(struct marks *m);

#endif
