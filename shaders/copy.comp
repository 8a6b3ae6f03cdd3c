// Strided copy: slices, pads, concatenations, transpositions and broadcasts. y[y_offset + i.sy] = scale * x[x_offset
// + i.sx] for every index i of dim[5 - RANK .. 4]. Dimensions are merged by the plan (engine/ops/copy.c), so that few
// divisions do real work. What would be branches are specialisation constants: software rasterisers walk both sides
// of a branch. One invocation, one element, or one group of four.
// Bindings: x (vec4), x (float), y (vec4), y (float); in the texel variant x, of four components with COPY_VEC, y
// (vec4), y (float). Grid: kernel_grid_1d over n.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/copy.h"

layout(constant_id = 3) const uint RANK = 1;
layout(constant_id = 4) const uint KIND = COPY_ONE;

#ifdef TEXEL
layout(set = 0, binding = 0) uniform samplerBuffer x;
layout(set = 0, binding = 1) writeonly buffer Y4 { vec4 y4[]; };
layout(set = 0, binding = 2) writeonly buffer Y1 { float y1[]; };
#define LOAD4(i) texelFetch(x, i)
#define LOAD1(i) texelFetch(x, i).x
#else
layout(set = 0, binding = 0) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 1) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2) writeonly buffer Y4 { vec4 y4[]; };
layout(set = 0, binding = 3) writeonly buffer Y1 { float y1[]; };
#define LOAD4(i) x4[i]
#define LOAD1(i) x1[i]
#endif
layout(push_constant) uniform Push { PUSH_COPY };

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    uint rest = i;
    int ix = x_offset, iy = y_offset;
    for (uint k = 4; k > 5 - RANK; k--) {
        uint q = DIV(by, k, rest);
        int r = int(rest - q * dim[k]);
        ix += r * sx[k];
        iy += r * sy[k];
        rest = q;
    }
    ix += int(rest) * sx[5 - RANK];
    iy += int(rest) * sy[5 - RANK];
    if (KIND == COPY_VEC) {
        y4[iy] = scale * LOAD4(ix);
    } else if (KIND == COPY_ONE) {
        y1[iy] = scale * LOAD1(ix);
    } else {
        y1[iy] = scale;
    }
}
