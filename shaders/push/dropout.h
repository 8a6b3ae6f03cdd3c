/* dropout.comp: elements below `threshold` of 2^32 are dropped, the others times `scale`. */
#ifndef LIMN_PUSH_DROPOUT_H
#define LIMN_PUSH_DROPOUT_H

#include "push/push.h"

#define PUSH_DROPOUT PUSH_U32(n) PUSH_U32(seed) PUSH_U32(threshold) PUSH_F32(scale)

#endif
