/* Where a click means something: noted while the screen is drawn, read when one comes. */
#ifndef LIMN_TUI_HITS_H
#define LIMN_TUI_HITS_H

#include "cell.h"

enum hit_kind {
    HIT_NONE,
    HIT_ACTION, /* index: enum action */
    HIT_HELP,   /* a row of the help or the palette */
    HIT_ROW     /* a row of the view: `list` and `index` as the view counts them */
};
struct hit {
    struct rect r;
    enum hit_kind kind;
    int32_t list;
    int64_t index;
};
enum { HITS_MAX = 512 }; /* more than the rows of the tallest screen that is drawn */
struct hits {
    struct hit hit[HITS_MAX];
    size_t n;
};
/* What lies there, the last one drawn first; NULL: nothing. */
const struct hit *hits_find(const struct hits *h, int32_t x, int32_t y);

#endif
