// One step of an optimiser, one weight per invocation: w and its state s (rows of n numbers) from the gradient g and
// the numbers h of this step. The results may be the same buffers as w and s: each invocation reads its elements
// before it writes them.
// Bindings: w, s, g, h, w', s'. Grid: kernel_grid_1d over n.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/update.h"

layout(constant_id = 3) const uint RULE = UPDATE_SGD;

layout(set = 0, binding = 0) readonly buffer W { float w[]; };
layout(set = 0, binding = 1) readonly buffer S { float s[]; };
layout(set = 0, binding = 2) readonly buffer G { float g[]; };
layout(set = 0, binding = 3) readonly buffer H { float h[4]; };
layout(set = 0, binding = 4) writeonly buffer NewW { float new_w[]; };
layout(set = 0, binding = 5) writeonly buffer NewS { float new_s[]; };
layout(push_constant) uniform Push { PUSH_UPDATE };

void sgd(uint i)
{
    float d = g[i] + decay * w[i];
    float m = a * s[i] + d;
    new_s[i] = m;
    new_w[i] = w[i] - h[0] * (c != 0 ? d + a * m : m);
}

void adam(uint i)
{
    float x = decoupled == 1 ? w[i] * (1 - h[0] * decay) : w[i];
    float d = decoupled == 1 ? g[i] : g[i] + decay * w[i];
    float m = a * s[i] + (1 - a) * d, v = b * s[n + i] + (1 - b) * d * d, top = v;
    if (amsgrad == 1) {
        top = max(v, s[2 * n + i]);
        new_s[2 * n + i] = top;
    }
    new_s[i] = m;
    new_s[n + i] = v;
    new_w[i] = x - h[1] * (m / (sqrt(top) * h[2] + c));
}

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    if (RULE == UPDATE_SGD) {
        sgd(i);
    } else {
        adam(i);
    }
}
