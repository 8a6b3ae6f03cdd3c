/* Statistics of a batch, and their gradient. bn_parts.comp: every channel of `images` images (from element base_x and
 * base_g on) is cut into `parts` runs of whole vec4s; run j is written as part first + j of `total`, number q of
 * channel c at (q * total + part) * channels + c. bn_merge.comp folds the parts; count: elements of a channel.
 * bn_apply.comp: as batch_norm.comp, gx = a g + b (x - mean) + d with (a, b, mean, d) of each channel. */
#ifndef LIMN_PUSH_BATCH_NORM_TRAIN_H
#define LIMN_PUSH_BATCH_NORM_TRAIN_H

#include "push/push.h"

#define PUSH_BN_PARTS                                                                                                  \
    PUSH_U32(channels)                                                                                                 \
    PUSH_U32(plane) PUSH_U32(images) PUSH_U32(parts) PUSH_U32(first) PUSH_U32(total) PUSH_U32(base_x) PUSH_U32(base_g)

#define PUSH_BN_MERGE PUSH_U32(channels) PUSH_U32(total) PUSH_F32(count) PUSH_F32(eps)

#define PUSH_BN_APPLY                                                                                                  \
    PUSH_U32(n) PUSH_U32(plane) PUSH_U32(channels) PUSH_U32(first) PUSH_U32(base_g) PUSH_U32(base_x) PUSH_U32(base_y)

#define BN_STATS 0
#define BN_GRAD 1

#endif
