/* The Vulkan executor: a graph is planned, its constants loaded and its commands recorded once, at creation; a run only
 * submits them again. */
#include <stdlib.h>
#include <string.h>

#include "exec/vk_exec.h"
#include "shaders_gen.h"

#define POISON UINT32_C(0x7fc00000) /* a quiet NaN */

static bool flag_set(const char *name)
{
    const char *v = getenv(name);
    return v && strcmp(v, "1") == 0;
}

static limn_status vk_set(struct exec *base, value_id input, const float *data, size_t n, limn_error *err)
{
    struct vk_exec *e = (struct vk_exec *)base;
    limn_status st = vk_alive(e->d, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (e->place[input].kind == PLACE_INPUTS) {
        struct vk_slice to = vk_exec_slice(e, &e->place[input]);
        to.bytes = n * sizeof(float);
        st = vk_write(e->d, &to, data, err);
    } else if (e->place[input].kind == PLACE_STREAM) {
        st = vk_stream_write(e, &e->place[input], data, n, err);
    }
    e->input_set[input] = st == LIMN_OK;
    return st;
}

static limn_status vk_get(struct exec *base, value_id output, float *dst, size_t n, limn_error *err)
{
    struct vk_exec *e = (struct vk_exec *)base;
    const struct place *p = &e->place[vk_exec_root(e, output)];
    limn_status st = vk_alive(e->d, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (p->kind == PLACE_NONE) {
        return err_set(err, LIMN_ERR_INTERNAL, "%s: no live node computes it", base->graph->value[output].name);
    }
    struct vk_slice from = vk_exec_slice(e, p);
    from.bytes = n * sizeof(float);
    return vk_read(e->d, &from, dst, err);
}

/* Every input that is read must have been set; those of stage 1 only when stage 1 runs. */
static limn_status check_inputs(const struct vk_exec *e, int last, limn_error *err)
{
    const struct graph *g = e->base.graph;
    for (size_t i = 0; i < g->n_value; i++) {
        const struct value *v = &g->value[i];
        bool late = (v->flags & VALUE_LATE) != 0;
        if (v->kind == VALUE_INPUT && e->used[i] && !e->input_set[i] && (!late || last == 1)) {
            return err_set(err, LIMN_ERR_ARG, "%s: the input was not set", v->name);
        }
    }
    return LIMN_OK;
}

static double stage_cost(const struct vk_exec *e, int first, int last)
{
    double sum = 0;
    for (size_t i = 0; i < e->n_submission; i++) {
        sum += e->submission[i].stage >= first && e->submission[i].stage <= last ? e->submission[i].cost : 0;
    }
    return sum;
}

static limn_status add_time(struct vk_exec *e, size_t i, limn_error *err)
{
    uint64_t t[2] = {0, 0};
    limn_status st = LIMN_OK;
    if (!e->queries) {
        return LIMN_OK;
    }
    TRY_VK(e->d, GetQueryPoolResults, e->d->device, e->queries, (uint32_t)i * 2, 2, sizeof(t), t, sizeof(t[0]),
           VK_QUERY_RESULT_64_BIT);
    uint64_t mask = e->d->phys.timestamp_bits >= 64 ? UINT64_MAX : (UINT64_C(1) << e->d->phys.timestamp_bits) - 1;
    double ticks = (double)((t[1] - t[0]) & mask);
    e->stats.device_ms += ticks * (double)e->d->phys.props.limits.timestampPeriod * 1e-6;
out:
    return st;
}

static limn_status submit(struct vk_exec *e, size_t i, limn_error *err)
{
    struct vk_submission *s = &e->submission[i];
    limn_status st = LIMN_OK;
    TRY_VK(e->d, ResetFences, e->d->device, 1, &s->fence);
    TRY(vk_submit(e->d, s->cmd, s->fence, err));
out:
    return st;
}

/* Sends what should be on its way while submission i runs: the one after it, so that the device never idles between
 * submissions and a cancel stays quick; all of them where nothing can cancel. */
static limn_status send_ahead(struct vk_exec *e, size_t i, limn_error *err)
{
    struct vk_run *r = &e->run;
    limn_status st = LIMN_OK;
    for (; r->sent < r->end && (r->sent <= i + 1 || !e->params.step); r->sent++) {
        TRY(submit(e, r->sent, err));
    }
out:
    return st;
}

/* After an error: whatever was sent must end before anything is reused or freed. */
static void settle(struct vk_exec *e)
{
    e->d->vi.fn.DeviceWaitIdle(e->d->device);
}

static limn_status vk_start(struct exec *base, int first, int last, limn_error *err)
{
    struct vk_exec *e = (struct vk_exec *)base;
    struct vk_run *r = &e->run;
    limn_status st = LIMN_OK;
    TRY(vk_alive(e->d, err));
    TRY(check_inputs(e, last, err));
    if (e->poison && first == 0) {
        TRY(vk_arena_fill(e->d, &e->arena[PLACE_ACTIVATIONS], POISON, err));
    }
    *r = (struct vk_run){.cost = stage_cost(e, first, last)};
    while (r->begin < e->n_submission && e->submission[r->begin].stage < first) {
        r->begin++;
    }
    for (r->end = r->begin; r->end < e->n_submission && e->submission[r->end].stage <= last; r->end++) {
    }
    r->sent = r->begin;
    e->stats.device_ms = 0;
    TRY(vk_stream_send(e, err));
    TRY(send_ahead(e, r->begin, err));
out:
    if (st != LIMN_OK) {
        settle(e);
    }
    return st;
}

static limn_status vk_finish(struct exec *base, limn_error *err)
{
    struct vk_exec *e = (struct vk_exec *)base;
    const struct vk_run *r = &e->run;
    double done = 0;
    limn_status st = LIMN_OK;
    for (size_t i = r->begin; i < r->end; i++) {
        TRY(send_ahead(e, i, err));
        TRY(vk_wait(e->d, e->submission[i].fence, err));
        TRY(add_time(e, i, err));
        done += e->submission[i].cost;
        if (e->params.step && !e->params.step(e->params.user, r->cost > 0 ? (float)(done / r->cost) : 1.0f)) {
            st = err_set(err, LIMN_CANCELLED, "cancelled");
            goto out;
        }
    }
out:
    if (st != LIMN_OK) {
        settle(e);
    }
    return st;
}

size_t exec_vk_times(struct exec *base, struct exec_time *list, size_t max)
{
    struct vk_exec *e = (struct vk_exec *)base;
    const struct vk_fn *fn = &e->d->vi.fn;
    double tick = (double)e->d->phys.props.limits.timestampPeriod * 1e-6;
    uint64_t before = 0, now = 0;
    for (size_t i = 0; i < e->n_recorded && i < max; i++) {
        const struct vk_recorded *r = &e->recorded[i];
        const struct node *n = e->step[r->step].node;
        if (i == 0 || r->submission != e->recorded[i - 1].submission) {
            fn->GetQueryPoolResults(e->d->device, e->queries, (uint32_t)r->submission * 2, 1, sizeof(before), &before,
                                    sizeof(before), VK_QUERY_RESULT_64_BIT);
        }
        fn->GetQueryPoolResults(e->d->device, e->dispatch_query, (uint32_t)i, 1, sizeof(now), &now, sizeof(now),
                                VK_QUERY_RESULT_64_BIT);
        list[i] = (struct exec_time){base->graph->value[n->out[0]].name, n->op->name, shader_table[r->shader].name,
                                     now > before ? (double)(now - before) * tick : 0, r->flops};
        before = now;
    }
    return e->n_recorded;
}

static void vk_stats(const struct exec *base, struct exec_stats *out)
{
    *out = ((const struct vk_exec *)base)->stats;
}

static void destroy_vulkan(struct vk_exec *e)
{
    struct vk_device *d = e->d;
    const struct vk_fn *fn = &d->vi.fn;
    if (e->base.running) {
        settle(e);
    }
    vk_stream_destroy(e);
    for (size_t i = 0; i < e->n_submission; i++) {
        vk_commands_free(d, &e->submission[i].cmd);
        if (e->submission[i].fence) {
            fn->DestroyFence(d->device, e->submission[i].fence, NULL);
        }
    }
    if (e->queries) {
        fn->DestroyQueryPool(d->device, e->queries, NULL);
    }
    if (e->dispatch_query) {
        fn->DestroyQueryPool(d->device, e->dispatch_query, NULL);
    }
    if (e->pool) {
        fn->DestroyDescriptorPool(d->device, e->pool, NULL);
    }
    vk_exec_drop_views(e, 0);
    for (size_t i = 0; i < e->n_own; i++) {
        fn->DestroyBuffer(d->device, e->own[i], NULL);
    }
    for (int i = 0; i < PLACE_COUNT; i++) {
        vk_arena_destroy(d, &e->arena[i]);
    }
}

static void vk_destroy(struct exec *base)
{
    struct vk_exec *e = (struct vk_exec *)base;
    destroy_vulkan(e);
    for (size_t i = 0; i < e->n_step; i++) {
        kernel_list_finish(&e->step[i].calls);
        mem_free(e->step[i].scratch);
    }
    mem_free(e->step);
    mem_free(e->root);
    mem_free(e->place);
    mem_free(e->input_set);
    mem_free(e->used);
    mem_free(e->temp);
    mem_free(e->view);
    mem_free(e->submission);
    mem_free(e->recorded);
    mem_free(e->own);
    mem_free(e);
}

static const struct exec_impl vk_impl = {vk_set, vk_start, vk_finish, vk_get, vk_stats, vk_destroy};

static limn_status allocate_arena(struct vk_exec *e, enum place_kind kind, limn_error *err)
{
    static const char *const names[PLACE_COUNT] = {"",       "weights", "inputs", "changing inputs", "activations",
                                                   "packing"};
    limn_status st = LIMN_OK;
    if (e->total[kind] == 0) {
        return LIMN_OK;
    }
    st = vk_arena_create(e->d, e->total[kind], e->block[kind], VK_MEMORY_DEVICE, &e->arena[kind], err);
    if (st != LIMN_OK) {
        return err_at(err, "memory for %s", names[kind]);
    }
    return e->poison ? vk_arena_fill(e->d, &e->arena[kind], POISON, err) : LIMN_OK;
}

static limn_status build_exec(struct vk_exec *e, limn_error *err)
{
    size_t n = e->base.graph->n_value + 1;
    limn_status st = LIMN_OK;
    e->root = mem_alloc(n, sizeof(*e->root));
    e->place = mem_zalloc(n, sizeof(*e->place));
    e->input_set = mem_zalloc(n, sizeof(*e->input_set));
    e->used = mem_zalloc(n, sizeof(*e->used));
    if (!e->root || !e->place || !e->input_set || !e->used) {
        return err_nomem(err, n * sizeof(*e->place), "an executor");
    }
    TRY(vk_alive(e->d, err));
    TRY(vk_exec_plan(e, err));
    TRY(vk_exec_pool(e, err));
    TRY(allocate_arena(e, PLACE_WEIGHTS, err));
    TRY(allocate_arena(e, PLACE_TEMP, err));
    TRY(vk_exec_load(e, err));
    vk_arena_destroy(e->d, &e->arena[PLACE_TEMP]);
    TRY(allocate_arena(e, PLACE_INPUTS, err));
    TRY(allocate_arena(e, PLACE_STREAM, err));
    TRY(vk_stream_create(e, err));
    TRY(allocate_arena(e, PLACE_ACTIVATIONS, err));
    TRY(vk_exec_record(e, err));
    e->stats.weight_bytes = e->total[PLACE_WEIGHTS];
    e->stats.activation_bytes = e->total[PLACE_INPUTS] + 2 * e->total[PLACE_STREAM] + e->total[PLACE_ACTIVATIONS];
out:
    return st;
}

limn_status exec_vk_create(struct vk_device *dev, const struct graph *g, const struct exec_params *p, struct exec **out,
                           limn_error *err)
{
    struct vk_exec *e = mem_zalloc(1, sizeof(*e));
    if (!e) {
        return err_nomem(err, sizeof(*e), "an executor");
    }
    e->base = (struct exec){.impl = &vk_impl, .graph = g};
    e->d = dev;
    e->params = p ? *p : (struct exec_params){0};
    e->poison = flag_set("LIMN_POISON");
    e->own_buffers = flag_set("LIMN_TEST_OWN_BUFFERS");
    e->skip_barriers = flag_set("LIMN_TEST_SKIP_BARRIERS");
    limn_status st = build_exec(e, err);
    if (st != LIMN_OK) {
        vk_destroy(&e->base);
        return st;
    }
    *out = &e->base;
    return LIMN_OK;
}
