/* Networks for volumes whose layers follow from the names of their weights. */
#ifndef LIMN_MODEL_ARCH_STACK3D_H
#define LIMN_MODEL_ARCH_STACK3D_H

#include "model/arch.h"

/* recipe:stack3d */
enum { STACK3D_STEPS_MAX = 192, STACK3D_CHANNELS = 1, STACK3D_CLASSES = 4, STACK3D_SIZE = 32 };

value_id arch_stack3d(struct net *n, value_id x, int32_t variant);
bool arch_stack3d_facts(const struct weights *w, struct arch_facts *out);

#endif
