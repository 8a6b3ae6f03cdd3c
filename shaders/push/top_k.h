/* top_k.comp: x as [outer, n, inner], the results as [outer, k, inner]; rows = outer * inner. base_*: first elements in
 * the bindings. */
#ifndef LIMN_PUSH_TOP_K_H
#define LIMN_PUSH_TOP_K_H

#include "push/push.h"

#define PUSH_TOP_K                                                                                                     \
    PUSH_U32(rows) PUSH_U32(n) PUSH_U32(k) PUSH_U32(inner) PUSH_U32(base_x) PUSH_U32(base_values) PUSH_U32(base_index)

/* specialisation constant 3, added up */
#define TOP_K_SMALLEST 1 /* else the largest */
#define TOP_K_LAST 2     /* of equal numbers the last, else the first */
#define TOP_K_VALUES 4   /* values are wanted beside positions */

#endif
