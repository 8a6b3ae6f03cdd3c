/* Inside the Vulkan layer, and its executor: everything that speaks Vulkan types. */
#ifndef LIMN_VK_INTERNAL_H
#define LIMN_VK_INTERNAL_H

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "base/inject.h"
#include "vk/device.h"

/* --- loader.c: the entry points, taken from libvulkan.so.1 at run time: a machine without it gets a clear error --- */
/* clang-format off */
#define VK_GLOBAL_FUNCTIONS(F)                                                                                         \
    F(CreateInstance) F(EnumerateInstanceExtensionProperties) F(EnumerateInstanceVersion)
#define VK_INSTANCE_FUNCTIONS(F)                                                                                       \
    F(DestroyInstance) F(EnumeratePhysicalDevices) F(GetPhysicalDeviceProperties) F(GetPhysicalDeviceProperties2)      \
    F(GetPhysicalDeviceMemoryProperties) F(GetPhysicalDeviceQueueFamilyProperties)                                     \
    F(EnumerateDeviceExtensionProperties) F(CreateDevice) F(GetDeviceProcAddr)
#define VK_DEVICE_FUNCTIONS(F)                                                                                         \
    F(DestroyDevice) F(GetDeviceQueue) F(DeviceWaitIdle) F(CreateBuffer) F(DestroyBuffer)                              \
    F(GetBufferMemoryRequirements) F(AllocateMemory) F(FreeMemory) F(BindBufferMemory) F(MapMemory)                    \
    F(CreateBufferView) F(DestroyBufferView) F(CreateShaderModule) F(DestroyShaderModule)                              \
    F(CreateDescriptorSetLayout) F(DestroyDescriptorSetLayout) F(CreatePipelineLayout) F(DestroyPipelineLayout)        \
    F(CreateComputePipelines) F(DestroyPipeline) F(CreatePipelineCache) F(DestroyPipelineCache)                        \
    F(GetPipelineCacheData) F(CreateDescriptorPool) F(DestroyDescriptorPool) F(AllocateDescriptorSets)                 \
    F(UpdateDescriptorSets) F(CreateCommandPool) F(DestroyCommandPool) F(AllocateCommandBuffers)                       \
    F(FreeCommandBuffers) F(BeginCommandBuffer) F(EndCommandBuffer) F(CmdBindPipeline) F(CmdBindDescriptorSets)        \
    F(CmdPushConstants) F(CmdDispatch) F(CmdPipelineBarrier) F(CmdCopyBuffer) F(CmdFillBuffer) F(CmdWriteTimestamp)    \
    F(CmdResetQueryPool) F(CreateQueryPool) F(DestroyQueryPool) F(GetQueryPoolResults) F(CreateFence)                  \
    F(DestroyFence) F(ResetFences) F(WaitForFences) F(QueueSubmit)

struct vk_fn {
#define F(name) PFN_vk##name name;
    VK_GLOBAL_FUNCTIONS(F)
    VK_INSTANCE_FUNCTIONS(F)
    VK_DEVICE_FUNCTIONS(F)
#undef F
    PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
};
/* clang-format on */

/* --- instance.c --- */
struct vk_instance {
    struct vk_fn fn;
    void *library;
    VkInstance handle;
};
limn_status vk_loader_open(struct vk_instance *vi, limn_error *err);
void vk_loader_close(struct vk_instance *vi);
limn_status vk_loader_instance(struct vk_instance *vi, limn_error *err);
limn_status vk_loader_device(struct vk_fn *fn, VkDevice device, limn_error *err);
limn_status vk_instance_create(struct vk_instance *out, limn_error *err);
void vk_instance_destroy(struct vk_instance *vi); /* zeroed struct allowed */

/* --- physical.c: what there is, queried --- */
struct vk_physical {
    VkPhysicalDevice handle;
    struct vk_device_info info;
    struct device_caps caps;
    VkPhysicalDeviceProperties props;
    VkPhysicalDeviceMemoryProperties memory;
    uint8_t uuid[VK_UUID_SIZE];
    uint64_t max_alloc;
    uint32_t queue_family, timestamp_bits;
    bool portability; /* VK_KHR_portability_subset must be enabled */
};
limn_status vk_physical_list(struct vk_instance *vi, struct vk_physical **out, size_t *n, limn_error *err);
/* select.c: the index in the list that `which` names. */
limn_status vk_select(const struct vk_physical *list, size_t n, const char *which, size_t *out, limn_error *err);

/* --- fault.c --- */
#define VK_CALL(fn, name, ...)                                                                                         \
    (inject_hit(INJECT_VULKAN) ? VK_ERROR_OUT_OF_DEVICE_MEMORY                                                         \
     : inject_hit(INJECT_LOST) ? VK_ERROR_DEVICE_LOST                                                                  \
                               : (fn)->name(__VA_ARGS__))
struct vk_device;
const char *vk_result_name(VkResult r);
/* LIMN_OK for VK_SUCCESS, else the error with the name of the call; remembers a lost device when d is not NULL. */
limn_status vk_check(struct vk_device *d, VkResult r, const char *call, limn_error *err);
/* TRY_VK(d, CreateFence, d->device, &info, NULL, &fence): for functions with `st`, `err` and `out:`. */
#define TRY_VK(d, name, ...) TRY(vk_check(d, VK_CALL(&(d)->vi.fn, name, __VA_ARGS__), "vk" #name, err))

/* --- device.c --- */
struct vk_pipeline;
struct vk_device {
    struct vk_instance vi;
    struct vk_physical phys;
    VkDevice device;
    VkQueue queue;
    VkCommandPool pool;
    VkPipelineCache cache;
    struct vk_pipeline **pipeline;
    size_t n_pipeline, cap_pipeline, n_saved;
    struct vk_block *staging; /* created when first needed */
    uint64_t in_use;
    bool lost;
    bool no_map; /* tests only: as on a GPU whose memory the host cannot see */
};
limn_status vk_alive(const struct vk_device *d, limn_error *err); /* LIMN_ERR_DEVICE_LOST once lost */

/* --- memory.c: blocks, one buffer each; an arena is a row of blocks of equal size --- */
enum vk_memory_kind { VK_MEMORY_DEVICE, VK_MEMORY_STAGING };
struct vk_block {
    VkBuffer buffer;
    VkDeviceMemory memory;
    void *map;   /* NULL when the host cannot see it */
    bool cached; /* the host reads it quickly */
    uint64_t bytes, allocated;
};
struct vk_arena {
    struct vk_block *block;
    size_t n;
    uint64_t block_bytes;
};
/* A place in a block. */
struct vk_slice {
    const struct vk_block *block;
    uint64_t offset, bytes;
};
uint64_t vk_block_limit(const struct vk_device *d, uint64_t largest); /* bytes of a block that must hold `largest` */
limn_status vk_block_create(struct vk_device *d, uint64_t bytes, enum vk_memory_kind kind, struct vk_block *out,
                            limn_error *err);
void vk_block_destroy(struct vk_device *d, struct vk_block *b); /* zeroed struct allowed */
limn_status vk_arena_create(struct vk_device *d, uint64_t total, uint64_t block_bytes, enum vk_memory_kind kind,
                            struct vk_arena *out, limn_error *err);
void vk_arena_destroy(struct vk_device *d, struct vk_arena *a);
struct vk_slice vk_arena_slice(const struct vk_arena *a, uint64_t offset, uint64_t bytes);

/* --- buffer.c: moving numbers; each returns when the move is done --- */
limn_status vk_write(struct vk_device *d, const struct vk_slice *to, const void *data, limn_error *err);
limn_status vk_read(struct vk_device *d, const struct vk_slice *from, void *data, limn_error *err);
/* Fills whole blocks with a 32-bit word. */
limn_status vk_arena_fill(struct vk_device *d, const struct vk_arena *a, uint32_t word, limn_error *err);

/* --- pipeline.c, cache.c --- */
struct vk_pipeline {
    uint16_t shader;
    uint8_t n_spec, n_bind;
    uint32_t spec[KERNEL_MAX_SPEC];
    uint8_t view[KERNEL_MAX_BIND];
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline handle;
};
limn_status vk_pipeline_get(struct vk_device *d, const struct kernel_call *c, const struct vk_pipeline **out,
                            limn_error *err);
void vk_pipelines_destroy(struct vk_device *d);
void vk_cache_load(struct vk_device *d); /* an unreadable cache is the same as none */
void vk_cache_save(struct vk_device *d);

/* --- record.c: recording with hazard tracking, submitting, waiting --- */
struct vk_access {
    VkBuffer buffer;
    uint64_t begin, end;
    bool write;
};
struct vk_recorder {
    struct vk_device *d;
    VkCommandBuffer cmd;
    struct vk_access *access; /* since the last barrier */
    size_t n_access, cap_access;
    uint32_t n_barrier;
    bool skip_barriers; /* tests only: proves that the validation layer sees a missing one */
};
struct vk_dispatch {
    const struct vk_pipeline *pipeline;
    VkDescriptorSet set;
    const struct kernel_call *call;
    struct vk_access access[KERNEL_MAX_BIND];
    size_t n_access;
};
limn_status vk_commands_alloc(struct vk_device *d, VkCommandBuffer *out, limn_error *err);
void vk_commands_free(struct vk_device *d, VkCommandBuffer *cmd);
limn_status vk_record_begin(struct vk_recorder *r, struct vk_device *d, VkCommandBuffer cmd, bool once,
                            limn_error *err);
limn_status vk_record_dispatch(struct vk_recorder *r, const struct vk_dispatch *x, limn_error *err);
limn_status vk_record_end(struct vk_recorder *r, limn_error *err);
void vk_recorder_finish(struct vk_recorder *r);
limn_status vk_submit(struct vk_device *d, VkCommandBuffer cmd, VkFence fence, limn_error *err);
limn_status vk_wait(struct vk_device *d, VkFence fence, limn_error *err); /* in slices of a second */
limn_status vk_fence_create(struct vk_device *d, VkFence *out, limn_error *err);
/* Ends the recording, submits it and waits. */
limn_status vk_record_run(struct vk_recorder *r, limn_error *err);

#endif
