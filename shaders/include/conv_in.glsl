/* Reading x as it is (PUSH_CONV_IN): the tests of padding are here. */
#ifndef LIMN_CONV_IN_GLSL
#define LIMN_CONV_IN_GLSL

ivec3 conv_axes(uint packed)
{
    return ivec3(packed & 1023u, (packed >> 10) & 1023u, (packed >> 20) & 1023u);
}

/* x of channel c (counted over all groups) of sample n at point `at`, 0 outside. */
float conv_x(int n, int c, ivec3 at)
{
    ivec3 dim = ivec3(push.x_dim[0], push.x_dim[1], push.x_dim[2]);
    bool inside = all(greaterThanEqual(at, ivec3(0))) && all(lessThan(at, dim));
    int from = n * int(push.x_n) + c * int(push.x_c) + ((at.x * dim.y + at.y) * dim.z + at.z) * int(push.x_w);
    float v = LOAD1(x, inside ? from : 0);
    return inside ? v : 0.0;
}

#endif
