/* Device memory. A block is one allocation with one buffer over all of it; users sub-allocate from it by offset. Memory
 * that both sides reach (integrated GPUs, software drivers, resizable BAR) is preferred, so that uploads write straight
 * into it; otherwise device-local memory, which buffer.c reaches through a staging block. */
#include <string.h>

#include "vk/vk_internal.h"

#define BLOCK_MAX (UINT64_C(1) << 30)

uint64_t vk_block_limit(const struct vk_device *d, uint64_t largest)
{
    uint64_t align = d->phys.caps.offset_align;
    uint64_t limit = d->phys.max_alloc ? d->phys.max_alloc : BLOCK_MAX;
    uint64_t block = limit < BLOCK_MAX ? limit : BLOCK_MAX;
    if (largest > block) {
        block = largest < limit ? largest + align - 1 : limit;
    }
    return block / align * align;
}

/* The first memory type allowed by `bits` that has all of `want`; -1 when there is none. */
static int find_type(const struct vk_device *d, uint32_t bits, VkMemoryPropertyFlags want)
{
    for (uint32_t i = 0; i < d->phys.memory.memoryTypeCount; i++) {
        if ((bits >> i & 1) && (d->phys.memory.memoryTypes[i].propertyFlags & want) == want) {
            return (int)i;
        }
    }
    return -1;
}

/* A mappable type is used for device data only when its heap is as large as the largest one: the 256 MB window of a
 * discrete GPU without resizable BAR would be exhausted by one model. */
static int choose_type(const struct vk_device *d, uint32_t bits, enum vk_memory_kind kind)
{
    const VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const VkMemoryPropertyFlags cached = host | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    const VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    int type = -1;
    if (kind == VK_MEMORY_STAGING) {
        type = find_type(d, bits, cached);
        return type >= 0 ? type : find_type(d, bits, host);
    }
    bool discrete = d->phys.props.deviceType == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    type = discrete ? -1 : find_type(d, bits, local | cached);
    if (type < 0) {
        type = find_type(d, bits, local | host);
    }
    if (type >= 0) {
        uint32_t heap = d->phys.memory.memoryTypes[type].heapIndex;
        if (d->phys.memory.memoryHeaps[heap].size < d->phys.info.memory_bytes) {
            type = -1;
        }
    }
    type = type >= 0 ? type : find_type(d, bits, local);
    return type >= 0 ? type : find_type(d, bits, 0);
}

static limn_status allocate(struct vk_device *d, enum vk_memory_kind kind, struct vk_block *b, limn_error *err)
{
    VkMemoryRequirements need;
    limn_status st = LIMN_OK;
    d->vi.fn.GetBufferMemoryRequirements(d->device, b->buffer, &need);
    int type = choose_type(d, need.memoryTypeBits, kind);
    if (type < 0) {
        return err_set(err, LIMN_ERR_DEVICE, "%s: no memory type for a buffer", d->phys.info.name);
    }
    if (d->phys.max_alloc && need.size > d->phys.max_alloc) {
        return err_set(err, LIMN_ERR_DEVICE_NOMEM, "a buffer of %llu bytes (%s allocates at most %llu at once)",
                       (unsigned long long)need.size, d->phys.info.name, (unsigned long long)d->phys.max_alloc);
    }
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = need.size,
        .memoryTypeIndex = (uint32_t)type,
    };
    TRY_VK(d, AllocateMemory, d->device, &info, NULL, &b->memory);
    b->allocated = need.size;
    d->in_use += need.size;
    TRY_VK(d, BindBufferMemory, d->device, b->buffer, b->memory, 0);
    VkMemoryPropertyFlags flags = d->phys.memory.memoryTypes[type].propertyFlags;
    if ((flags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT) && (kind == VK_MEMORY_STAGING || !d->no_map)) {
        b->cached = (flags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT) != 0;
        TRY_VK(d, MapMemory, d->device, b->memory, 0, VK_WHOLE_SIZE, 0, &b->map);
    }
out:
    return st == LIMN_ERR_DEVICE_NOMEM ? err_at(err, "%llu bytes", (unsigned long long)need.size) : st;
}

limn_status vk_block_create(struct vk_device *d, uint64_t bytes, enum vk_memory_kind kind, struct vk_block *out,
                            limn_error *err)
{
    struct vk_block b = {.bytes = bytes};
    limn_status st = LIMN_OK;
    VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = bytes,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    if (kind == VK_MEMORY_DEVICE) {
        info.usage |= VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT;
    }
    TRY(vk_alive(d, err));
    TRY_VK(d, CreateBuffer, d->device, &info, NULL, &b.buffer);
    TRY(allocate(d, kind, &b, err));
    *out = b;
    return LIMN_OK;
out:
    vk_block_destroy(d, &b);
    return st;
}

void vk_block_destroy(struct vk_device *d, struct vk_block *b)
{
    if (b->buffer) {
        d->vi.fn.DestroyBuffer(d->device, b->buffer, NULL);
    }
    if (b->memory) {
        d->vi.fn.FreeMemory(d->device, b->memory, NULL); /* unmaps */
        d->in_use -= b->allocated;
    }
    memset(b, 0, sizeof(*b));
}

limn_status vk_arena_create(struct vk_device *d, uint64_t total, uint64_t block_bytes, enum vk_memory_kind kind,
                            struct vk_arena *out, limn_error *err)
{
    struct vk_arena a = {.block_bytes = block_bytes};
    limn_status st = LIMN_OK;
    size_t n = (size_t)((total + block_bytes - 1) / block_bytes);
    a.block = mem_zalloc(n, sizeof(*a.block));
    if (!a.block) {
        return err_nomem(err, n * sizeof(*a.block), "memory blocks");
    }
    for (a.n = 0; a.n < n; a.n++) {
        uint64_t left = total - a.n * block_bytes;
        TRY(vk_block_create(d, left < block_bytes ? left : block_bytes, kind, &a.block[a.n], err));
    }
    *out = a;
    return LIMN_OK;
out:
    vk_arena_destroy(d, &a);
    return st;
}

void vk_arena_destroy(struct vk_device *d, struct vk_arena *a)
{
    for (size_t i = 0; i < a->n; i++) {
        vk_block_destroy(d, &a->block[i]);
    }
    mem_free(a->block);
    memset(a, 0, sizeof(*a));
}

struct vk_slice vk_arena_slice(const struct vk_arena *a, uint64_t offset, uint64_t bytes)
{
    size_t i = (size_t)(offset / a->block_bytes);
    return (struct vk_slice){&a->block[i], offset - i * a->block_bytes, bytes};
}
