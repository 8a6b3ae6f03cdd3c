// Folds the parts of each channel in order. BN_STATS: mean and variance, merged as Chan, Golub and LeVeque (1979) do.
// BN_GRAD: the gradients of gamma and beta, and the numbers with which bn_apply.comp makes that of x:
//   a = gamma / sqrt(var + eps), b = -a ggamma / (count sqrt(var + eps)), d = -a gbeta / count.
// Bindings: parts, first result (mean or ggamma), second (var or gbeta), gamma, mean, var, numbers.
// Grid: kernel_grid_1d over channels.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/batch_norm_train.h"

layout(constant_id = 3) const uint FN = BN_STATS;

layout(set = 0, binding = 0) readonly buffer Parts { float part[]; };
layout(set = 0, binding = 1) writeonly buffer A { float result_a[]; };
layout(set = 0, binding = 2) writeonly buffer B { float result_b[]; };
layout(set = 0, binding = 3) readonly buffer Gamma { float gamma[]; };
layout(set = 0, binding = 4) readonly buffer Mean { float mean[]; };
layout(set = 0, binding = 5) readonly buffer Var { float var[]; };
layout(set = 0, binding = 6) writeonly buffer Numbers { vec4 numbers[]; };
layout(push_constant) uniform Push { PUSH_BN_MERGE };

void main()
{
    uint c = flat_id(), row = total * channels;
    if (c >= channels) {
        return;
    }
    if (FN == BN_STATS) {
        float m = part[c], m2 = part[row + c], n = part[2 * row + c];
        for (uint j = 1; j < total; j++) {
            uint at = j * channels + c;
            float k = part[2 * row + at], d = part[at] - m;
            if (k > 0) {
                m += d * (k / (n + k));
                m2 += part[row + at] + d * d * (n * (k / (n + k)));
                n += k;
            }
        }
        result_a[c] = m;
        result_b[c] = m2 / count;
        return;
    }
    float sum = 0, dot = 0;
    for (uint j = 0; j < total; j++) {
        sum += part[j * channels + c];
        dot += part[row + j * channels + c];
    }
    float inv = 1 / sqrt(var[c] + eps), a = gamma[c] * inv;
    result_a[c] = dot * inv;
    result_b[c] = sum;
    numbers[c] = vec4(a, -a * dot * inv * inv / count, mean[c], -a * sum / count);
}
