/* What was picked out to be compared and exported: jobs, marked in the queue. */
#ifndef LIMN_TUI_MARKS_H
#define LIMN_TUI_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARKS_MAX = 256 };
struct marks {
    int64_t job[MARKS_MAX]; /* in the order of marking */
    size_t n;
};
bool marks_has(const struct marks *m, int64_t job);
/* Marks a job, or no longer. False when there are MARKS_MAX already. */
bool marks_toggle(struct marks *m, int64_t job);
/* A job that is gone. False when it was not marked. */
bool marks_drop(struct marks *m, int64_t job);

#endif
