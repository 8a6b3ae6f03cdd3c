/* The Vulkan instance: no surface, no layers of our own (a layer asked for by the environment, VK_INSTANCE_LAYERS, is
 * the loader's matter), portability drivers included. */
#include <string.h>

#include "vk/vk_internal.h"

static bool has_extension(struct vk_instance *vi, const char *name)
{
    uint32_t n = 0;
    bool found = false;
    if (vi->fn.EnumerateInstanceExtensionProperties(NULL, &n, NULL) != VK_SUCCESS || n == 0) {
        return false;
    }
    VkExtensionProperties *list = mem_alloc(n, sizeof(*list));
    if (list && vi->fn.EnumerateInstanceExtensionProperties(NULL, &n, list) >= 0) {
        for (uint32_t i = 0; i < n && !found; i++) {
            found = strcmp(list[i].extensionName, name) == 0;
        }
    }
    mem_free(list);
    return found;
}

limn_status vk_instance_create(struct vk_instance *out, limn_error *err)
{
    static const char *const portability = "VK_KHR_portability_enumeration";
    struct vk_instance vi = {0};
    limn_status st = LIMN_OK;
    VkApplicationInfo app = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "limn",
        .pEngineName = "limn",
        .apiVersion = VK_API_VERSION_1_2,
    };
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app};
    TRY(vk_loader_open(&vi, err));
    if (has_extension(&vi, portability)) {
        info.flags = VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
        info.enabledExtensionCount = 1;
        info.ppEnabledExtensionNames = &portability;
    }
    VkResult r = VK_CALL(&vi.fn, CreateInstance, &info, NULL, &vi.handle);
    if (r == VK_ERROR_INCOMPATIBLE_DRIVER) {
        vi.handle = VK_NULL_HANDLE;
        st = err_set(err, LIMN_ERR_DEVICE, "no Vulkan driver found (install mesa-vulkan-drivers, or the vendor's)");
        goto out;
    }
    TRY(vk_check(NULL, r, "vkCreateInstance", err));
    TRY(vk_loader_instance(&vi, err));
    *out = vi;
    return LIMN_OK;
out:
    vk_instance_destroy(&vi);
    return st;
}

void vk_instance_destroy(struct vk_instance *vi)
{
    if (vi->handle && vi->fn.DestroyInstance) {
        vi->fn.DestroyInstance(vi->handle, NULL);
    }
    vk_loader_close(vi);
}
