/* softmax.comp: rows of `len` elements that lie `inner` apart, from elements base_x, base_y on. */
#ifndef LIMN_PUSH_SOFTMAX_H
#define LIMN_PUSH_SOFTMAX_H

#include "push/push.h"

#define PUSH_SOFTMAX PUSH_U32(rows) PUSH_U32(len) PUSH_U32(inner) PUSH_U32(base_x) PUSH_U32(base_y)

#endif
