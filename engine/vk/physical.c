/* The list of physical devices and what each can do. Every number comes from the driver; the few that Vulkan does not
 * tell (compute units of most vendors) are estimates marked as such in struct device_caps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "vk/vk_internal.h"

/* The structs that may be chained to the properties query. */
struct query {
    VkPhysicalDeviceProperties2 props;
    VkPhysicalDeviceSubgroupProperties subgroup;
    VkPhysicalDeviceMaintenance3Properties maint3;
    VkPhysicalDeviceIDProperties id;
    VkPhysicalDeviceDriverProperties driver;
    VkPhysicalDevicePCIBusInfoPropertiesEXT pci;
    VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nv;
    VkPhysicalDeviceShaderCorePropertiesAMD amd;
    bool has_driver, has_pci, has_nv, has_amd, has_portability;
};

static bool listed(const VkExtensionProperties *list, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(list[i].extensionName, name) == 0) {
            return true;
        }
    }
    return false;
}

static limn_status query_extensions(struct vk_instance *vi, VkPhysicalDevice dev, struct query *q, limn_error *err)
{
    VkExtensionProperties *list = NULL;
    uint32_t n = 0;
    limn_status st = LIMN_OK;
    VkResult r = VK_CALL(&vi->fn, EnumerateDeviceExtensionProperties, dev, NULL, &n, NULL);
    TRY(vk_check(NULL, r, "vkEnumerateDeviceExtensionProperties", err));
    list = mem_alloc((size_t)n + 1, sizeof(*list));
    if (!list) {
        st = err_nomem(err, n * sizeof(*list), "device extensions");
        goto out;
    }
    r = VK_CALL(&vi->fn, EnumerateDeviceExtensionProperties, dev, NULL, &n, list);
    TRY(vk_check(NULL, r == VK_INCOMPLETE ? VK_SUCCESS : r, "vkEnumerateDeviceExtensionProperties", err));
    q->has_driver = listed(list, n, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME);
    q->has_pci = listed(list, n, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME);
    q->has_nv = listed(list, n, VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME);
    q->has_amd = listed(list, n, VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME);
    q->has_portability = listed(list, n, "VK_KHR_portability_subset");
out:
    mem_free(list);
    return st;
}

static void chain(struct query *q, void *item)
{
    VkBaseOutStructure *s = item;
    s->pNext = q->props.pNext;
    q->props.pNext = s;
}

static void query_properties(struct vk_instance *vi, VkPhysicalDevice dev, struct query *q)
{
    q->props.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    q->subgroup.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES;
    q->maint3.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES;
    q->id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
    q->driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
    q->pci.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT;
    q->nv.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV;
    q->amd.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD;
    chain(q, &q->subgroup);
    chain(q, &q->maint3);
    chain(q, &q->id);
    if (q->has_driver) {
        chain(q, &q->driver);
    }
    if (q->has_pci) {
        chain(q, &q->pci);
    }
    if (q->has_nv) {
        chain(q, &q->nv);
    }
    if (q->has_amd) {
        chain(q, &q->amd);
    }
    vi->fn.GetPhysicalDeviceProperties2(dev, &q->props);
    q->props.pNext = NULL;
}

static const char *kind_name(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return "discrete";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return "integrated";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return "virtual";
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return "cpu";
    default:
        return "other";
    }
}

static void format_uuid(const uint8_t *u, char text[37])
{
    size_t at = 0;
    for (size_t i = 0; i < VK_UUID_SIZE; i++) {
        at += (size_t)snprintf(text + at, 37 - at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
    }
}

static uint64_t local_heap(const VkPhysicalDeviceMemoryProperties *m)
{
    uint64_t best = 0;
    for (uint32_t i = 0; i < m->memoryHeapCount; i++) {
        if ((m->memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) && m->memoryHeaps[i].size > best) {
            best = m->memoryHeaps[i].size;
        }
    }
    return best;
}

static void fill_info(struct vk_physical *p, const struct query *q)
{
    const VkPhysicalDeviceProperties *props = &q->props.properties;
    char driver[2 * VK_MAX_DRIVER_NAME_SIZE + 2];
    struct vk_device_info *info = &p->info;
    str_escape(info->name, sizeof(info->name), props->deviceName);
    snprintf(driver, sizeof(driver), "%.255s %.255s", q->has_driver ? q->driver.driverName : "",
             q->has_driver ? q->driver.driverInfo : "");
    if (!q->has_driver) {
        snprintf(driver, sizeof(driver), "version 0x%x", props->driverVersion);
    }
    str_escape(info->driver, sizeof(info->driver), driver);
    format_uuid(q->id.deviceUUID, info->uuid);
    if (q->has_pci && props->deviceType != VK_PHYSICAL_DEVICE_TYPE_CPU) {
        snprintf(info->pci, sizeof(info->pci), "%04x:%02x:%02x.%x", q->pci.pciDomain & 0xffff, q->pci.pciBus & 0xff,
                 q->pci.pciDevice & 0xff, q->pci.pciFunction & 0xf);
    }
    info->kind = kind_name(props->deviceType);
    info->api_version = props->apiVersion;
    info->memory_bytes = local_heap(&p->memory);
}

static uint32_t compute_units(const struct query *q)
{
    if (q->props.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        return cores > 0 ? (uint32_t)cores : 1;
    }
    if (q->has_nv && q->nv.shaderSMCount) {
        return q->nv.shaderSMCount;
    }
    uint32_t amd = q->amd.shaderEngineCount * q->amd.shaderArraysPerEngineCount * q->amd.computeUnitsPerShaderArray;
    return q->has_amd && amd ? amd : 32;
}

/* LIMN_CONV_FAMILY=cpu|gpu|direct: makes tests run the kernels that this device would not choose. */
static uint32_t conv_family(void)
{
    static const char *const names[] = {"cpu", "gpu", "direct"};
    const char *want = getenv("LIMN_CONV_FAMILY");
    for (uint32_t i = 0; want != NULL && i < 3; i++) {
        if (strcmp(want, names[i]) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static uint32_t max_u32(uint64_t a, uint64_t b)
{
    return (uint32_t)(a > b ? a : b);
}

static void fill_caps(struct vk_physical *p, const struct query *q)
{
    const VkPhysicalDeviceLimits *l = &q->props.properties.limits;
    uint32_t align = max_u32(l->minStorageBufferOffsetAlignment, l->minTexelBufferOffsetAlignment);
    p->caps = (struct device_caps){
        .cpu = q->props.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU,
        .vendor_id = q->props.properties.vendorID,
        .subgroup_size = q->subgroup.subgroupSize ? q->subgroup.subgroupSize : 1,
        .shared_bytes = l->maxComputeSharedMemorySize,
        .max_invocations = l->maxComputeWorkGroupInvocations,
        .max_storage_range = l->maxStorageBufferRange,
        .max_texel_elements = l->maxTexelBufferElements,
        .offset_align = max_u32(align, 16),
        .compute_units = compute_units(q),
        .conv_family = conv_family(),
    };
    memcpy(p->caps.max_size, l->maxComputeWorkGroupSize, sizeof(p->caps.max_size));
    memcpy(p->caps.max_groups, l->maxComputeWorkGroupCount, sizeof(p->caps.max_groups));
}

/* The compute queue family, preferring one with timestamps; false when there is none. */
static bool find_queue(struct vk_instance *vi, struct vk_physical *p)
{
    VkQueueFamilyProperties family[64];
    uint32_t n = 64;
    bool found = false;
    vi->fn.GetPhysicalDeviceQueueFamilyProperties(p->handle, &n, family);
    for (uint32_t i = 0; i < n; i++) {
        if ((family[i].queueFlags & VK_QUEUE_COMPUTE_BIT) &&
            (!found || (!p->timestamp_bits && family[i].timestampValidBits))) {
            found = true;
            p->queue_family = i;
            p->timestamp_bits = family[i].timestampValidBits;
        }
    }
    return found;
}

static limn_status fill_physical(struct vk_instance *vi, struct vk_physical *p, int32_t index, limn_error *err)
{
    struct query q;
    memset(&q, 0, sizeof(q));
    p->info.index = index;
    vi->fn.GetPhysicalDeviceProperties(p->handle, &p->props);
    if (p->props.apiVersion < VK_API_VERSION_1_1) {
        str_escape(p->info.name, sizeof(p->info.name), p->props.deviceName);
        p->info.kind = kind_name(p->props.deviceType);
        p->info.api_version = p->props.apiVersion;
        snprintf(p->info.reason, sizeof(p->info.reason), "Vulkan %u.%u (expected 1.1 or newer)",
                 VK_API_VERSION_MAJOR(p->props.apiVersion), VK_API_VERSION_MINOR(p->props.apiVersion));
        return LIMN_OK;
    }
    limn_status st = query_extensions(vi, p->handle, &q, err);
    if (st != LIMN_OK) {
        return st;
    }
    query_properties(vi, p->handle, &q);
    vi->fn.GetPhysicalDeviceMemoryProperties(p->handle, &p->memory);
    memcpy(p->uuid, q.id.deviceUUID, VK_UUID_SIZE);
    p->max_alloc = q.maint3.maxMemoryAllocationSize;
    p->portability = q.has_portability;
    fill_info(p, &q);
    fill_caps(p, &q);
    p->info.usable = find_queue(vi, p);
    if (!p->info.usable) {
        snprintf(p->info.reason, sizeof(p->info.reason), "no compute queue");
    }
    return LIMN_OK;
}

limn_status vk_physical_list(struct vk_instance *vi, struct vk_physical **out, size_t *n, limn_error *err)
{
    VkPhysicalDevice handle[64];
    uint32_t count = 64;
    struct vk_physical *list = NULL;
    limn_status st = LIMN_OK;
    VkResult r = VK_CALL(&vi->fn, EnumeratePhysicalDevices, vi->handle, &count, handle);
    if (r == VK_ERROR_INITIALIZATION_FAILED) { /* what the loader says when every driver refused */
        count = 0;
    } else {
        TRY(vk_check(NULL, r == VK_INCOMPLETE ? VK_SUCCESS : r, "vkEnumeratePhysicalDevices", err));
    }
    list = mem_zalloc((size_t)count + 1, sizeof(*list));
    if (!list) {
        st = err_nomem(err, count * sizeof(*list), "the device list");
        goto out;
    }
    for (uint32_t i = 0; i < count; i++) {
        list[i].handle = handle[i];
        TRY(fill_physical(vi, &list[i], (int32_t)i, err));
    }
    *out = list;
    *n = count;
    return LIMN_OK;
out:
    mem_free(list);
    return st;
}
