/* binary.comp and binary_strided.comp: y = f(a, b). Numbers of f, specialisation constant 3. */
#ifndef LIMN_PUSH_BINARY_H
#define LIMN_PUSH_BINARY_H

#include "push/push.h"

#define PUSH_BINARY PUSH_U32(n) PUSH_F32(lo) PUSH_F32(hi) PUSH_F32(slope)

#define BINARY_ADD 0
#define BINARY_SUB 1
#define BINARY_MUL 2
#define BINARY_DIV 3
#define BINARY_GATE_VANILLA 4 /* a is the gradient, b the mask */
#define BINARY_GATE_GUIDED 5
#define BINARY_GATE_DECONV 6
#define BINARY_FIRST 7 /* a alone: broadcasting */
#define BINARY_POW 8
#define BINARY_MIN 9
#define BINARY_MAX 10
#define BINARY_MOD 11
#define BINARY_FMOD 12
#define BINARY_PRELU 13
#define BINARY_EQUAL 14
#define BINARY_LESS 15
#define BINARY_LESS_OR_EQUAL 16
#define BINARY_GREATER 17
#define BINARY_GREATER_OR_EQUAL 18
#define BINARY_AND 19
#define BINARY_OR 20
#define BINARY_XOR 21

/* Output dimensions (leading ones are 1), elements between neighbours in a and b (0: broadcast), first elements. */
#define PUSH_BINARY_STRIDED                                                                                            \
    PUSH_U32(n) PUSH_U32(base_a) PUSH_U32(base_b) PUSH_U32(base_y)                                                     \
    PUSH_U32_ARRAY(dim, 5) PUSH_U32_ARRAY(sa, 5) PUSH_U32_ARRAY(sb, 5)

#endif
