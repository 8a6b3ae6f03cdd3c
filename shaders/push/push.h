/* Push constants typed once: a field list PUSH_<KERNEL> becomes the members of a C struct or of a GLSL block. Only
 * 4-byte fields, so that both layouts are the same. */
#ifndef LIMN_PUSH_H
#define LIMN_PUSH_H

#ifdef VULKAN
#define PUSH_U32(name) uint name;
#define PUSH_I32(name) int name;
#define PUSH_F32(name) float name;
#define PUSH_U32_ARRAY(name, n) uint name[n];
#define PUSH_I32_ARRAY(name, n) int name[n];
#else
#include <stdint.h>
#define PUSH_U32(name) uint32_t name;
#define PUSH_I32(name) int32_t name;
#define PUSH_F32(name) float name;
#define PUSH_U32_ARRAY(name, n) uint32_t name[n];
#define PUSH_I32_ARRAY(name, n) int32_t name[n];
#endif

#endif
