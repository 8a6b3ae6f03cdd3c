// Strided copy: slices, pads, concatenations, transpositions and broadcasts. y[y_offset + i.sy] = scale * x[x_offset + i.sx]
// for every index i of dim[5 - rank .. 4]; with fill the number `scale` is written instead and x is not read.
// Dimensions are merged by the plan (engine/ops/copy.c), so that few divisions do real work. One invocation, one element,
// or one group of four with vec.
// Bindings: x (vec4), x (float), y (vec4), y (float). Grid: kernel_grid_1d over n.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/copy.h"

layout(set = 0, binding = 0) readonly buffer X4 { vec4 x4[]; };
layout(set = 0, binding = 1) readonly buffer X1 { float x1[]; };
layout(set = 0, binding = 2) writeonly buffer Y4 { vec4 y4[]; };
layout(set = 0, binding = 3) writeonly buffer Y1 { float y1[]; };
layout(push_constant) uniform Push { PUSH_COPY };

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    uint rest = i;
    int ix = x_offset, iy = y_offset;
    for (uint k = 4; k > 5 - rank; k--) {
        uint q = DIV(by, k, rest);
        int r = int(rest - q * dim[k]);
        ix += r * sx[k];
        iy += r * sy[k];
        rest = q;
    }
    ix += int(rest) * sx[5 - rank];
    iy += int(rest) * sy[5 - rank];
    if (vec != 0) {
        y4[iy] = fill != 0 ? vec4(scale) : scale * x4[ix];
    } else {
        y1[iy] = fill != 0 ? scale : scale * x1[ix];
    }
}
