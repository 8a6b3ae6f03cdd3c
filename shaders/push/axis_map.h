/* axis_map.comp: x as [outer, n_in, inner], y as [outer, n_out, inner]. */
#ifndef LIMN_PUSH_AXIS_MAP_H
#define LIMN_PUSH_AXIS_MAP_H

#include "push/div.h"

/* Divisors: inner, n_out. base_*: first elements in the bindings. */
#define PUSH_AXIS_MAP                                                                                                  \
    PUSH_U32(n) PUSH_U32(n_in) PUSH_U32(n_out) PUSH_U32(inner) PUSH_U32(base_x) PUSH_U32(base_y) PUSH_DIV(by, 2)

#endif
