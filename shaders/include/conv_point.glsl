/* Points of all samples, numbered row by row (push.q points along each axis). */
#ifndef LIMN_CONV_POINT_GLSL
#define LIMN_CONV_POINT_GLSL

#include "divide.glsl"

/* Point p to (n, d, h, w). */
ivec4 conv_point(int p)
{
    int qh = int(push.q[1]), qw = int(push.q[2]);
    int row = divide(p, qw);
    int slice = divide(row, qh);
    int n = divide(slice, int(push.q[0]));
    return ivec4(n, slice - n * int(push.q[0]), row - slice * qh, p - row * qw);
}

#endif
