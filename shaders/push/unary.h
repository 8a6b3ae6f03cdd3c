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
#define UNARY_GELU 12
#define UNARY_GELU_TANH 13
#define UNARY_SOFTPLUS 14
#define UNARY_SOFTSIGN 15
#define UNARY_HARD_SIGMOID 16
#define UNARY_ELU 17
#define UNARY_MISH 18
#define UNARY_CLIP 19
#define UNARY_THRESHOLDED_RELU 20
#define UNARY_SIGN 21
#define UNARY_FLOOR 22
#define UNARY_CEIL 23
#define UNARY_ROUND 24
#define UNARY_RECIPROCAL 25
#define UNARY_RSQRT 26
#define UNARY_ERF 27
#define UNARY_SIN 28
#define UNARY_COS 29
#define UNARY_TAN 30
#define UNARY_ASIN 31
#define UNARY_ACOS 32
#define UNARY_ATAN 33
#define UNARY_SINH 34
#define UNARY_COSH 35
#define UNARY_ASINH 36
#define UNARY_ACOSH 37
#define UNARY_ATANH 38
#define UNARY_IS_NAN 39
#define UNARY_IS_INF 40
#define UNARY_NOT 41

#endif
