/* Where an output point of a sub-convolution lies (push/conv.h). */
#ifndef LIMN_CONV_OUT_GLSL
#define LIMN_CONV_OUT_GLSL

#include "conv_point.glsl"

uint conv_out_at(ivec4 o, uint channel)
{
    return push.y_base + uint(o.x) * push.y_n + channel * push.y_c + uint(o.y) * push.y_q[0] + uint(o.z) * push.y_q[1] +
           uint(o.w) * push.y_q[2];
}

#endif
