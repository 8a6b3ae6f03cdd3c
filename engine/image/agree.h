/* How alike two heat maps of one size are, as numbers. */
#ifndef LIMN_IMAGE_AGREE_H
#define LIMN_IMAGE_AGREE_H

#include <stddef.h>

#include "base/status.h"

struct agreement {
    double pearson;  /* correlation of the values, -1 to 1; NaN when one map is constant */
    double spearman; /* Pearson's of the ranks; equal values share their mean rank */
    double overlap; /* of the tenth of the pixels that are hottest in each: those of both among those of either, 0 to 1.
                     * Pixels as hot as the last one belong to the tenth, pixels of value 0 never do; NaN when no
                     * pixel of either does */
};
/* n values each, at least 1, finite. */
limn_status agree(const float *a, const float *b, size_t n, struct agreement *out, limn_error *err);

#endif
