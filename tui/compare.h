/* The Compare screen: up to four results side by side, in step. */
#ifndef LIMN_TUI_COMPARE_H
#define LIMN_TUI_COMPARE_H

#include <limn/gif.h>

#include "motion.h"

enum { COMPARE_MAX = 4 };
struct compare_item {
    int64_t job;
    char path[4096];
    char title[200]; /* of the job */
    struct limn_animation *shown;
    char problem[300];
};
struct compare_state {
    struct compare_item item[COMPARE_MAX];
    size_t n, all; /* all: how many there would be */
    size_t at;     /* the one in front, where not all have room */
    struct motion motion;
    struct look look;
};

#endif
