#version 450
// A sparse matrix along one axis: y[o, q, r] = sum over e of weight[e] * x[o, index[e], r], e from begin[q] to
// begin[q + 1]. The table holds begin[n_out + 1], then pairs of index and weight. One invocation, one element of y.
// Bindings: x, table, y. Grid: kernel_grid_1d over n.
// VARIANT texel -DTEXEL
#include "common.glsl"
#include "load.glsl"
#include "push/axis_map.h"

layout(push_constant, std430) uniform push_block { PUSH_AXIS_MAP };
TENSOR1(0, x)
layout(set = 0, binding = 1, std430) readonly buffer buf_table { uint table[]; };
layout(set = 0, binding = 2, std430) writeonly buffer buf_y { float y[]; };

void main()
{
    uint id = flat_id();
    if (id >= n) {
        return;
    }
    uint row = DIV(by, 0, id), o = DIV(by, 1, row), q = row - o * n_out;
    uint from = base_x + o * n_in * inner + id - row * inner;
    uint at = n_out + 1 + 2 * table[q], end = n_out + 1 + 2 * table[q + 1];
    float sum = 0.0;
    for (; at < end; at += 2) {
        sum += uintBitsToFloat(table[at + 1]) * LOAD1(x, from + table[at] * inner);
    }
    y[base_y + id] = sum;
}
