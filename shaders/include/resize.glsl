// Shared by resize.comp and resize_grad.comp: positions are exact fractions, so no rounding decides which element is
// read.
#ifndef LIMN_RESIZE_GLSL
#define LIMN_RESIZE_GLSL

#include "push/resize.h"

layout(push_constant) uniform Push { PUSH_RESIZE };

#include "grid.glsl"

layout(constant_id = 4) const bool LINEAR = true;

// Numerator of the position that output o samples, clamped to the input's elements.
int sample_at(int o, int axis)
{
    return clamp(a[axis] * o + b[axis], 0, (in_dim[axis] - 1) * den[axis] + (LINEAR ? 0 : den[axis] - 1));
}

#endif
