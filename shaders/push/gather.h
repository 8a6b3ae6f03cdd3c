/* gather*.comp: a tensor x as [outer, axis, inner], an index of n_index positions along the axis. */
#ifndef LIMN_PUSH_GATHER_H
#define LIMN_PUSH_GATHER_H

#include "push/div.h"

/* Divisors: inner, then the dimension of the result beside it. base_*: first elements in the bindings. */
#define PUSH_GATHER                                                                                                    \
    PUSH_U32(n) PUSH_U32(axis) PUSH_U32(n_index) PUSH_U32(inner)                                                       \
    PUSH_U32(base_x) PUSH_U32(base_index) PUSH_U32(base_y) PUSH_DIV(by, 2)

#define GATHER_SHARED 0 /* one index for every row of x: gather */
#define GATHER_OWN 1    /* an index for every element: gather_elements */

#endif
