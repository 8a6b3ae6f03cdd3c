/* Line plots: axes with round numbers, a legend, several curves. Own drawing on a white picture. */
#ifndef LIMN_IMAGE_PLOT_H
#define LIMN_IMAGE_PLOT_H

#include "image/image.h"

struct plot_curve {
    const char *name;
    const double *x, *y; /* x NULL: 1, 2, 3, ...; y that are not finite leave a gap */
    size_t n;
    struct rgb colour; /* black: one of a fixed row, by number */
    bool dots;         /* mark the points */
};
struct plot {
    const char *title, *x_name, *y_name;
    const struct plot_curve *curve;
    size_t n_curve;
    int32_t width, height; /* 0: 640 x 400 */
    double y_min, y_max;   /* equal: from the data */
    double x_min, x_max;   /* likewise */
};
limn_status plot_draw(const struct plot *p, struct image *out, limn_error *err);

/* A square table of counts as a picture: rows are truth, columns what was said, darker is more (of its row). Numbers
 * stand in the cells where they fit. `name` may be NULL. */
limn_status plot_confusion(const char *title, const uint64_t *count, int32_t n, const char *const *name,
                           struct image *out, limn_error *err);

#endif
