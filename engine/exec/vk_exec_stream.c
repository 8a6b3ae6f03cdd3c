/* Inputs that change with every run: see struct vk_stream. On a device whose memory the host cannot see, writing the
 * slot is the half of an upload that the host does, and it does it while the device works. */
#include <string.h>

#include "exec/vk_exec.h"

static limn_status record_copy(struct vk_exec *e, limn_error *err)
{
    struct vk_stream *s = &e->stream;
    struct vk_recorder r = {0};
    limn_status st = LIMN_OK;
    TRY(vk_fence_create(e->d, &s->fence, err));
    TRY(vk_commands_alloc(e->d, &s->cmd, err));
    TRY(vk_record_begin(&r, e->d, s->cmd, false, err));
    for (size_t i = 0; i < s->slot.n; i++) {
        VkBufferCopy all = {0, 0, s->slot.block[i].bytes};
        e->d->vi.fn.CmdCopyBuffer(s->cmd, s->slot.block[i].buffer, e->arena[PLACE_STREAM].block[i].buffer, 1, &all);
    }
    TRY(vk_record_end(&r, err));
out:
    vk_recorder_finish(&r);
    return st;
}

limn_status vk_stream_create(struct vk_exec *e, limn_error *err)
{
    struct vk_stream *s = &e->stream;
    limn_status st = LIMN_OK;
    if (e->total[PLACE_STREAM] == 0) {
        return LIMN_OK;
    }
    TRY(vk_arena_create(e->d, e->total[PLACE_STREAM], e->block[PLACE_STREAM], VK_MEMORY_STAGING, &s->slot, err));
    for (size_t i = 0; i < s->slot.n; i++) {
        if (!s->slot.block[i].map) {
            TRY(err_set(err, LIMN_ERR_DEVICE, "%s: no memory that the host can write", e->d->phys.info.name));
        }
        memset(s->slot.block[i].map, e->poison ? 0xff : 0, (size_t)s->slot.block[i].bytes); /* 0xff...: a NaN too */
    }
    TRY(record_copy(e, err));
out:
    return st == LIMN_OK ? st : err_at(err, "memory for changing inputs");
}

static limn_status wait_copied(struct vk_exec *e, limn_error *err)
{
    struct vk_stream *s = &e->stream;
    limn_status st = s->copying ? vk_wait(e->d, s->fence, err) : LIMN_OK;
    s->copying = s->copying && st != LIMN_OK;
    return st;
}

limn_status vk_stream_write(struct vk_exec *e, const struct place *to, const float *data, size_t n, limn_error *err)
{
    struct vk_stream *s = &e->stream;
    limn_status st = LIMN_OK;
    TRY(wait_copied(e, err));
    struct vk_slice at = vk_arena_slice(&s->slot, to->offset, to->bytes);
    memcpy((char *)at.block->map + at.offset, data, n * sizeof(*data));
    s->fresh = true;
out:
    return st;
}

limn_status vk_stream_send(struct vk_exec *e, limn_error *err)
{
    struct vk_stream *s = &e->stream;
    limn_status st = LIMN_OK;
    if (!s->fresh) {
        return LIMN_OK;
    }
    TRY(wait_copied(e, err));
    TRY_VK(e->d, ResetFences, e->d->device, 1, &s->fence);
    TRY(vk_submit(e->d, s->cmd, s->fence, err));
    s->copying = true;
    s->fresh = false;
out:
    return st;
}

void vk_stream_destroy(struct vk_exec *e)
{
    struct vk_stream *s = &e->stream;
    vk_commands_free(e->d, &s->cmd);
    if (s->fence) {
        e->d->vi.fn.DestroyFence(e->d->device, s->fence, NULL);
    }
    vk_arena_destroy(e->d, &s->slot);
}
