// The push block of the pooling kernels.
#ifndef LIMN_POOL_GLSL
#define LIMN_POOL_GLSL

#include "push/pool.h"

layout(push_constant) uniform Push { PUSH_POOL };

#include "grid.glsl"

#endif
