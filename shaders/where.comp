// y = a where c != 0, else b, with broadcasting: y is dense with dimensions dim[0..4], the operands are read with
// strides (0 where they are broadcast). One invocation takes one element; the plan merges dimensions, so that there is
// no division where nothing is broadcast. A condition of NaN counts as true, as it is not 0.
// Bindings: c, a, b, y. Grid: kernel_grid_1d over n.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/where.h"

layout(constant_id = 3) const uint RANK = 5; // dimensions in use, the last ones

layout(set = 0, binding = 0) readonly buffer C { float c[]; };
layout(set = 0, binding = 1) readonly buffer A { float a[]; };
layout(set = 0, binding = 2) readonly buffer B { float b[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { PUSH_WHERE };

void main()
{
    uint i = flat_id(), row = i;
    if (i >= n) {
        return;
    }
    uint ic = base_c, ia = base_a, ib = base_b;
    for (uint k = 4; k + RANK > 5; k--) {
        uint q = row / dim[k], r = row - q * dim[k];
        ic += r * sc[k];
        ia += r * sa[k];
        ib += r * sb[k];
        row = q;
    }
    ic += row * sc[5 - RANK];
    ia += row * sa[5 - RANK];
    ib += row * sb[5 - RANK];
    y[base_y + i] = c[ic] != 0 ? a[ia] : b[ib];
}
