/* Resampling along one axis as a sparse map. */
#ifndef LIMN_OPS_RESIZE_MAP_H
#define LIMN_OPS_RESIZE_MAP_H

#include "ops/axis_map.h"

/* The map of axis 0..2 (D,H,W) from `in` to `out` elements. */
limn_status resize_map(const struct resize_attrs *a, int axis, int32_t in, int32_t out, struct axis_map *m,
                       limn_error *err);

#endif
