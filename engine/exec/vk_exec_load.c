/* Constants and tables to the device. Constants that replayed calls read are written once into the weight arena,
 * straight from their source where the host sees that memory. The prepare calls (packing weights) then run step by step
 * with their raw constants in a temporary arena that only the largest step determines, so that a model never exists
 * twice. */
#include "exec/vk_exec.h"

static limn_status load_constant(struct vk_exec *e, value_id v, const struct place *p, limn_error *err)
{
    const struct value *value = &e->base.graph->value[v];
    size_t n = shape_elems(&value->shape);
    struct vk_slice to = vk_exec_slice(e, p);
    limn_status st = LIMN_OK;
    if (to.block->map) {
        return const_read(value, (float *)(void *)((char *)to.block->map + to.offset), n, err);
    }
    float *host = mem_alloc(n, sizeof(float));
    if (!host) {
        return err_nomem(err, n * sizeof(float), value->name);
    }
    to.bytes = n * sizeof(float);
    TRY(const_read(value, host, n, err));
    TRY(vk_write(e->d, &to, host, err));
out:
    mem_free(host);
    return st;
}

static limn_status load_resident(struct vk_exec *e, limn_error *err)
{
    const struct graph *g = e->base.graph;
    for (size_t i = 0; i < g->n_value; i++) {
        if (g->value[i].kind == VALUE_CONST && e->place[i].kind == PLACE_WEIGHTS) {
            limn_status st = load_constant(e, (value_id)i, &e->place[i], err);
            if (st != LIMN_OK) {
                return st;
            }
        }
    }
    return LIMN_OK;
}

/* Tables that plans computed. */
static limn_status load_tables(struct vk_exec *e, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < e->n_step; i++) {
        const struct kernel_list *l = &e->step[i].calls;
        for (size_t k = 0; k < l->n_scratch; k++) {
            if (l->scratch[k].data) {
                struct vk_slice to = vk_exec_slice(e, &e->step[i].scratch[k]);
                to.bytes = l->scratch[k].bytes;
                TRY(vk_write(e->d, &to, l->scratch[k].data, err));
            }
        }
    }
out:
    return st;
}

static limn_status prepare_step(struct vk_exec *e, size_t step, VkCommandBuffer cmd, limn_error *err)
{
    const struct vk_step *s = &e->step[step];
    struct vk_recorder r = {0};
    size_t views = e->n_view;
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < e->n_temp; i++) {
        if (e->temp[i].step == step) {
            TRY(load_constant(e, e->temp[i].value, &e->temp[i].place, err));
        }
    }
    TRY(vk_record_begin(&r, e->d, cmd, true, err));
    for (size_t i = 0; i < s->calls.n_call; i++) {
        if (vk_call_is_hoisted(s, &s->calls.call[i])) {
            TRY(vk_exec_dispatch(e, &r, step, &s->calls.call[i], err));
        }
    }
    TRY(vk_record_run(&r, err));
out:
    vk_exec_drop_views(e, views);
    vk_recorder_finish(&r);
    return st;
}

limn_status vk_exec_load(struct vk_exec *e, limn_error *err)
{
    VkCommandBuffer cmd = VK_NULL_HANDLE;
    limn_status st = LIMN_OK;
    TRY(load_resident(e, err));
    TRY(load_tables(e, err));
    TRY(vk_commands_alloc(e->d, &cmd, err));
    for (size_t i = 0; i < e->n_step; i++) {
        if (e->step[i].hoisted) {
            TRY(prepare_step(e, i, cmd, err));
        }
    }
out:
    vk_commands_free(e->d, &cmd);
    return st;
}
