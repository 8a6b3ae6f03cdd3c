/* Kernel calls to descriptor sets and command buffers. Each stage is recorded once, cut into submissions whose
 * estimated time stays below what a display driver's watchdog allows and what a user waits for a cancel. */
#include <stdlib.h>
#include <string.h>

#include "exec/vk_exec.h"

/* Rates for the estimate only: pessimistic for a GPU, about two cores for a software driver. */
struct rates {
    double flops, bytes, call, target; /* per second, per second, seconds, seconds */
};
static const struct rates gpu_rates = {5e11, 5e10, 5e-6, 0.1};
static const struct rates cpu_rates = {1e10, 2e9, 5e-5, 0.3};

limn_status vk_exec_pool(struct vk_exec *e, limn_error *err)
{
    uint32_t sets = 0, storage = 0, texel = 0;
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < e->n_step; i++) {
        for (size_t k = 0; k < e->step[i].calls.n_call; k++) {
            const struct kernel_call *c = &e->step[i].calls.call[k];
            sets++;
            for (int b = 0; b < c->n_bind; b++) {
                *(c->bind[b].view == VIEW_STORAGE ? &storage : &texel) += 1;
            }
        }
    }
    VkDescriptorPoolSize size[2] = {
        {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, storage + 1},
        {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, texel + 1},
    };
    VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = sets + 1,
        .poolSizeCount = 2,
        .pPoolSizes = size,
    };
    TRY_VK(e->d, CreateDescriptorPool, e->d->device, &info, NULL, &e->pool);
out:
    return st;
}

void vk_exec_drop_views(struct vk_exec *e, size_t keep)
{
    while (e->n_view > keep) {
        e->d->vi.fn.DestroyBufferView(e->d->device, e->view[--e->n_view], NULL);
    }
}

/* Where a binding's buffer lies. */
static const struct place *find_place(const struct vk_exec *e, size_t step, const struct kernel_bind *b, bool hoisted)
{
    const struct vk_step *s = &e->step[step];
    if (b->space == BIND_SCRATCH) {
        return &s->scratch[b->index];
    }
    value_id r = vk_exec_root(e, b->space == BIND_IN ? s->node->in[b->index] : s->node->out[b->index]);
    for (size_t i = 0; hoisted && e->place[r].kind == PLACE_NONE && i < e->n_temp; i++) {
        if (e->temp[i].step == step && e->temp[i].value == r) {
            return &e->temp[i].place;
        }
    }
    return &e->place[r];
}

/* The bytes that a binding spans, clamped to its buffer so that robustness checks see what lies outside. */
static limn_status bind_slice(const struct vk_exec *e, size_t step, const struct kernel_bind *b, bool hoisted,
                              struct vk_slice *out, limn_error *err)
{
    const struct device_caps *caps = vk_device_caps(e->d);
    const struct place *p = find_place(e, step, b, hoisted);
    uint64_t texel = b->view == VIEW_TEXEL_RGBA32F ? 16 : 4;
    if (p->kind == PLACE_NONE || b->offset >= p->bytes || b->offset % caps->offset_align) {
        return err_set(err, LIMN_ERR_INTERNAL, "a binding at byte %llu of %llu (expected a multiple of %u)",
                       (unsigned long long)b->offset, (unsigned long long)p->bytes, caps->offset_align);
    }
    uint64_t left = p->bytes - b->offset, size = (b->size + 15) & ~UINT64_C(15);
    size = b->size == 0 || size > left ? left : size;
    if (b->view == VIEW_STORAGE ? size > caps->max_storage_range : size / texel > caps->max_texel_elements) {
        return err_set(
            err, LIMN_ERR_INTERNAL, "a binding of %llu bytes (%s allows %llu)", (unsigned long long)size,
            e->d->phys.info.name,
            (unsigned long long)(b->view == VIEW_STORAGE ? caps->max_storage_range : caps->max_texel_elements * texel));
    }
    *out = vk_exec_slice(e, p);
    out->offset += b->offset;
    out->bytes = size;
    return LIMN_OK;
}

/* GPU-assisted validation (1.3.239) compares addresses with the end of the VkBuffer, not of the binding, and a block is
 * one buffer. For its sake tests may ask for a buffer of its own for each binding, over the same memory, that ends
 * where the binding ends; LIMN_TEST_SHORT_BINDINGS=1 then proves that an access beyond it is seen. */
static limn_status own_buffer(struct vk_exec *e, const struct vk_slice *s, VkDescriptorBufferInfo *out, limn_error *err)
{
    const char *shorten = getenv("LIMN_TEST_SHORT_BINDINGS");
    uint64_t bytes = shorten && strcmp(shorten, "1") == 0 ? 16 : s->bytes;
    VkMemoryRequirements need;
    VkBuffer buffer = VK_NULL_HANDLE;
    limn_status st = LIMN_OK;
    VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = bytes,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT,
    };
    TRY(mem_grow(&e->own, &e->cap_own, e->n_own + 1, sizeof(*e->own), err));
    TRY_VK(e->d, CreateBuffer, e->d->device, &info, NULL, &buffer);
    e->own[e->n_own++] = buffer;
    e->d->vi.fn.GetBufferMemoryRequirements(e->d->device, buffer, &need);
    if (s->offset % need.alignment == 0) { /* a window of a tensor may start anywhere: it stays as it is */
        TRY_VK(e->d, BindBufferMemory, e->d->device, buffer, s->block->memory, s->offset);
        *out = (VkDescriptorBufferInfo){buffer, 0, bytes};
    }
out:
    return st;
}

static limn_status create_view(struct vk_exec *e, const VkDescriptorBufferInfo *b, int view, VkBufferView *out,
                               limn_error *err)
{
    limn_status st = LIMN_OK;
    VkBufferViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
        .buffer = b->buffer,
        .format = view == VIEW_TEXEL_RGBA32F ? VK_FORMAT_R32G32B32A32_SFLOAT : VK_FORMAT_R32_SFLOAT,
        .offset = b->offset,
        .range = b->range,
    };
    TRY(mem_grow(&e->view, &e->cap_view, e->n_view + 1, sizeof(*e->view), err));
    TRY_VK(e->d, CreateBufferView, e->d->device, &info, NULL, out);
    e->view[e->n_view++] = *out;
out:
    return st;
}

/* Descriptors of one call, and the byte ranges it touches. */
static limn_status write_set(struct vk_exec *e, size_t step, const struct kernel_call *c, struct vk_dispatch *x,
                             limn_error *err)
{
    VkWriteDescriptorSet write[KERNEL_MAX_BIND];
    VkDescriptorBufferInfo buffer[KERNEL_MAX_BIND];
    VkBufferView view[KERNEL_MAX_BIND];
    limn_status st = LIMN_OK;
    for (uint32_t i = 0; i < c->n_bind; i++) {
        const struct kernel_bind *b = &c->bind[i];
        bool storage = b->view == VIEW_STORAGE;
        struct vk_slice s = {0};
        TRY(bind_slice(e, step, b, vk_call_is_hoisted(&e->step[step], c), &s, err));
        buffer[i] = (VkDescriptorBufferInfo){s.block->buffer, s.offset, s.bytes};
        if (e->own_buffers) {
            TRY(own_buffer(e, &s, &buffer[i], err));
        }
        if (!storage) {
            TRY(create_view(e, &buffer[i], b->view, &view[i], err));
        }
        write[i] = (VkWriteDescriptorSet){
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = x->set,
            .dstBinding = i,
            .descriptorCount = 1,
            .descriptorType = storage ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
            .pBufferInfo = storage ? &buffer[i] : NULL,
            .pTexelBufferView = storage ? NULL : &view[i],
        };
        x->access[x->n_access++] =
            (struct vk_access){s.block->buffer, s.offset, s.offset + s.bytes, (b->access & ACCESS_WRITE) != 0};
    }
    e->d->vi.fn.UpdateDescriptorSets(e->d->device, c->n_bind, write, 0, NULL);
out:
    return st;
}

static limn_status check_groups(const struct vk_exec *e, const struct kernel_call *c, limn_error *err)
{
    const struct device_caps *caps = vk_device_caps(e->d);
    for (int i = 0; i < 3; i++) {
        if (c->groups[i] < 1 || c->groups[i] > caps->max_groups[i]) {
            return err_set(err, LIMN_ERR_INTERNAL, "a grid of %ux%ux%u groups (device allows %ux%ux%u)", c->groups[0],
                           c->groups[1], c->groups[2], caps->max_groups[0], caps->max_groups[1], caps->max_groups[2]);
        }
    }
    return LIMN_OK;
}

limn_status vk_exec_dispatch(struct vk_exec *e, struct vk_recorder *r, size_t step, const struct kernel_call *c,
                             limn_error *err)
{
    const struct node *n = e->step[step].node;
    struct vk_dispatch x = {.call = c};
    limn_status st = LIMN_OK;
    TRY(check_groups(e, c, err));
    TRY(vk_pipeline_get(e->d, c, &x.pipeline, err));
    VkDescriptorSetAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = e->pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &x.pipeline->set_layout,
    };
    TRY_VK(e->d, AllocateDescriptorSets, e->d->device, &info, &x.set);
    TRY(write_set(e, step, c, &x, err));
    TRY(vk_record_dispatch(r, &x, err));
out:
    return st == LIMN_OK ? st : err_at(err, "%s (%s)", e->base.graph->value[n->out[0]].name, n->op->name);
}

/* --- submissions --- */

static double call_cost(const struct vk_exec *e, size_t step, const struct kernel_call *c)
{
    const struct rates *rate = vk_device_caps(e->d)->cpu ? &cpu_rates : &gpu_rates;
    uint64_t bytes = 0;
    for (int i = 0; i < c->n_bind; i++) {
        const struct place *p = find_place(e, step, &c->bind[i], false);
        bytes += c->bind[i].size ? c->bind[i].size : p->bytes;
    }
    return c->flops / rate->flops + (double)bytes / rate->bytes + rate->call;
}

static void write_time(struct vk_exec *e, VkCommandBuffer cmd, size_t submission, bool end)
{
    const struct vk_fn *fn = &e->d->vi.fn;
    uint32_t query = (uint32_t)submission * 2;
    if (!e->queries) {
        return;
    }
    if (!end) {
        fn->CmdResetQueryPool(cmd, e->queries, query, 2);
    }
    fn->CmdWriteTimestamp(cmd, end ? VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT : VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
                          e->queries, query + end);
}

static limn_status open_submission(struct vk_exec *e, struct vk_recorder *r, uint8_t stage, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(mem_grow(&e->submission, &e->cap_submission, e->n_submission + 1, sizeof(*e->submission), err));
    struct vk_submission *s = &e->submission[e->n_submission++];
    memset(s, 0, sizeof(*s));
    s->stage = stage;
    TRY(vk_fence_create(e->d, &s->fence, err));
    TRY(vk_commands_alloc(e->d, &s->cmd, err));
    TRY(vk_record_begin(r, e->d, s->cmd, false, err));
    write_time(e, s->cmd, e->n_submission - 1, false);
out:
    return st;
}

static limn_status close_submission(struct vk_exec *e, struct vk_recorder *r, limn_error *err)
{
    write_time(e, r->cmd, e->n_submission - 1, true);
    limn_status st = vk_record_end(r, err);
    r->cmd = VK_NULL_HANDLE;
    return st;
}

/* Calls one function for every replayed call, telling where a new submission starts. */
struct cut {
    double cost;
    int stage; /* of the open submission, -1: none */
};

static bool cut_before(const struct vk_exec *e, struct cut *cut, uint8_t stage, double cost)
{
    double target = vk_device_caps(e->d)->cpu ? cpu_rates.target : gpu_rates.target;
    bool fresh = cut->stage != stage || cut->cost + cost > target;
    cut->cost = fresh ? cost : cut->cost + cost;
    cut->stage = stage;
    return fresh;
}

static uint32_t count_submissions(const struct vk_exec *e, uint32_t *n_dispatch)
{
    struct cut cut = {0, -1};
    uint32_t n = 0;
    *n_dispatch = 0;
    for (size_t i = 0; i < e->n_step; i++) {
        for (size_t k = 0; k < e->step[i].calls.n_call; k++) {
            const struct kernel_call *c = &e->step[i].calls.call[k];
            if (!vk_call_is_hoisted(&e->step[i], c)) {
                n += cut_before(e, &cut, e->step[i].stage, call_cost(e, i, c));
                *n_dispatch += 1;
            }
        }
    }
    return n;
}

static limn_status create_queries(struct vk_exec *e, limn_error *err)
{
    limn_status st = LIMN_OK;
    uint32_t n_dispatch, n = count_submissions(e, &n_dispatch);
    VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = 2 * n,
    };
    if (n && e->d->phys.timestamp_bits) {
        TRY_VK(e->d, CreateQueryPool, e->d->device, &info, NULL, &e->queries);
    }
    if (e->queries && e->params.profile) {
        info.queryCount = n_dispatch;
        TRY_VK(e->d, CreateQueryPool, e->d->device, &info, NULL, &e->dispatch_query);
    }
out:
    return st;
}

/* Remembers the dispatch and writes the time of its end. */
static limn_status profile_call(struct vk_exec *e, VkCommandBuffer cmd, size_t step, const struct kernel_call *c,
                                limn_error *err)
{
    const struct vk_fn *fn = &e->d->vi.fn;
    limn_status st = LIMN_OK;
    if (!e->dispatch_query) {
        return LIMN_OK;
    }
    TRY(mem_grow(&e->recorded, &e->cap_recorded, e->n_recorded + 1, sizeof(*e->recorded), err));
    e->recorded[e->n_recorded] = (struct vk_recorded){step, e->n_submission - 1, c->shader, c->flops};
    fn->CmdResetQueryPool(cmd, e->dispatch_query, (uint32_t)e->n_recorded, 1);
    fn->CmdWriteTimestamp(cmd, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, e->dispatch_query, (uint32_t)e->n_recorded);
    e->n_recorded++;
out:
    return st;
}

static limn_status record_call(struct vk_exec *e, struct vk_recorder *r, struct cut *cut, size_t step,
                               const struct kernel_call *c, limn_error *err)
{
    limn_status st = LIMN_OK;
    double cost = call_cost(e, step, c);
    if (cut_before(e, cut, e->step[step].stage, cost)) {
        if (r->cmd) {
            TRY(close_submission(e, r, err));
        }
        TRY(open_submission(e, r, e->step[step].stage, err));
    }
    e->submission[e->n_submission - 1].cost += cost;
    e->stats.n_dispatch++;
    e->stats.flops += c->flops;
    TRY(vk_exec_dispatch(e, r, step, c, err));
    TRY(profile_call(e, r->cmd, step, c, err));
out:
    return st;
}

limn_status vk_exec_record(struct vk_exec *e, limn_error *err)
{
    struct vk_recorder r = {.skip_barriers = e->skip_barriers};
    struct cut cut = {0, -1};
    limn_status st = LIMN_OK;
    TRY(create_queries(e, err));
    for (size_t i = 0; i < e->n_step; i++) {
        for (size_t k = 0; k < e->step[i].calls.n_call; k++) {
            if (!vk_call_is_hoisted(&e->step[i], &e->step[i].calls.call[k])) {
                TRY(record_call(e, &r, &cut, i, &e->step[i].calls.call[k], err));
            }
        }
    }
    if (r.cmd) {
        TRY(close_submission(e, &r, err));
    }
    e->n_barrier = r.n_barrier;
out:
    vk_recorder_finish(&r);
    return st;
}
