// y = x * scale or 0, by a hash of (seed, step, element): two rounds of the 32-bit finaliser "lowbias32" (C. Wellons'
// parameters). y may be x. engine/ops/dropout.c computes the same.
// Bindings: x, step, y. Grid: kernel_grid_1d over n.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/dropout.h"

layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Step { float number[2]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { PUSH_DROPOUT };

uint mix32(uint v)
{
    v = (v ^ (v >> 16)) * 0x7feb352du;
    v = (v ^ (v >> 15)) * 0x846ca68bu;
    return v ^ (v >> 16);
}

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    uint step = uint(number[0]) + (uint(number[1]) << 20);
    uint r = mix32(mix32(seed ^ mix32(step)) + i * 0x9e3779b9u);
    y[i] = r < threshold ? 0 : x[i] * scale;
}
