#version 450
// The k first elements of each row in the order of their value (NaN before all) and then of their position: pass j
// finds the first of those that follow what pass j - 1 found. LANES invocations share a row; with 1 each has its own
// and nothing is shared. Bindings: x, values, index. Grid: kernel_grid_1d over rows, local size y per workgroup.
#include "common.glsl"
#include "push/top_k.h"

layout(constant_id = 3) const uint MODE = 0;
layout(constant_id = 4) const uint LANES = 1;

layout(set = 0, binding = 0, std430) readonly buffer buf_x { float x[]; };
layout(set = 0, binding = 1, std430) writeonly buffer buf_values { float values[]; };
layout(set = 0, binding = 2, std430) writeonly buffer buf_index { float index[]; };
layout(push_constant, std430) uniform push_block { PUSH_TOP_K };

shared float cell_value[LANES];
shared uint cell_at[LANES];

const uint NONE = 0xffffffffu;

// a at position ia comes before b at position ib; NONE comes after all.
bool before(float a, uint ia, float b, uint ib)
{
    bool na = isnan(a), nb = isnan(b), tie = na == nb && (na || a == b);
    bool position = (MODE & TOP_K_LAST) != 0 ? ia > ib : ia < ib;
    bool value = (MODE & TOP_K_SMALLEST) != 0 ? a < b : a > b;
    bool first = tie ? position : na != nb ? na : value;
    return ia != NONE && (ib == NONE || first);
}

// The first of what the lanes of a workgroup found; every one of them gets it.
void settle(inout float v, inout uint at)
{
    uint lane = gl_LocalInvocationID.x;
    barrier();
    cell_value[lane] = v;
    cell_at[lane] = at;
    for (uint half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
        barrier();
        uint other = lane + half_lanes;
        if (lane < half_lanes && before(cell_value[other], cell_at[other], cell_value[lane], cell_at[lane])) {
            cell_value[lane] = cell_value[other];
            cell_at[lane] = cell_at[other];
        }
    }
    barrier();
    v = cell_value[0];
    at = cell_at[0];
}

void main()
{
    uint row = flat_group() * gl_WorkGroupSize.y + gl_LocalInvocationID.y;
    uint lane = LANES == 1 ? 0 : gl_LocalInvocationID.x;
    bool live = row < rows;
    row = live ? row : 0;
    uint outer = row / inner, r = row - outer * inner, from = base_x + outer * n * inner + r;
    float last = 0.0;
    uint last_at = NONE;
    for (uint j = 0; j < k; j++) {
        float best = 0.0;
        uint at = NONE;
        for (uint i = lane; i < n; i += LANES) {
            float v = x[from + i * inner];
            bool left = last_at == NONE || before(last, last_at, v, i);
            if (left && before(v, i, best, at)) {
                best = v;
                at = i;
            }
        }
        if (LANES > 1) {
            settle(best, at);
        }
        uint to = (outer * k + j) * inner + r;
        if (live && lane == 0) {
            index[base_index + to] = float(at);
            if ((MODE & TOP_K_VALUES) != 0) {
                values[base_values + to] = best;
            }
        }
        last = best;
        last_at = at;
    }
}
