// To be included after the push block. Positions in planes of D,H,W, and inputs that are texel buffers in the _texel
// variants (the fast loads of software rasterisers).
#ifndef LIMN_GRID_GLSL
#define LIMN_GRID_GLSL

#ifdef TEXEL
#define INPUT(BINDING, BLOCK, name) layout(set = 0, binding = BINDING) uniform samplerBuffer name;
#define LOAD(name, i) texelFetch(name, i).x
#else
#define INPUT(BINDING, BLOCK, name) layout(set = 0, binding = BINDING) readonly buffer BLOCK { float name[]; };
#define LOAD(name, i) name[i]
#endif

// Axis D is in use. A constant, as software rasterisers walk both sides of a branch.
layout(constant_id = 3) const bool DEPTH = false;

// i = ((plane * D + d) * H + h) * W + w  ->  (d, h, w, plane). The push block's divisors 0..2 of `by`
// are those dimensions.
ivec4 position(uint i, int dims[3])
{
    uint q = DIV(by, 2, i);
    int w = int(i - q * uint(dims[2]));
    uint p = DIV(by, 1, q);
    int h = int(q - p * uint(dims[1]));
    if (!DEPTH) {
        return ivec4(0, h, w, p);
    }
    uint r = DIV(by, 0, p);
    return ivec4(int(p - r * uint(dims[0])), h, w, r);
}

#endif
