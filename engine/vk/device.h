/* Choosing and opening a Vulkan device. No Vulkan types in this header: everything above the executor sees devices only
 * through it. */
#ifndef LIMN_VK_DEVICE_H
#define LIMN_VK_DEVICE_H

#include "ir/kernel.h"

#define VK_NAME_MAX 256
struct vk_device_info {
    int32_t index;            /* of our own list; stable within one machine set-up */
    char name[VK_NAME_MAX];   /* escaped */
    char driver[VK_NAME_MAX]; /* "llvmpipe Mesa 22.3.6 (LLVM 15.0.6)" */
    char uuid[37];
    char pci[16];          /* "0000:01:00.0" or "" */
    const char *kind;      /* "discrete", "integrated", "virtual", "cpu", "other" */
    uint32_t api_version;  /* VK_MAKE_API_VERSION form */
    uint64_t memory_bytes; /* largest device-local heap */
    bool usable;
    char reason[160]; /* why not usable, "" when it is */
};

/* Lists devices; free *list with mem_free. Zero devices is LIMN_OK with *n = 0. No loader or no driver:
 * LIMN_ERR_DEVICE. */
limn_status vk_enumerate(struct vk_device_info **list, size_t *n, limn_error *err);

struct vk_device;
/* `which`: NULL (the best real GPU; a software device only when there is nothing else), an index, a UUID, a PCI
 * address, a unique part of a name, or "cpu" (a software device). */
limn_status vk_device_open(const char *which, struct vk_device **out, limn_error *err);
void vk_device_close(struct vk_device **d); /* NULL-safe; saves the pipeline cache */
const struct vk_device_info *vk_device_get_info(const struct vk_device *d);
const struct device_caps *vk_device_caps(const struct vk_device *d);
uint64_t vk_device_bytes_in_use(const struct vk_device *d);

/* One line per finding of what is right and wrong with Vulkan on this machine (loader, ICD files, render nodes,
 * groups), each with a fix; `line` is called with level 0 fine, 1 note, 2 problem. */
void vk_doctor(void (*line)(void *user, int level, const char *text), void *user);

#endif
