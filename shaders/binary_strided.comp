// y = f(a, b) with broadcasting: y is dense with dimensions dim[0..4], a and b are read with strides (0 where they are
// broadcast). One invocation, one element. Dimensions are merged by the plan, so that few divisions do real work.
// Bindings: a, b, y. Grid: kernel_grid_1d over n.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "binary.glsl"

layout(constant_id = 4) const uint RANK = 5; // dimensions in use, the last ones

layout(set = 0, binding = 0) readonly buffer A { float a[]; };
layout(set = 0, binding = 1) readonly buffer B { float b[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { PUSH_BINARY_STRIDED };

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    uint rest = i, ia = base_a, ib = base_b;
    for (uint k = 4; k > 5 - RANK; k--) {
        uint q = rest / dim[k], r = rest - q * dim[k];
        ia += r * sa[k];
        ib += r * sb[k];
        rest = q;
    }
    ia += rest * sa[5 - RANK];
    ib += rest * sb[5 - RANK];
    float va = a[ia];
    y[base_y + i] = binary(vec4(va), vec4(FN == BINARY_FIRST ? va : b[ib])).x;
}
