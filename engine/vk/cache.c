/* The pipeline cache on disk: one file per device and driver version in the XDG cache directory. It only saves time, so
 * nothing here is an error: a missing, foreign or damaged file is ignored, an unwritable directory too. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "vk/vk_internal.h"

#define CACHE_MAX (64u << 20)

static bool cache_path(const struct vk_device *d, char *dir, char *path, size_t size)
{
    dir_xdg("CACHE", dir, size);
    int n = snprintf(path, size, "%.3800s/pipelines-%s-%08x.bin", dir, d->phys.info.uuid, d->phys.props.driverVersion);
    return dir[0] && n > 0 && (size_t)n < size;
}

/* The header that Vulkan prescribes; drivers check it too, but not all of them well. */
static bool header_fits(const struct vk_device *d, const void *data, size_t size)
{
    VkPipelineCacheHeaderVersionOne h;
    if (size < sizeof(h)) {
        return false;
    }
    memcpy(&h, data, sizeof(h));
    return h.headerSize == sizeof(h) && h.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
           h.vendorID == d->phys.props.vendorID && h.deviceID == d->phys.props.deviceID &&
           memcmp(h.pipelineCacheUUID, d->phys.props.pipelineCacheUUID, VK_UUID_SIZE) == 0;
}

void vk_cache_load(struct vk_device *d)
{
    char dir[4096], path[4096];
    void *data = NULL;
    size_t size = 0;
    VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
    if (cache_path(d, dir, path, sizeof(path)) && file_read_all(path, CACHE_MAX, &data, &size, NULL) == LIMN_OK &&
        header_fits(d, data, size)) {
        info.initialDataSize = size;
        info.pInitialData = data;
        d->n_saved = size;
    }
    if (VK_CALL(&d->vi.fn, CreatePipelineCache, d->device, &info, NULL, &d->cache) != VK_SUCCESS) {
        d->cache = VK_NULL_HANDLE;
    }
    mem_free(data);
}

void vk_cache_save(struct vk_device *d)
{
    char dir[4096], path[4096];
    size_t size = 0;
    if (!d->cache || d->lost || d->n_pipeline == 0 || !cache_path(d, dir, path, sizeof(path)) ||
        d->vi.fn.GetPipelineCacheData(d->device, d->cache, &size, NULL) != VK_SUCCESS || size == 0 ||
        size > CACHE_MAX || size == d->n_saved) {
        return;
    }
    void *data = mem_alloc(size, 1);
    if (data && d->vi.fn.GetPipelineCacheData(d->device, d->cache, &size, data) == VK_SUCCESS &&
        dir_ensure(dir, NULL) == LIMN_OK) {
        file_write_atomic(path, data, size, true, NULL);
    }
    mem_free(data);
}
