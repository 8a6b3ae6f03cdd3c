// Windows of the average kernels (see push/pool.h for mode).
#ifndef LIMN_AVG_POOL_GLSL
#define LIMN_AVG_POOL_GLSL

#include "pool.glsl"

// True when axis D does nothing.
bool no_depth()
{
    return in_dim[0] == 1 && out_dim[0] == 1 && size[0] == 1;
}

// Window of output o along an axis: begin, end within the input, and what it counts for in the divisor.
ivec3 window(int o, int axis)
{
    int n_in = in_dim[axis];
    if (mode == POOL_AVG_ADAPTIVE) {
        uint n_out = uint(out_dim[axis]);
        int begin = int(uint(o * n_in) / n_out), end = int((uint((o + 1) * n_in) + n_out - 1) / n_out);
        return ivec3(begin, end, end - begin);
    }
    int begin = o * stride[axis] - pad[axis], end = begin + size[axis];
    int count = min(end, n_in + pad_end[axis]) - begin;
    begin = max(begin, 0);
    end = min(end, n_in);
    return ivec3(begin, end, mode == POOL_AVG_PADDED ? count : end - begin);
}

// First and last output whose window holds element i of an axis.
ivec2 covering(int i, int axis)
{
    uint n_out = uint(out_dim[axis]);
    if (mode == POOL_AVG_ADAPTIVE) {
        uint n_in = uint(in_dim[axis]);
        return ivec2(uint(i) * n_out / n_in, (uint(i + 1) * n_out + n_in - 1) / n_in - 1);
    }
    uint s = uint(stride[axis]);
    int reach = max(i + pad[axis] - size[axis] + 1, 0); // start of the first window that still holds i
    return ivec2((uint(reach) + s - 1) / s, min(uint(i + pad[axis]) / s, n_out - 1));
}

#endif
