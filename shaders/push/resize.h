/* resize.comp, resize_grad.comp. Along an axis output o samples position (a * o + b) / den of the input. */
#ifndef LIMN_PUSH_RESIZE_H
#define LIMN_PUSH_RESIZE_H

#include "push/div.h"

#define PUSH_RESIZE                                                                                                    \
    PUSH_U32(n)                                                                                                        \
    PUSH_I32_ARRAY(in_dim, 3)                                                                                          \
    PUSH_I32_ARRAY(out_dim, 3)                                                                                         \
    PUSH_I32_ARRAY(a, 3)                                                                                               \
    PUSH_I32_ARRAY(b, 3)                                                                                               \
    PUSH_I32_ARRAY(den, 3)                                                                                             \
    PUSH_DIV(by, 6) /* 0..2: dimensions of the result; 3..5: den */                                                    \
    PUSH_DIV(per, 3) /* a, for the adjoint */

#endif
