/* lrn.comp: x and y as [rows, channels, inner]; the window is channels c - before .. c + after. */
#ifndef LIMN_PUSH_LRN_H
#define LIMN_PUSH_LRN_H

#include "push/div.h"

/* scale: alpha / size. Divisors: inner, channels. base_*: first elements in the bindings. */
#define PUSH_LRN                                                                                                       \
    PUSH_U32(n) PUSH_I32(channels) PUSH_U32(inner) PUSH_I32(before) PUSH_I32(after)                                    \
    PUSH_F32(scale) PUSH_F32(beta) PUSH_F32(bias) PUSH_U32(base_x) PUSH_U32(base_y) PUSH_DIV(by, 2)

#endif
