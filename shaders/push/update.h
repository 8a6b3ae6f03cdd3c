/* update.comp: one step of an optimiser on n weights. Numbers of the rule, specialisation constant 3. a, b, c, decay:
 * SGD momentum, 0, nesterov (0 or 1), weight decay; Adam beta1, beta2, epsilon, weight decay. */
#ifndef LIMN_PUSH_UPDATE_H
#define LIMN_PUSH_UPDATE_H

#include "push/push.h"

#define PUSH_UPDATE                                                                                                    \
    PUSH_U32(n) PUSH_F32(a) PUSH_F32(b) PUSH_F32(c) PUSH_F32(decay) PUSH_U32(amsgrad) PUSH_U32(decoupled)

#define UPDATE_SGD 0
#define UPDATE_ADAM 1

#define PUSH_COMBINE PUSH_U32(n)

#endif
