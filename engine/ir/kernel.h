/* A kernel call as plain data: what an operator's plan produces and the Vulkan executor records. No Vulkan types here,
 * so operators compile and test without it. */
#ifndef LIMN_IR_KERNEL_H
#define LIMN_IR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define KERNEL_MAX_SPEC 16
#define KERNEL_MAX_BIND 8
#define KERNEL_MAX_PUSH 128

/* What a plan may rely on; queried from the device, nothing assumed. */
struct device_caps {
    bool cpu; /* a software rasteriser (lavapipe, SwiftShader): texel loads, register blocks, no shared memory */
    uint32_t vendor_id;
    uint32_t subgroup_size;
    uint32_t shared_bytes;    /* per workgroup */
    uint32_t max_invocations; /* per workgroup */
    uint32_t max_size[3];     /* workgroup size per axis */
    uint32_t max_groups[3];
    uint64_t max_storage_range;  /* bytes that one storage binding may span */
    uint64_t max_texel_elements; /* elements that one texel buffer view may span */
    uint32_t offset_align;  /* bytes: every binding offset is a multiple (storage and texel alignment, the larger) */
    uint32_t compute_units; /* estimate; 32 when unknown, cores when cpu */
    uint32_t conv_family;   /* 0: chosen by shape; else an enum conv_family (ops/conv_calls.h), for tests */
};

enum bind_space {
    BIND_IN,      /* node input `index` */
    BIND_OUT,     /* node output `index` */
    BIND_SCRATCH, /* kernel_list scratch `index` */
};
enum bind_view {
    VIEW_STORAGE,       /* layout(std430) buffer */
    VIEW_TEXEL_R32F,    /* samplerBuffer, one float per element */
    VIEW_TEXEL_RGBA32F, /* samplerBuffer, four floats per element (size must be a multiple of 16 bytes) */
};
enum { ACCESS_READ = 1, ACCESS_WRITE = 2 };

struct kernel_bind {
    uint8_t space, view, access;
    uint16_t index;
    uint64_t offset, size; /* bytes; size 0: to the end of the buffer. offset must be a multiple of caps.offset_align */
};

struct kernel_call {
    uint16_t shader; /* enum shader_id, generated from shaders/ */
    bool prepare;    /* reads constants only and writes persistent scratch: run once, not at every replay */
    uint8_t n_spec, n_bind;
    uint8_t push_bytes;
    uint32_t spec[KERNEL_MAX_SPEC]; /* specialisation constants 0..n_spec-1; 0,1,2 are the local size */
    uint8_t push[KERNEL_MAX_PUSH];
    struct kernel_bind bind[KERNEL_MAX_BIND]; /* binding numbers 0.. of set 0 */
    uint32_t groups[3];
    double flops; /* estimate, to bound submission time and for the bench */
};

struct kernel_scratch {
    uint64_t bytes;
    bool persistent; /* kept between replays: packed weights */
    void *data;      /* what it holds from the start, owned by the list: a table that calls only read; or NULL */
};

struct kernel_list {
    struct kernel_call *call;
    size_t n_call, cap_call;
    struct kernel_scratch *scratch;
    size_t n_scratch, cap_scratch;
};

/* Appends a zeroed call for `shader` with local size (x,y,z) in spec 0..2; NULL when out of memory. The pointer is
 * valid until the next append. */
struct kernel_call *kernel_add(struct kernel_list *l, uint16_t shader, uint32_t x, uint32_t y, uint32_t z);
/* Index of a new scratch buffer, or -1 when out of memory. */
int kernel_scratch(struct kernel_list *l, uint64_t bytes, bool persistent);
/* The same for a table that the plan computed; the bytes are copied. */
int kernel_table(struct kernel_list *l, const void *data, size_t bytes);
void kernel_spec(struct kernel_call *c, uint32_t value); /* the next specialisation constant */
void kernel_push(struct kernel_call *c, const void *data, size_t bytes);
/* The next binding: whole buffer, storage view. Returns it for changes. */
struct kernel_bind *kernel_bind(struct kernel_call *c, enum bind_space space, int index, int access);
/* Groups for n elements at `per_group` each, folded over x and y (and z) within caps->max_groups; shaders compute
 * id = x + y * groups.x * local.x (+ z ...) with the helper in include/common.glsl and test it against the count. */
void kernel_grid_1d(struct kernel_call *c, const struct device_caps *caps, uint64_t n, uint32_t per_group);
void kernel_list_finish(struct kernel_list *l);

#endif
