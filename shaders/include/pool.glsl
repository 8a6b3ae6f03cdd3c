// The push block of the pooling kernels.
#ifndef LIMN_POOL_GLSL
#define LIMN_POOL_GLSL

#include "push/pool.h"
#include "grid.glsl"

layout(push_constant) uniform Push { PUSH_POOL };

#endif
