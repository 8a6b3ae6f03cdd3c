// Part of the statistics of one channel: BN_STATS the mean, the sum of squares about it and the count of x; BN_GRAD the
// sums of g and of g (x - mean). One invocation takes one run; neighbours take neighbouring channels.
// Bindings: x (vec4), x (float), g (vec4), g (float), mean, parts. Grid: kernel_grid_1d over channels * parts.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/batch_norm_train.h"

layout(constant_id = 3) const uint FN = BN_STATS;
layout(constant_id = 4) const uint VEC = 0; // planes are whole vec4s

layout(set = 0, binding = 0) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 1) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2) readonly buffer G4 { vec4 g4[]; };
layout(set = 0, binding = 3) readonly buffer G1 { float g1[]; };
layout(set = 0, binding = 4) readonly buffer Mean { float mean[]; };
layout(set = 0, binding = 5) writeonly buffer Parts { float part[]; };
layout(push_constant) uniform Push { PUSH_BN_PARTS };

float sum4(vec4 v)
{
    return (v.x + v.y) + (v.z + v.w);
}

// Sum over elements [from, end) of channel c: of x (pass 0), of (x - m)^2 (1), of g (2), of g (x - m) (3).
float sum_run(uint c, uint from, uint end, uint pass, float m)
{
    vec4 acc = vec4(0);
    for (uint e = from; e < end;) {
        uint image = e / plane, off = e - image * plane, n = min(plane - off, end - e);
        uint at = (image * channels + c) * plane + off;
        if (VEC == 1) {
            for (uint i = 0; i < n; i += 4) {
                vec4 x = pass == 2 ? vec4(0) : x4[(base_x + at + i) / 4] - m;
                vec4 g = pass >= 2 ? g4[(base_g + at + i) / 4] : vec4(1);
                acc += pass == 0 ? x : pass == 1 ? x * x : pass == 2 ? g : g * x;
            }
        } else {
            for (uint i = 0; i < n; i++) {
                float x = pass == 2 ? 0 : x1[base_x + at + i] - m;
                float g = pass >= 2 ? g1[base_g + at + i] : 1;
                acc.x += pass == 0 ? x : pass == 1 ? x * x : pass == 2 ? g : g * x;
            }
        }
        e += n;
    }
    return sum4(acc);
}

void main()
{
    uint id = flat_id();
    if (id >= channels * parts) {
        return;
    }
    uint c = id % channels, j = id / channels, all = images * plane;
    uint each = ((all + parts - 1) / parts + 3) / 4 * 4, from = min(j * each, all), end = min(from + each, all);
    uint row = total * channels, at = (first + j) * channels + c;
    if (FN == BN_STATS) {
        float count = float(end - from), shift = x1[base_x + c * plane]; // any number near the values will do
        float m = count > 0 ? shift + sum_run(c, from, end, 0, shift) / count : 0;
        part[at] = m;
        part[row + at] = sum_run(c, from, end, 1, m);
        part[2 * row + at] = count;
    } else {
        part[at] = sum_run(c, from, end, 2, 0);
        part[row + at] = sum_run(c, from, end, 3, mean[c]);
    }
}
