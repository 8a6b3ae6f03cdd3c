// Nearest or (bi/tri)linear resampling: y[o] = sum over the neighbours of the sampled position of weight * x.
// One invocation, one output element. Bindings: x, y. Grid: kernel_grid_1d over n outputs.
// VARIANT texel -DTEXEL
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "resize.glsl"

INPUT(0, X, x)
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

// Linear along W in the row that starts at `row`.
float along_w(int row, ivec2 w, float t)
{
    return mix(LOAD(x, row + w.x), LOAD(x, row + w.y), t);
}

float along_hw(int plane, ivec2 h, ivec2 w, vec2 t)
{
    return mix(along_w(plane + h.x * in_dim[2], w, t.y), along_w(plane + h.y * in_dim[2], w, t.y), t.x);
}

void main()
{
    uint i = flat_id();
    if (i >= n) {
        return;
    }
    ivec4 o = position(i, out_dim);
    ivec3 first = ivec3(0), second = ivec3(0);
    vec3 t = vec3(0);
    for (int k = DEPTH ? 0 : 1; k < 3; k++) {
        int at = sample_at(o[k], k);
        first[k] = int(DIV(by, 3 + k, at));
        second[k] = min(first[k] + 1, in_dim[k] - 1);
        t[k] = float(at - first[k] * den[k]) / float(den[k]);
    }
    int hw = in_dim[1] * in_dim[2], plane = o.w * in_dim[0] * hw;
    if (!LINEAR) {
        y[i] = LOAD(x, plane + first.x * hw + first.y * in_dim[2] + first.z);
        return;
    }
    ivec2 h = ivec2(first.y, second.y), w = ivec2(first.z, second.z);
    float v = along_hw(plane + first.x * hw, h, w, t.yz);
    if (DEPTH) {
        v = mix(v, along_hw(plane + second.x * hw, h, w, t.yz), t.x);
    }
    y[i] = v;
}
