/* batch_norm.comp: `planes` = images * channels planes of `plane` elements; n = planes * ceil(plane / 4). */
#ifndef LIMN_PUSH_BATCH_NORM_H
#define LIMN_PUSH_BATCH_NORM_H

#include "push/push.h"

#define PUSH_BATCH_NORM PUSH_U32(n) PUSH_U32(plane) PUSH_U32(channels) PUSH_F32(eps)

#endif
