/* softmax.comp: rows of `len` elements that lie `inner` apart. */
#ifndef LIMN_PUSH_SOFTMAX_H
#define LIMN_PUSH_SOFTMAX_H

#include "push/push.h"

#define PUSH_SOFTMAX PUSH_U32(rows) PUSH_U32(len) PUSH_U32(inner)

#endif
