/* unary.comp: y = f(x; a, b). Numbers of f, specialisation constant 3. */
#ifndef LIMN_PUSH_UNARY_H
#define LIMN_PUSH_UNARY_H

#include "push/push.h"

#define PUSH_UNARY PUSH_U32(n) PUSH_F32(a) PUSH_F32(b)

#define UNARY_RELU 0
#define UNARY_RELU6 1
#define UNARY_LEAKY_RELU 2
#define UNARY_SIGMOID 3
#define UNARY_TANH 4
#define UNARY_SILU 5
#define UNARY_HARD_SWISH 6
#define UNARY_AFFINE 7
#define UNARY_EXP 8
#define UNARY_LOG 9
#define UNARY_SQRT 10
#define UNARY_ABS 11

#endif
