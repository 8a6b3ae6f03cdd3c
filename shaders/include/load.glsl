/* Read-only tensors: texel buffers under -DTEXEL (what software drivers read fastest), storage buffers otherwise.
 *     TENSOR1(0, x)  declares binding 0;  LOAD1(x, i) is float i      TENSOR4(1, w), LOAD4(w, i): vec4 i */
#ifndef LIMN_LOAD_GLSL
#define LIMN_LOAD_GLSL

#ifdef TEXEL
#define TENSOR1(slot, name) layout(set = 0, binding = slot) uniform samplerBuffer name;
#define TENSOR4(slot, name) layout(set = 0, binding = slot) uniform samplerBuffer name;
#define LOAD1(name, i) texelFetch(name, int(i)).x
#define LOAD4(name, i) texelFetch(name, int(i))
#else
#define TENSOR1(slot, name) layout(set = 0, binding = slot, std430) readonly buffer buf_##name { float name[]; };
#define TENSOR4(slot, name) layout(set = 0, binding = slot, std430) readonly buffer buf_##name { vec4 name[]; };
#define LOAD1(name, i) name[i]
#define LOAD4(name, i) name[i]
#endif

#endif
