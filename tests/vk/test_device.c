/* Devices: listing, every way of naming one, limits that make sense, the doctor, the pipeline cache file, and errors of
 * every Vulkan call while opening. LABELS: gpu */
#include <stdlib.h>
#include <unistd.h>

#include "base/inject.h"
#include "base/mem.h"
#include "support/check.h"
#include "vk/vk_internal.h"

static void check_opens(const char *which, int32_t index)
{
    struct vk_device *d = NULL;
    limn_error err = {0};
    CHECK_OK(vk_device_open(which, &d, &err));
    if (d) {
        CHECK_INT(vk_device_get_info(d)->index, index);
        vk_device_close(&d);
    }
    CHECK(d == NULL);
}

static void check_refused(const char *which, limn_status want, const char *part)
{
    struct vk_device *d = NULL;
    limn_error err = {0};
    CHECK_INT(vk_device_open(which, &d, &err), want);
    CHECK(d == NULL);
    CHECK(strstr(err.text, part) != NULL);
}

static void test_naming(const struct vk_device_info *info, size_t n)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", info->index);
    check_opens(number, info->index);
    check_opens(info->uuid, info->index);
    if (n == 1) {
        check_opens(NULL, info->index);
        check_opens(info->name, info->index);
        char part[8] = {0};
        memcpy(part, info->name, 5);
        check_opens(part, info->index);
    }
    if (strcmp(info->kind, "cpu") == 0) {
        check_opens("cpu", info->index);
    }
    snprintf(number, sizeof(number), "%zu", n);
    check_refused(number, LIMN_ERR_NOT_FOUND, "expected 0 to");
    check_refused("-1", LIMN_ERR_NOT_FOUND, "expected 0 to");
    check_refused("no such\033[31m device", LIMN_ERR_NOT_FOUND, "\\x1b");
    check_refused("", LIMN_ERR_NOT_FOUND, "expected one");
}

/* The choice itself, on made-up lists. */
static struct vk_physical made_up(const char *name, const char *kind, bool usable)
{
    struct vk_physical p;
    memset(&p, 0, sizeof(p));
    snprintf(p.info.name, sizeof(p.info.name), "%s", name);
    snprintf(p.info.uuid, sizeof(p.info.uuid), "uuid-%s", name);
    snprintf(p.info.pci, sizeof(p.info.pci), "pci-%s", name);
    p.info.kind = kind;
    p.info.usable = usable;
    return p;
}

static void test_choice(void)
{
    struct vk_physical list[] = {made_up("soft", "cpu", true), made_up("Iris", "integrated", true),
                                 made_up("Radeon A", "discrete", true), made_up("Radeon B", "discrete", false)};
    limn_error err = {0};
    size_t i = 9;
    CHECK_OK(vk_select(list, 4, NULL, &i, &err));
    CHECK_INT(i, 2);
    CHECK_OK(vk_select(list, 2, NULL, &i, &err));
    CHECK_INT(i, 1);
    CHECK_OK(vk_select(list, 1, NULL, &i, &err));
    CHECK_INT(i, 0);
    CHECK_OK(vk_select(list, 4, "CPU", &i, &err));
    CHECK_INT(i, 0);
    CHECK_OK(vk_select(list, 4, "iris", &i, &err));
    CHECK_INT(i, 1);
    CHECK_OK(vk_select(list, 4, "pci-Radeon A", &i, &err));
    CHECK_INT(i, 2);
    CHECK_INT(vk_select(list, 4, "radeon", &i, &err), LIMN_ERR_NOT_FOUND);
    CHECK_INT(vk_select(list, 4, "Radeon B", &i, &err), LIMN_ERR_DEVICE);
    CHECK_INT(vk_select(list + 3, 1, NULL, &i, &err), LIMN_ERR_DEVICE);
    CHECK_INT(vk_select(list + 1, 2, "cpu", &i, &err), LIMN_ERR_DEVICE);
    CHECK_INT(vk_select(list, 0, NULL, &i, &err), LIMN_ERR_DEVICE);
}

static void test_caps(const struct vk_device *d)
{
    const struct device_caps *c = vk_device_caps(d);
    CHECK(c->max_invocations >= 128 && c->shared_bytes >= 16384);
    CHECK(c->max_storage_range >= (1u << 27) && c->max_texel_elements >= 65536);
    CHECK(c->offset_align >= 16 && (c->offset_align & (c->offset_align - 1)) == 0);
    CHECK(c->subgroup_size >= 1 && c->compute_units >= 1);
    for (int i = 0; i < 3; i++) {
        CHECK(c->max_groups[i] >= 65535 && c->max_size[i] >= 64);
    }
    CHECK_INT(c->cpu, strcmp(vk_device_get_info(d)->kind, "cpu") == 0);
}

static void test_memory(struct vk_device *d)
{
    static const float data[4] = {1, 2, 3, 4};
    float back[4] = {0};
    uint32_t words[4];
    struct vk_arena a = {0};
    struct vk_block staging = {0};
    limn_error err = {0};
    CHECK_OK(vk_arena_create(d, 3000, 1024, VK_MEMORY_DEVICE, &a, &err));
    CHECK_INT(a.n, 3);
    struct vk_slice s = vk_arena_slice(&a, 2048 + 64, sizeof(data));
    CHECK(s.block == &a.block[2] && s.offset == 64);
    CHECK_OK(vk_write(d, &s, data, &err));
    CHECK_OK(vk_read(d, &s, back, &err));
    CHECK(memcmp(data, back, sizeof(data)) == 0);
    CHECK_OK(vk_arena_fill(d, &a, 0x7fc00000, &err));
    CHECK_OK(vk_read(d, &s, words, &err));
    CHECK_INT(words[3], 0x7fc00000);
    /* The way of a discrete GPU: no map, through staging. */
    void *map = a.block[2].map;
    a.block[2].map = NULL;
    memset(back, 0, sizeof(back));
    CHECK_OK(vk_write(d, &s, data, &err));
    CHECK_OK(vk_read(d, &s, back, &err));
    CHECK(memcmp(data, back, sizeof(data)) == 0);
    a.block[2].map = map;
    CHECK_OK(vk_block_create(d, 64, VK_MEMORY_STAGING, &staging, &err));
    CHECK(staging.map != NULL);
    vk_block_destroy(d, &staging);
    vk_arena_destroy(d, &a);
    uint64_t too_much = d->phys.max_alloc;
    if (too_much && too_much < UINT64_C(1) << 40) {
        CHECK_INT(vk_block_create(d, too_much + 65536, VK_MEMORY_DEVICE, &staging, &err), LIMN_ERR_DEVICE_NOMEM);
    }
}

static void test_lost(struct vk_device *d)
{
    limn_error err = {0};
    struct vk_block b = {0};
    CHECK_INT(vk_check(d, VK_ERROR_DEVICE_LOST, "vkQueueSubmit", &err), LIMN_ERR_DEVICE_LOST);
    CHECK(strstr(err.text, "vkQueueSubmit") != NULL);
    CHECK_INT(vk_block_create(d, 64, VK_MEMORY_DEVICE, &b, &err), LIMN_ERR_DEVICE_LOST);
    CHECK_INT(vk_check(d, VK_ERROR_FEATURE_NOT_PRESENT, "vkX", &err), LIMN_ERR_DEVICE);
    CHECK(strstr(err.text, "VK_ERROR_FEATURE_NOT_PRESENT") != NULL);
    CHECK_STR(vk_result_name((VkResult)-12345), "an unknown result");
}

static void count_line(void *user, int level, const char *text)
{
    int *count = user;
    CHECK(level >= 0 && level <= 2);
    CHECK(text[0] != '\0' && strchr(text, '\n') == NULL);
    count[level]++;
}

static void test_doctor(void)
{
    int count[3] = {0};
    vk_doctor(count_line, count);
    CHECK(count[0] >= 3); /* loader, a driver, a device */
    setenv("VK_DRIVER_FILES", "/nonexistent/driver.json", 1);
    memset(count, 0, sizeof(count));
    vk_doctor(count_line, count);
    CHECK(count[2] >= 2 && count[1] >= 1);
    struct vk_device *d = NULL;
    limn_error err = {0};
    CHECK_INT(vk_device_open(NULL, &d, &err), LIMN_ERR_DEVICE);
    CHECK(strstr(err.text, "no Vulkan dr") != NULL && d == NULL);
    unsetenv("VK_DRIVER_FILES");
}

/* Fails each Vulkan call of opening in turn: an error with a text, never a crash or a half-open device. A failed
 * pipeline cache is no error. */
static void test_inject(void)
{
    inject_arm(INJECT_VULKAN, 0, false);
    struct vk_device *d = NULL;
    limn_error err = {0};
    CHECK_OK(vk_device_open(NULL, &d, &err));
    vk_device_close(&d);
    unsigned long n = inject_seen(INJECT_VULKAN), failed = 0;
    CHECK(n >= 6);
    for (unsigned long k = 1; k <= n; k++) {
        memset(&err, 0, sizeof(err));
        inject_arm(INJECT_VULKAN, k, false);
        limn_status st = vk_device_open(NULL, &d, &err);
        inject_arm(INJECT_VULKAN, 0, false);
        failed += st != LIMN_OK;
        CHECK(st == LIMN_OK ? d != NULL : d == NULL && err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
        vk_device_close(&d);
    }
    CHECK(failed >= n - 1);
}

int main(void)
{
    struct vk_device_info *list = NULL;
    struct vk_device *d = NULL;
    size_t n = 0;
    limn_error err = {0};
    bool driver = !getenv("VK_DRIVER_FILES");
    test_choice();
    if (vk_enumerate(&list, &n, &err) != LIMN_OK || n == 0) {
        fprintf(stderr, "skipped: no device: %s\n", err.text);
        mem_free(list);
        return check_failed ? 1 : 77;
    }
    for (size_t i = 0; i < n; i++) {
        fprintf(stderr, "%d: %s, %s, %s, pci %s\n", list[i].index, list[i].name, list[i].driver, list[i].uuid,
                list[i].pci);
        test_naming(&list[i], n);
    }
    mem_free(list);
    CHECK_OK(vk_device_open(NULL, &d, &err));
    test_caps(d);
    test_memory(d);
    test_lost(d);
    vk_device_close(&d);
    vk_device_close(&d);
    test_inject();
    if (driver) {
        test_doctor();
    }
    return check_done();
}
