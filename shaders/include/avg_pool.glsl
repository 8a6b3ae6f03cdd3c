// Windows of the average kernels (see push/pool.h for MODE).
#ifndef LIMN_AVG_POOL_GLSL
#define LIMN_AVG_POOL_GLSL

#include "pool.glsl"

layout(constant_id = 4) const uint MODE = POOL_AVG_VALID;

// Window of output o along an axis: begin, end within the input, and what it counts for in the divisor.
ivec3 window(int o, int axis)
{
    int n_in = in_dim[axis];
    if (axis == 0 && !DEPTH) {
        return ivec3(0, 1, 1);
    }
    if (MODE == POOL_AVG_ADAPTIVE) {
        int begin = int(DIV(by, 3 + axis, o * n_in)), end = int(DIV(by, 3 + axis, (o + 1) * n_in + out_dim[axis] - 1));
        return ivec3(begin, end, end - begin);
    }
    int begin = o * stride[axis] - pad[axis], end = begin + size[axis];
    int count = min(end, n_in + pad_end[axis]) - begin;
    begin = max(begin, 0);
    end = min(end, n_in);
    return ivec3(begin, end, MODE == POOL_AVG_PADDED ? count : end - begin);
}

// First and last output whose window holds element i of an axis; the result of the kernel is the gradient of the input.
ivec2 covering(int i, int axis)
{
    int n_out = out_dim[axis];
    if (axis == 0 && !DEPTH) {
        return ivec2(0, 0);
    }
    if (MODE == POOL_AVG_ADAPTIVE) {
        return ivec2(DIV(by, axis, i * n_out), DIV(by, axis, (i + 1) * n_out + in_dim[axis] - 1) - 1);
    }
    int reach = max(i + pad[axis] - size[axis] + stride[axis], 0); // the first window that still holds i, rounded up
    return ivec2(DIV(by, 3 + axis, reach), min(int(DIV(by, 3 + axis, i + pad[axis])), n_out - 1));
}

#endif
