/* batch_norm.comp: n = planes * ceil(plane / 16) for a run of planes of `plane` elements, the first of
 * which has number `first` and begins at element base_x, base_y (multiples of 4 if plane is). */
#ifndef LIMN_PUSH_BATCH_NORM_H
#define LIMN_PUSH_BATCH_NORM_H

#include "push/push.h"

#define PUSH_BATCH_NORM                                                                                                \
    PUSH_U32(n) PUSH_U32(plane) PUSH_U32(channels) PUSH_F32(eps)                                                       \
    PUSH_U32(first) PUSH_U32(base_x) PUSH_U32(base_y)

#endif
