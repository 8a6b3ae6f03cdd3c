/* Devices as callers see them: copies of what engine/vk found, with the version number spelt out. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"

static void describe(const struct vk_device_info *from, struct limn_device_info *to)
{
    memset(to, 0, sizeof(*to));
    to->index = from->index;
    snprintf(to->name, sizeof(to->name), "%s", from->name);
    snprintf(to->driver, sizeof(to->driver), "%s", from->driver);
    snprintf(to->uuid, sizeof(to->uuid), "%s", from->uuid);
    snprintf(to->pci, sizeof(to->pci), "%s", from->pci);
    snprintf(to->kind, sizeof(to->kind), "%s", from->kind);
    snprintf(to->reason, sizeof(to->reason), "%s", from->reason);
    /* VK_MAKE_API_VERSION: 3 bits variant, 7 major, 10 minor, 12 patch */
    snprintf(to->api, sizeof(to->api), "%u.%u.%u", (unsigned)(from->api_version >> 22 & 0x7f),
             (unsigned)(from->api_version >> 12 & 0x3ff), (unsigned)(from->api_version & 0xfff));
    to->memory_bytes = from->memory_bytes;
    to->usable = from->usable;
}

limn_status limn_device_list(struct limn_device_info **list, size_t *n, limn_error *err)
{
    API_NEED(list);
    API_NEED(n);
    limn_status st = LIMN_OK;
    struct vk_device_info *found = NULL;
    struct limn_device_info *copy = NULL;
    size_t count = 0;
    TRY(vk_enumerate(&found, &count, err));
    copy = mem_zalloc(count, sizeof(*copy));
    if (copy == NULL) {
        st = err_nomem(err, count * sizeof(*copy), "the device list");
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        describe(&found[i], &copy[i]);
    }
    *list = copy;
    *n = count;
out:
    mem_free(found);
    return st;
}

void limn_device_list_free(struct limn_device_info **list)
{
    if (list != NULL) {
        mem_free(*list);
        *list = NULL;
    }
}

void limn_doctor(void (*line)(void *user, int level, const char *text), void *user)
{
    if (line != NULL) {
        vk_doctor(line, user);
    }
}

limn_status context_open_device(limn_context *ctx, limn_error *err)
{
    if (ctx->device != NULL) {
        return LIMN_OK;
    }
    if (ctx->reference) {
        snprintf(ctx->info.name, sizeof(ctx->info.name), "reference executor");
        snprintf(ctx->info.driver, sizeof(ctx->info.driver), "limn %s, double precision", LIMN_VERSION);
        snprintf(ctx->info.kind, sizeof(ctx->info.kind), "cpu");
        ctx->info.index = -1;
        ctx->info.usable = true;
        return LIMN_OK;
    }
    limn_status st = vk_device_open(ctx->device_name, &ctx->device, err);
    if (st == LIMN_OK) {
        describe(vk_device_get_info(ctx->device), &ctx->info);
    }
    return st;
}

limn_status limn_context_device(limn_context *ctx, const struct limn_device_info **out, limn_error *err)
{
    API_NEED(ctx);
    API_NEED(out);
    limn_status st = context_open_device(ctx, err);
    if (st == LIMN_OK) {
        *out = &ctx->info;
    }
    return st;
}
