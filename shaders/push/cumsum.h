/* cumsum.comp: x and y as [outer, n, inner]; rows = outer * inner. base_*: first elements in the bindings. */
#ifndef LIMN_PUSH_CUMSUM_H
#define LIMN_PUSH_CUMSUM_H

#include "push/push.h"

#define PUSH_CUMSUM                                                                                                    \
    PUSH_U32(rows) PUSH_U32(n) PUSH_U32(inner) PUSH_U32(exclusive) PUSH_U32(reverse) PUSH_U32(base_x) PUSH_U32(base_y)

#endif
