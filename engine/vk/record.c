/* Command recording. Dispatches run in order only where they must: the recorder remembers the byte ranges touched since
 * the last barrier and emits one global memory barrier when a new dispatch reads what was written, writes what was read
 * or writes what was written. Every command buffer starts and ends with a barrier towards host and transfers, so that
 * command buffers, uploads and readbacks need no knowledge of each other. */
#include <string.h>

#include "vk/vk_internal.h"

limn_status vk_commands_alloc(struct vk_device *d, VkCommandBuffer *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = d->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    TRY(vk_alive(d, err));
    TRY_VK(d, AllocateCommandBuffers, d->device, &info, out);
out:
    return st;
}

void vk_commands_free(struct vk_device *d, VkCommandBuffer *cmd)
{
    if (*cmd) {
        d->vi.fn.FreeCommandBuffers(d->device, d->pool, 1, cmd);
        *cmd = VK_NULL_HANDLE;
    }
}

#define STAGE_DEVICE (VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT)
#define ACCESS_DEVICE_WRITE (VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT)
#define ACCESS_DEVICE (ACCESS_DEVICE_WRITE | VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_TRANSFER_READ_BIT)

static void barrier(struct vk_recorder *r, VkPipelineStageFlags from, VkAccessFlags written, VkPipelineStageFlags to,
                    VkAccessFlags access)
{
    VkMemoryBarrier b = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = written, .dstAccessMask = access};
    r->d->vi.fn.CmdPipelineBarrier(r->cmd, from, to, 0, 1, &b, 0, NULL, 0, NULL);
}

limn_status vk_record_begin(struct vk_recorder *r, struct vk_device *d, VkCommandBuffer cmd, bool once, limn_error *err)
{
    limn_status st = LIMN_OK;
    VkCommandBufferBeginInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = once ? VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT : 0,
    };
    r->d = d;
    r->cmd = cmd;
    r->n_access = 0;
    TRY_VK(d, BeginCommandBuffer, cmd, &info);
    barrier(r, STAGE_DEVICE | VK_PIPELINE_STAGE_HOST_BIT, ACCESS_DEVICE_WRITE | VK_ACCESS_HOST_WRITE_BIT, STAGE_DEVICE,
            ACCESS_DEVICE);
out:
    return st;
}

static bool conflict(const struct vk_access *a, const struct vk_access *b)
{
    return (a->write || b->write) && a->buffer == b->buffer && a->begin < b->end && b->begin < a->end;
}

static bool hazard(const struct vk_recorder *r, const struct vk_dispatch *x)
{
    for (size_t i = 0; i < r->n_access; i++) {
        for (size_t k = 0; k < x->n_access; k++) {
            if (conflict(&r->access[i], &x->access[k])) {
                return true;
            }
        }
    }
    return false;
}

limn_status vk_record_dispatch(struct vk_recorder *r, const struct vk_dispatch *x, limn_error *err)
{
    const struct vk_fn *fn = &r->d->vi.fn;
    const struct kernel_call *c = x->call;
    limn_status st = mem_grow(&r->access, &r->cap_access, r->n_access + x->n_access, sizeof(*r->access), err);
    if (st != LIMN_OK) {
        return st;
    }
    if (hazard(r, x)) {
        if (!r->skip_barriers) {
            barrier(r, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
                    VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
        }
        r->n_barrier++;
        r->n_access = 0;
    }
    memcpy(r->access + r->n_access, x->access, x->n_access * sizeof(x->access[0]));
    r->n_access += x->n_access;
    fn->CmdBindPipeline(r->cmd, VK_PIPELINE_BIND_POINT_COMPUTE, x->pipeline->handle);
    fn->CmdBindDescriptorSets(r->cmd, VK_PIPELINE_BIND_POINT_COMPUTE, x->pipeline->layout, 0, 1, &x->set, 0, NULL);
    if (c->push_bytes) {
        fn->CmdPushConstants(r->cmd, x->pipeline->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, (c->push_bytes + 3u) & ~3u,
                             c->push);
    }
    fn->CmdDispatch(r->cmd, c->groups[0], c->groups[1], c->groups[2]);
    return LIMN_OK;
}

limn_status vk_record_end(struct vk_recorder *r, limn_error *err)
{
    struct vk_device *d = r->d;
    limn_status st = LIMN_OK;
    barrier(r, STAGE_DEVICE, ACCESS_DEVICE_WRITE, STAGE_DEVICE | VK_PIPELINE_STAGE_HOST_BIT,
            ACCESS_DEVICE | VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT);
    TRY_VK(d, EndCommandBuffer, r->cmd);
out:
    return st;
}

void vk_recorder_finish(struct vk_recorder *r)
{
    mem_free(r->access);
    memset(r, 0, sizeof(*r));
}

limn_status vk_fence_create(struct vk_device *d, VkFence *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    TRY_VK(d, CreateFence, d->device, &info, NULL, out);
out:
    return st;
}

limn_status vk_submit(struct vk_device *d, VkCommandBuffer cmd, VkFence fence, limn_error *err)
{
    limn_status st = LIMN_OK;
    VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &cmd};
    TRY(vk_alive(d, err));
    TRY_VK(d, QueueSubmit, d->queue, 1, &info, fence);
out:
    return st;
}

limn_status vk_wait(struct vk_device *d, VkFence fence, limn_error *err)
{
    limn_status st = vk_alive(d, err);
    VkResult r = VK_TIMEOUT;
    while (st == LIMN_OK && r == VK_TIMEOUT) {
        r = VK_CALL(&d->vi.fn, WaitForFences, d->device, 1, &fence, VK_TRUE, UINT64_C(1000000000));
        st = r == VK_TIMEOUT ? LIMN_OK : vk_check(d, r, "vkWaitForFences", err);
    }
    return st;
}

limn_status vk_record_run(struct vk_recorder *r, limn_error *err)
{
    struct vk_device *d = r->d;
    VkFence fence = VK_NULL_HANDLE;
    bool submitted = false;
    limn_status st = LIMN_OK;
    TRY(vk_fence_create(d, &fence, err));
    TRY(vk_record_end(r, err));
    TRY(vk_submit(d, r->cmd, fence, err));
    submitted = true;
    TRY(vk_wait(d, fence, err));
out:
    if (st != LIMN_OK && submitted) {
        d->vi.fn.DeviceWaitIdle(d->device); /* the command buffer must not be freed while it may run */
    }
    if (fence) {
        d->vi.fn.DestroyFence(d->device, fence, NULL);
    }
    return st;
}
