/* Which device a user means: a number, a UUID, a PCI address, "cpu", or a part of a name that only one device has. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "vk/vk_internal.h"

static int rank_of(const struct vk_physical *p)
{
    static const char *const order[] = {"discrete", "integrated", "virtual", "other", "cpu"};
    for (int i = 0; i < 5; i++) {
        if (strcmp(p->info.kind, order[i]) == 0) {
            return i;
        }
    }
    return 5;
}

static bool select_best(const struct vk_physical *list, size_t n, bool cpu_only, size_t *out)
{
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        if (!list[i].info.usable || (cpu_only && strcmp(list[i].info.kind, "cpu") != 0)) {
            continue;
        }
        if (!found || rank_of(&list[i]) < rank_of(&list[*out])) {
            *out = i;
            found = true;
        }
    }
    return found;
}

static bool matches(const struct vk_physical *p, const char *which)
{
    return strcasecmp(p->info.uuid, which) == 0 || (p->info.pci[0] && strcasecmp(p->info.pci, which) == 0);
}

/* How many names contain `which`; an exact name counts alone. */
static size_t match_names(const struct vk_physical *list, size_t n, const char *which, size_t *out)
{
    size_t hits = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(list[i].info.name, which) == 0) {
            *out = i;
            return 1;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (strcasestr(list[i].info.name, which)) {
            *out = i;
            hits++;
        }
    }
    return hits;
}

static limn_status select_named(const struct vk_physical *list, size_t n, const char *which, size_t *out,
                                limn_error *err)
{
    int64_t index;
    char safe[64];
    str_escape(safe, sizeof(safe), which);
    if (str_to_i64(which, INT64_MIN, INT64_MAX, &index)) {
        if (index < 0 || (uint64_t)index >= n) {
            return err_set(err, LIMN_ERR_NOT_FOUND, "device %s (expected 0 to %zu, see: limn devices)", safe, n - 1);
        }
        *out = (size_t)index;
        return LIMN_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (matches(&list[i], which)) {
            *out = i;
            return LIMN_OK;
        }
    }
    size_t hits = which[0] ? match_names(list, n, which, out) : 0;
    if (hits == 1) {
        return LIMN_OK;
    }
    return err_set(err, LIMN_ERR_NOT_FOUND, "device \"%s\": %zu devices match (expected one, see: limn devices)", safe,
                   hits);
}

limn_status vk_select(const struct vk_physical *list, size_t n, const char *which, size_t *out, limn_error *err)
{
    size_t found = 0;
    bool cpu = which && strcasecmp(which, "cpu") == 0;
    if (n == 0) {
        return err_set(err, LIMN_ERR_DEVICE, "no Vulkan device found (see: limn doctor)");
    }
    if (!which || cpu) {
        if (!select_best(list, n, cpu, &found)) {
            return cpu ? err_set(err, LIMN_ERR_DEVICE, "no software Vulkan device found (install mesa-vulkan-drivers)")
                       : err_set(err, LIMN_ERR_DEVICE, "%s: %s", list[0].info.name, list[0].info.reason);
        }
    } else {
        limn_status st = select_named(list, n, which, &found, err);
        if (st != LIMN_OK) {
            return st;
        }
        if (!list[found].info.usable) {
            return err_set(err, LIMN_ERR_DEVICE, "%s: %s", list[found].info.name, list[found].info.reason);
        }
    }
    *out = found;
    return LIMN_OK;
}
