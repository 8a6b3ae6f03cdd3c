/* Moving numbers between host and device: memcpy where the host sees the memory, otherwise copies through one staging
 * block, piece by piece. */
#include <string.h>

#include "vk/vk_internal.h"

#define STAGING_BYTES (UINT64_C(16) << 20)
#define UNCACHED_READ_MAX 65536 /* bytes; beyond, a copy to cached memory is quicker than reading across the bus */

static limn_status staging(struct vk_device *d, limn_error *err)
{
    if (d->staging) {
        return LIMN_OK;
    }
    struct vk_block *b = mem_zalloc(1, sizeof(*b));
    if (!b) {
        return err_nomem(err, sizeof(*b), "the staging block");
    }
    limn_status st = vk_block_create(d, STAGING_BYTES, VK_MEMORY_STAGING, b, err);
    if (st == LIMN_OK && !b->map) {
        st = err_set(err, LIMN_ERR_DEVICE, "%s: no memory that the host can write", d->phys.info.name);
        vk_block_destroy(d, b);
    }
    if (st != LIMN_OK) {
        mem_free(b);
        return st;
    }
    d->staging = b;
    return LIMN_OK;
}

/* One recorded transfer, run to its end. */
typedef void (*transfer_fn)(struct vk_device *d, VkCommandBuffer cmd, const void *user);
static limn_status transfer(struct vk_device *d, transfer_fn fn, const void *user, limn_error *err)
{
    struct vk_recorder r = {0};
    VkCommandBuffer cmd = VK_NULL_HANDLE;
    limn_status st = LIMN_OK;
    TRY(vk_commands_alloc(d, &cmd, err));
    TRY(vk_record_begin(&r, d, cmd, true, err));
    fn(d, cmd, user);
    TRY(vk_record_run(&r, err));
out:
    vk_recorder_finish(&r);
    vk_commands_free(d, &cmd);
    return st;
}

struct copy {
    VkBuffer from, to;
    VkBufferCopy region;
};

static void record_copy(struct vk_device *d, VkCommandBuffer cmd, const void *user)
{
    const struct copy *c = user;
    d->vi.fn.CmdCopyBuffer(cmd, c->from, c->to, 1, &c->region);
}

limn_status vk_write(struct vk_device *d, const struct vk_slice *to, const void *data, limn_error *err)
{
    limn_status st = LIMN_OK;
    if (to->block->map) {
        memcpy((char *)to->block->map + to->offset, data, (size_t)to->bytes);
        return LIMN_OK;
    }
    TRY(staging(d, err));
    for (uint64_t at = 0; at < to->bytes; at += STAGING_BYTES) {
        uint64_t n = to->bytes - at < STAGING_BYTES ? to->bytes - at : STAGING_BYTES;
        struct copy c = {d->staging->buffer, to->block->buffer, {0, to->offset + at, n}};
        memcpy(d->staging->map, (const char *)data + at, (size_t)n);
        TRY(transfer(d, record_copy, &c, err));
    }
out:
    return st;
}

limn_status vk_read(struct vk_device *d, const struct vk_slice *from, void *data, limn_error *err)
{
    limn_status st = LIMN_OK;
    if (from->block->map && (from->block->cached || from->bytes <= UNCACHED_READ_MAX)) {
        memcpy(data, (const char *)from->block->map + from->offset, (size_t)from->bytes);
        return LIMN_OK;
    }
    TRY(staging(d, err));
    for (uint64_t at = 0; at < from->bytes; at += STAGING_BYTES) {
        uint64_t n = from->bytes - at < STAGING_BYTES ? from->bytes - at : STAGING_BYTES;
        struct copy c = {from->block->buffer, d->staging->buffer, {from->offset + at, 0, n}};
        TRY(transfer(d, record_copy, &c, err));
        memcpy((char *)data + at, d->staging->map, (size_t)n);
    }
out:
    return st;
}

struct fill {
    const struct vk_arena *arena;
    uint32_t word;
};

static void record_fill(struct vk_device *d, VkCommandBuffer cmd, const void *user)
{
    const struct fill *f = user;
    for (size_t i = 0; i < f->arena->n; i++) {
        d->vi.fn.CmdFillBuffer(cmd, f->arena->block[i].buffer, 0, f->arena->block[i].bytes & ~UINT64_C(3), f->word);
    }
}

limn_status vk_arena_fill(struct vk_device *d, const struct vk_arena *a, uint32_t word, limn_error *err)
{
    struct fill f = {a, word};
    return a->n ? transfer(d, record_fill, &f, err) : LIMN_OK;
}
