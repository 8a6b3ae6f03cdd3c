// What every kernel starts with. The local size is specialisation constants 0, 1, 2; tuning constants follow from 3.
#ifndef LIMN_COMMON_GLSL
#define LIMN_COMMON_GLSL

layout(local_size_x_id = 0, local_size_y_id = 1, local_size_z_id = 2) in;

// Flat number of this invocation under kernel_grid_1d (engine/ir/kernel.h), which folds a long row of workgroups over
// x, y and z. The last workgroups may exceed the count: test the result against it.
uint flat_id()
{
    uvec3 n = gl_NumWorkGroups * gl_WorkGroupSize;
    return gl_GlobalInvocationID.x + n.x * (gl_GlobalInvocationID.y + n.y * gl_GlobalInvocationID.z);
}

// Flat number of this workgroup under the same folding, for kernels whose workgroup shares one piece of work.
uint flat_group()
{
    return gl_WorkGroupID.x + gl_NumWorkGroups.x * (gl_WorkGroupID.y + gl_NumWorkGroups.y * gl_WorkGroupID.z);
}

// A NaN must never vanish on its way to the result, but on lavapipe exp(NaN) is 0 and log(NaN) is some number.
float exp_nan(float x)
{
    return isnan(x) ? x : exp(x);
}

float log_nan(float x)
{
    return x >= 0 ? log(x) : uintBitsToFloat(0x7fc00000u);
}

#endif
