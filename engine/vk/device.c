/* Opening a device: one compute queue, no optional features, one command pool, the pipeline cache. */
#include <string.h>

#include "vk/vk_internal.h"

limn_status vk_enumerate(struct vk_device_info **list, size_t *n, limn_error *err)
{
    struct vk_instance vi = {0};
    struct vk_physical *phys = NULL;
    struct vk_device_info *infos = NULL;
    size_t count = 0;
    limn_status st = LIMN_OK;
    TRY(vk_instance_create(&vi, err));
    TRY(vk_physical_list(&vi, &phys, &count, err));
    infos = mem_zalloc(count + 1, sizeof(*infos));
    if (!infos) {
        st = err_nomem(err, count * sizeof(*infos), "the device list");
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        infos[i] = phys[i].info;
    }
    *list = infos;
    *n = count;
out:
    mem_free(phys);
    vk_instance_destroy(&vi);
    return st;
}

static limn_status create_device(struct vk_device *d, limn_error *err)
{
    static const char *const portability = "VK_KHR_portability_subset";
    float priority = 1.0f;
    limn_status st = LIMN_OK;
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = d->phys.queue_family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = d->phys.portability ? 1 : 0,
        .ppEnabledExtensionNames = &portability,
    };
    TRY_VK(d, CreateDevice, d->phys.handle, &info, NULL, &d->device);
    TRY(vk_loader_device(&d->vi.fn, d->device, err));
    d->vi.fn.GetDeviceQueue(d->device, d->phys.queue_family, 0, &d->queue);
out:
    return st;
}

static limn_status create_pool(struct vk_device *d, limn_error *err)
{
    limn_status st = LIMN_OK;
    VkCommandPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = d->phys.queue_family,
    };
    TRY_VK(d, CreateCommandPool, d->device, &info, NULL, &d->pool);
out:
    return st;
}

limn_status vk_device_open(const char *which, struct vk_device **out, limn_error *err)
{
    struct vk_physical *list = NULL;
    size_t n = 0, chosen = 0;
    limn_status st = LIMN_OK;
    struct vk_device *d = mem_zalloc(1, sizeof(*d));
    if (!d) {
        return err_nomem(err, sizeof(*d), "a device");
    }
    TRY(vk_instance_create(&d->vi, err));
    TRY(vk_physical_list(&d->vi, &list, &n, err));
    TRY(vk_select(list, n, which, &chosen, err));
    d->phys = list[chosen];
    TRY(create_device(d, err));
    TRY(create_pool(d, err));
    vk_cache_load(d);
    *out = d;
    d = NULL;
out:
    mem_free(list);
    vk_device_close(&d);
    return st;
}

static void destroy_objects(struct vk_device *d)
{
    if (!d->device || !d->vi.fn.DestroyDevice) {
        return;
    }
    if (d->vi.fn.DeviceWaitIdle) {
        d->vi.fn.DeviceWaitIdle(d->device);
    }
    if (d->pool) {
        vk_cache_save(d);
        vk_pipelines_destroy(d);
        d->vi.fn.DestroyCommandPool(d->device, d->pool, NULL);
    }
    if (d->staging) {
        vk_block_destroy(d, d->staging);
        mem_free(d->staging);
    }
    if (d->cache) {
        d->vi.fn.DestroyPipelineCache(d->device, d->cache, NULL);
    }
    d->vi.fn.DestroyDevice(d->device, NULL);
}

void vk_device_close(struct vk_device **d)
{
    if (d && *d) {
        destroy_objects(*d);
        vk_instance_destroy(&(*d)->vi);
        mem_free(*d);
        *d = NULL;
    }
}

const struct vk_device_info *vk_device_get_info(const struct vk_device *d)
{
    return &d->phys.info;
}

const struct device_caps *vk_device_caps(const struct vk_device *d)
{
    return &d->phys.caps;
}

uint64_t vk_device_bytes_in_use(const struct vk_device *d)
{
    return d->in_use;
}
