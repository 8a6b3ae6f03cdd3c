/* where.comp: output dimensions (leading ones are 1), elements between neighbours of each operand (0: broadcast), first
 * elements. */
#ifndef LIMN_PUSH_WHERE_H
#define LIMN_PUSH_WHERE_H

#include "push/push.h"

#define PUSH_WHERE                                                                                                     \
    PUSH_U32(n) PUSH_U32(base_c) PUSH_U32(base_a) PUSH_U32(base_b) PUSH_U32(base_y)                                    \
    PUSH_U32_ARRAY(dim, 5) PUSH_U32_ARRAY(sc, 5) PUSH_U32_ARRAY(sa, 5) PUSH_U32_ARRAY(sb, 5)

#endif
