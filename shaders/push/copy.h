/* copy.comp: y[y_offset + i.sy] = scale * x[x_offset + i.sx] over the index space dim. */
#ifndef LIMN_PUSH_COPY_H
#define LIMN_PUSH_COPY_H

#include "push/div.h"

/* With COPY_VEC, dim[4] and every stride and offset but the innermost count groups of four elements. */
#define PUSH_COPY                                                                                                      \
    PUSH_U32(n)                                                                                                        \
    PUSH_F32(scale)                                                                                                    \
    PUSH_U32_ARRAY(dim, 5)                                                                                             \
    PUSH_DIV(by, 5) /* dim */                                                                                          \
    PUSH_I32_ARRAY(sx, 5)                                                                                              \
    PUSH_I32_ARRAY(sy, 5)                                                                                              \
    PUSH_I32(x_offset)                                                                                                 \
    PUSH_I32(y_offset)

/* specialisation constant 4 */
#define COPY_ONE 0  /* element by element */
#define COPY_VEC 1  /* by fours */
#define COPY_FILL 2 /* the number `scale` by elements; x is not read */

#endif
