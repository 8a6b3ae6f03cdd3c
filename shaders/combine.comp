// s' = k[0] s + k[1] x; without s where k[0] is 0, so that a state that was never set does not count. One element per
// invocation; s' may be s.
// Bindings: s, x, k, s'. Grid: kernel_grid_1d over n.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/update.h"

layout(set = 0, binding = 0) readonly buffer S { float s[]; };
layout(set = 0, binding = 1) readonly buffer X { float x[]; };
layout(set = 0, binding = 2) readonly buffer K { float k[2]; };
layout(set = 0, binding = 3) writeonly buffer NewS { float new_s[]; };
layout(push_constant) uniform Push { PUSH_COMBINE };

void main()
{
    uint i = flat_id();
    if (i < n) {
        new_s[i] = k[0] == 0 ? k[1] * x[i] : k[0] * s[i] + k[1] * x[i];
    }
}
