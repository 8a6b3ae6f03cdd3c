// y = f(a, b) with broadcasting: y is dense with dimensions dim[0..4], a and b are read with strides (0 where they are
// broadcast). One invocation takes four neighbours of one row (the last of a row fewer). The plan merges dimensions, so
// that few divisions do real work. VEC: rows are whole vec4s. A_STEP, B_STEP: 0 where a, b are constant along a row.
// Bindings: a (vec4), a (float), b (vec4), b (float), y (vec4), y (float). Grid: kernel_grid_1d over n.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "binary.glsl"

layout(constant_id = 4) const uint RANK = 5; // dimensions in use, the last ones
layout(constant_id = 5) const uint VEC = 0;
layout(constant_id = 6) const uint A_STEP = 1;
layout(constant_id = 7) const uint B_STEP = 1;

layout(set = 0, binding = 0) readonly buffer A4 { vec4 a4[]; };
layout(set = 0, binding = 1) readonly buffer A1 { float a1[]; };
layout(set = 0, binding = 2) readonly buffer B4 { vec4 b4[]; };
layout(set = 0, binding = 3) readonly buffer B1 { float b1[]; };
layout(set = 0, binding = 4) writeonly buffer Y4 { vec4 y4[]; };
layout(set = 0, binding = 5) writeonly buffer Y1 { float y1[]; };
layout(push_constant) uniform Push { PUSH_BINARY_STRIDED };

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    uint quads = (dim[4] + 3) / 4, row = i / quads, at = 4 * (i - row * quads);
    uint ia = base_a + at * A_STEP, ib = base_b + at * B_STEP, iy = base_y + row * dim[4] + at;
    for (uint k = 3; k + RANK > 5; k--) {
        uint q = row / dim[k], r = row - q * dim[k];
        ia += r * sa[k];
        ib += r * sb[k];
        row = q;
    }
    if (RANK > 1) {
        ia += row * sa[5 - RANK];
        ib += row * sb[5 - RANK];
    }
    if (VEC == 1) {
        vec4 va = A_STEP == 1 ? a4[ia / 4] : vec4(a1[ia]);
        vec4 vb = FN == BINARY_FIRST ? va : B_STEP == 1 ? b4[ib / 4] : vec4(b1[ib]);
        y4[iy / 4] = binary(va, vb);
        return;
    }
    for (uint e = min(4, dim[4] - at); e > 0; e--) {
        float va = a1[ia];
        y1[iy] = binary(vec4(va), vec4(FN == BINARY_FIRST ? va : b1[ib])).x;
        ia += A_STEP;
        ib += B_STEP;
        iy++;
    }
}
