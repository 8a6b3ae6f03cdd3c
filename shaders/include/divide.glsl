/* Exact integer division that software drivers can vectorise (their own runs lane by lane). */
#ifndef LIMN_DIVIDE_GLSL
#define LIMN_DIVIDE_GLSL

/* a / b for 0 <= a < 2^31, 1 <= b: an estimate in float, refined on the remainder, then one step of correction. */
int divide(int a, int b)
{
    float fb = float(b);
    int q = int(float(a) / fb);
    int r = a - q * b;
    q += int(floor(float(r) / fb));
    r = a - q * b;
    return q + (r < 0 ? -1 : (r >= b ? 1 : 0));
}

#endif
