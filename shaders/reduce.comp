// y = scale * fold of x over the reduced runs: sum, product or extremum (specialisation constant 3). One invocation
// folds elements j, j + parts, j + 2 parts, ... of one output's run of n_red elements.
// Bindings: x, y. Grid: kernel_grid_1d over n_out * parts.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/reduce.h"

layout(constant_id = 3) const uint FN = REDUCE_SUM;

layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { PUSH_REDUCE };

uint keep_offset(uint i)
{
    uint q = i / keep_dim[2], p = q / keep_dim[1];
    return (i - q * keep_dim[2]) * keep_stride[2] + (q - p * keep_dim[1]) * keep_stride[1] + p * keep_stride[0];
}

uint red_offset(uint r)
{
    uint q = r / red_dim[2], p = q / red_dim[1];
    return (r - q * red_dim[2]) * red_stride[2] + (q - p * red_dim[1]) * red_stride[1] + p * red_stride[0];
}

float fold(float a, float v)
{
    switch (FN) { // the extrema keep NaN
    case REDUCE_MAX: return v > a || isnan(v) ? v : a;
    case REDUCE_MIN: return v < a || isnan(v) ? v : a;
    case REDUCE_PRODUCT: return a * v;
    default: return a + v;
    }
}

void main()
{
    uint id = flat_id();
    if (id >= n_out * parts) {
        return;
    }
    uint i = parts_first == 1 ? id / parts : id % n_out;
    uint j = parts_first == 1 ? id % parts : id / n_out;
    uint base = base_x + keep_offset(i);
    float acc = x[base + red_offset(j)];
    if (red_dim[1] * red_dim[0] == 1) { // one run: no divisions in the loop
        uint at = base + j * red_stride[2];
        for (uint r = j + parts; r < n_red; r += parts) {
            at += parts * red_stride[2];
            acc = fold(acc, x[at]);
        }
    } else {
        for (uint r = j + parts; r < n_red; r += parts) {
            acc = fold(acc, x[base + red_offset(r)]);
        }
    }
    y[base_y + j * n_out + i] = FN == REDUCE_SUM ? acc * scale : acc;
}
