// y = (x - mean[c]) * gamma[c] / sqrt(var[c] + eps) + beta[c]. One invocation takes 16 neighbours of one plane (the
// last of a plane fewer), so that the channel's numbers are read once for them. VEC: the plane is a multiple of four
// elements.
// Bindings: x (vec4), x (float), y (vec4), y (float), gamma, beta, mean, var. Grid: kernel_grid_1d over n.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/batch_norm.h"

layout(constant_id = 3) const uint VEC = 0;

layout(set = 0, binding = 0) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 1) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2) writeonly buffer Y4 { vec4 y4[]; };
layout(set = 0, binding = 3) writeonly buffer Y1 { float y1[]; };
layout(set = 0, binding = 4) readonly buffer Gamma { float gamma[]; };
layout(set = 0, binding = 5) readonly buffer Beta { float beta[]; };
layout(set = 0, binding = 6) readonly buffer Mean { float mean[]; };
layout(set = 0, binding = 7) readonly buffer Var { float var[]; };
layout(push_constant) uniform Push { PUSH_BATCH_NORM };

void main()
{
    uint id = flat_id();
    if (id >= n) {
        return;
    }
    uint runs = (plane + 15) / 16;
    uint p = id / runs, c = (first + p) % channels;
    float scale = gamma[c] / sqrt(var[c] + eps), m = mean[c], shift = beta[c];
    uint at = p * plane + 16 * (id - p * runs), end = min(at + 16, (p + 1) * plane);
    if (VEC == 1) {
        for (; at < end; at += 4) {
            y4[(base_y + at) / 4] = (x4[(base_x + at) / 4] - m) * scale + shift;
        }
    } else {
        for (; at < end; at++) {
            y1[base_y + at] = (x1[base_x + at] - m) * scale + shift;
        }
    }
}
