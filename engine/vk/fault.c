/* VkResult to one clear error line that names the call. Out-of-memory results get their own status, so that callers can
 * suggest a smaller batch; a lost device is remembered, since nothing works on it any more. */
#include "vk/vk_internal.h"

static const struct {
    VkResult result;
    const char *name;
} result_names[] = {
#define R(x)                                                                                                           \
    {                                                                                                                  \
        x, #x                                                                                                          \
    }
    R(VK_SUCCESS),
    R(VK_NOT_READY),
    R(VK_TIMEOUT),
    R(VK_INCOMPLETE),
    R(VK_ERROR_OUT_OF_HOST_MEMORY),
    R(VK_ERROR_OUT_OF_DEVICE_MEMORY),
    R(VK_ERROR_INITIALIZATION_FAILED),
    R(VK_ERROR_DEVICE_LOST),
    R(VK_ERROR_MEMORY_MAP_FAILED),
    R(VK_ERROR_LAYER_NOT_PRESENT),
    R(VK_ERROR_EXTENSION_NOT_PRESENT),
    R(VK_ERROR_FEATURE_NOT_PRESENT),
    R(VK_ERROR_INCOMPATIBLE_DRIVER),
    R(VK_ERROR_TOO_MANY_OBJECTS),
    R(VK_ERROR_FORMAT_NOT_SUPPORTED),
    R(VK_ERROR_FRAGMENTED_POOL),
    R(VK_ERROR_OUT_OF_POOL_MEMORY),
    R(VK_ERROR_FRAGMENTATION),
    R(VK_ERROR_UNKNOWN),
#undef R
};

const char *vk_result_name(VkResult r)
{
    for (size_t i = 0; i < sizeof(result_names) / sizeof(result_names[0]); i++) {
        if (result_names[i].result == r) {
            return result_names[i].name;
        }
    }
    return "an unknown result";
}

limn_status vk_check(struct vk_device *d, VkResult r, const char *call, limn_error *err)
{
    switch (r) {
    case VK_SUCCESS:
        return LIMN_OK;
    case VK_ERROR_OUT_OF_HOST_MEMORY:
        return err_set(err, LIMN_ERR_NOMEM, "%s: out of host memory", call);
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_OUT_OF_POOL_MEMORY:
    case VK_ERROR_FRAGMENTED_POOL:
    case VK_ERROR_TOO_MANY_OBJECTS:
        return err_set(err, LIMN_ERR_DEVICE_NOMEM, "%s: out of device memory", call);
    case VK_ERROR_DEVICE_LOST:
        if (d) {
            d->lost = true;
        }
        return err_set(err, LIMN_ERR_DEVICE_LOST, "%s: the device was lost (driver crash, reset or removal)", call);
    default:
        return err_set(err, LIMN_ERR_DEVICE, "%s: %s (%d)", call, vk_result_name(r), (int)r);
    }
}

limn_status vk_alive(const struct vk_device *d, limn_error *err)
{
    return d->lost ? err_set(err, LIMN_ERR_DEVICE_LOST, "%s: the device was lost earlier", d->phys.info.name) : LIMN_OK;
}
