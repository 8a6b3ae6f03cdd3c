// gx = a g + b (x - mean) + d per channel; walks as batch_norm.comp does.
// Bindings: g (vec4), g (float), x (vec4), x (float), gx (vec4), gx (float), numbers. Grid: kernel_grid_1d over n.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/batch_norm_train.h"

layout(constant_id = 3) const uint VEC = 0;

layout(set = 0, binding = 0) readonly buffer G4 { vec4 g4[]; };
layout(set = 0, binding = 1) readonly buffer G1 { float g1[]; };
layout(set = 0, binding = 2) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 3) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 4) writeonly buffer Y4 { vec4 y4[]; };
layout(set = 0, binding = 5) writeonly buffer Y1 { float y1[]; };
layout(set = 0, binding = 6) readonly buffer Numbers { vec4 numbers[]; };
layout(push_constant) uniform Push { PUSH_BN_APPLY };

void main()
{
    uint id = flat_id();
    if (id >= n) {
        return;
    }
    uint runs = (plane + 15) / 16, p = id / runs;
    vec4 k = numbers[(first + p) % channels];
    uint at = p * plane + 16 * (id - p * runs), end = min(at + 16, (p + 1) * plane);
    if (VEC == 1) {
        for (; at < end; at += 4) {
            y4[(base_y + at) / 4] = k.x * g4[(base_g + at) / 4] + (k.y * (x4[(base_x + at) / 4] - k.z) + k.w);
        }
    } else {
        for (; at < end; at++) {
            y1[base_y + at] = k.x * g1[base_g + at] + (k.y * (x1[base_x + at] - k.z) + k.w);
        }
    }
}
