// Mean of whole planes: y[p] = sum of x over plane p / size, for GPUs; one workgroup of a power of two invocations
// takes one plane, each sums every local-size-th element, then the halves are added up in a fixed order.
// Bindings: x, y. Grid: one workgroup per plane (kernel_grid_1d with 1 per group).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "pool.glsl"

INPUT(0, X, x)
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

shared float part[gl_WorkGroupSize.x];

void main()
{
    uint p = flat_group(), lane = gl_LocalInvocationID.x, elems = uint(in_dim[2]);
    float sum = 0.0;
    if (p < n) {
        for (uint k = lane; k < elems; k += gl_WorkGroupSize.x) {
            sum += LOAD(x, p * elems + k);
        }
    }
    part[lane] = sum;
    barrier();
    for (uint half_size = gl_WorkGroupSize.x / 2; half_size > 0; half_size /= 2) {
        if (lane < half_size) {
            part[lane] += part[lane + half_size];
        }
        barrier();
    }
    if (lane == 0 && p < n) {
        y[p] = part[0] / float(elems);
    }
}
