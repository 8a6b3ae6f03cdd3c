// Sum and maximum over the LANES invocations of a workgroup, by a tree of fixed order; every invocation gets the
// result. LANES is a specialisation constant, a power of two; with 1 nothing is shared and no barrier is left. Uniform
// flow only.
#ifndef LIMN_REDUCE_GLSL
#define LIMN_REDUCE_GLSL

shared float reduce_cell[LANES];

float reduce_lanes(float v, bool is_max)
{
    if (LANES == 1) {
        return v;
    }
    uint lane = gl_LocalInvocationID.x;
    barrier(); // an earlier result may still be being read
    reduce_cell[lane] = v;
    for (uint half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
        barrier();
        if (lane < half_lanes) {
            float a = reduce_cell[lane], b = reduce_cell[lane + half_lanes];
            reduce_cell[lane] = is_max ? max(a, b) : a + b;
        }
    }
    barrier();
    return reduce_cell[0];
}

#endif
