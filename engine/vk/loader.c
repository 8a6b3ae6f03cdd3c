/* Takes the Vulkan entry points from libvulkan.so.1 at run time. Linking it would make every limn command fail in the
 * dynamic linker on a machine without a loader, where `limn doctor` is needed most. */
#include <dlfcn.h>
#include <string.h>

#include "vk/vk_internal.h"

limn_status vk_loader_open(struct vk_instance *vi, limn_error *err)
{
    vi->library = inject_hit(INJECT_VULKAN) ? NULL : dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!vi->library) {
        const char *why = dlerror();
        return err_set(err, LIMN_ERR_DEVICE, "no Vulkan loader: %s (install libvulkan1 and a driver)",
                       why ? why : "libvulkan.so.1 cannot be opened");
    }
    void *symbol = dlsym(vi->library, "vkGetInstanceProcAddr");
    if (!symbol) {
        return err_set(err, LIMN_ERR_DEVICE, "libvulkan.so.1 has no vkGetInstanceProcAddr");
    }
    memcpy(&vi->fn.GetInstanceProcAddr, &symbol, sizeof(symbol));
#define F(name) vi->fn.name = (PFN_vk##name)vi->fn.GetInstanceProcAddr(NULL, "vk" #name);
    VK_GLOBAL_FUNCTIONS(F)
#undef F
    if (!vi->fn.CreateInstance || !vi->fn.EnumerateInstanceVersion || !vi->fn.EnumerateInstanceExtensionProperties) {
        return err_set(err, LIMN_ERR_DEVICE, "the Vulkan loader offers version 1.0 only (expected 1.1 or newer)");
    }
    return LIMN_OK;
}

void vk_loader_close(struct vk_instance *vi)
{
    if (vi->library) {
        dlclose(vi->library);
    }
    memset(vi, 0, sizeof(*vi));
}

limn_status vk_loader_instance(struct vk_instance *vi, limn_error *err)
{
    const char *missing = NULL;
#define F(name)                                                                                                        \
    vi->fn.name = (PFN_vk##name)vi->fn.GetInstanceProcAddr(vi->handle, "vk" #name);                                    \
    if (!vi->fn.name) {                                                                                                \
        missing = "vk" #name;                                                                                          \
    }
    VK_INSTANCE_FUNCTIONS(F)
#undef F
    return missing ? err_set(err, LIMN_ERR_DEVICE, "the Vulkan loader has no %s", missing) : LIMN_OK;
}

limn_status vk_loader_device(struct vk_fn *fn, VkDevice device, limn_error *err)
{
    const char *missing = NULL;
#define F(name)                                                                                                        \
    fn->name = (PFN_vk##name)fn->GetDeviceProcAddr(device, "vk" #name);                                                \
    if (!fn->name) {                                                                                                   \
        missing = "vk" #name;                                                                                          \
    }
    VK_DEVICE_FUNCTIONS(F)
#undef F
    return missing ? err_set(err, LIMN_ERR_DEVICE, "the Vulkan driver has no %s", missing) : LIMN_OK;
}
