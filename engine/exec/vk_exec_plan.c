/* The plan: every live node's kernel calls; which values share a buffer (views, reuse in place); when each buffer is
 * live; where it lies. Everything is known before a byte of device memory is allocated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "exec/vk_exec.h"

/* Lifetimes while planning; `first` of a value that no step writes is -1. */
struct life {
    int32_t first, last;
};

value_id vk_exec_root(const struct vk_exec *e, value_id v)
{
    while (e->root[v] != v) {
        v = e->root[v];
    }
    return v;
}

static uint64_t padded_bytes(const struct graph *g, value_id v)
{
    return ((uint64_t)shape_elems(&g->value[v].shape) * sizeof(float) + 15) & ~UINT64_C(15);
}

static limn_status plan_node(struct vk_exec *e, struct vk_step *s, limn_error *err)
{
    const struct graph *g = e->base.graph;
    const struct node *n = s->node;
    struct op_call call;
    limn_status st = LIMN_OK;
    if (n->op->flags & OP_VIEW) {
        return LIMN_OK;
    }
    if (!n->op->plan) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "%s: operator %s has no shader", g->value[n->out[0]].name,
                       n->op->name);
    }
    struct shape *shapes = mem_alloc((size_t)n->n_in + OP_MAX_OUT, sizeof(*shapes));
    if (!shapes) {
        return err_nomem(err, ((size_t)n->n_in + OP_MAX_OUT) * sizeof(*shapes), "shapes");
    }
    graph_call(g, n, shapes, &call);
    st = n->op->plan(&call, vk_device_caps(e->d), &s->calls, err);
    if (st == LIMN_OK) {
        s->scratch = mem_zalloc(s->calls.n_scratch + 1, sizeof(*s->scratch));
        st = s->scratch ? LIMN_OK : err_nomem(err, s->calls.n_scratch * sizeof(*s->scratch), "scratch");
    }
    mem_free(shapes);
    return st == LIMN_OK ? st : err_at(err, "%s (%s)", g->value[n->out[0]].name, n->op->name);
}

static limn_status list_steps(struct vk_exec *e, limn_error *err)
{
    const struct graph *g = e->base.graph;
    limn_status st = LIMN_OK;
    uint8_t *stage = mem_alloc(g->n_node + 1, 1);
    e->step = mem_zalloc(g->n_node + 1, sizeof(*e->step));
    if (!stage || !e->step) {
        st = err_nomem(err, g->n_node * sizeof(*e->step), "the steps of a graph");
        goto out;
    }
    exec_stages(g, stage);
    for (uint8_t want = 0; want < 2; want++) {
        for (size_t i = 0; i < g->n_node; i++) {
            if (g->node[i].dead || stage[i] != want) {
                continue;
            }
            struct vk_step *s = &e->step[e->n_step++];
            s->node = &g->node[i];
            s->stage = want;
            TRY(plan_node(e, s, err));
        }
    }
out:
    mem_free(stage);
    return st;
}

/* --- sharing and lifetimes --- */

static void unite_views(struct vk_exec *e)
{
    for (size_t i = 0; i < e->n_step; i++) {
        const struct node *n = e->step[i].node;
        if (n->op->flags & OP_VIEW) {
            e->root[n->out[0]] = vk_exec_root(e, n->in[0]);
        }
    }
}

/* What a run makes of a state is written over it. graph_state made sure that the values were read before; the order of
 * the steps must not have changed that. */
static limn_status unite_states(struct vk_exec *e, limn_error *err)
{
    const struct graph *g = e->base.graph;
    for (size_t k = 0; k < g->n_state; k++) {
        value_id value = g->state[k].value, next = g->state[k].next;
        size_t at = 0;
        while (at < e->n_step && e->step[at].node != &g->node[g->value[next].producer]) {
            at++;
        }
        for (size_t i = at + 1; i < e->n_step; i++) {
            for (int32_t j = 0; j < e->step[i].node->n_in; j++) {
                value_id v = e->step[i].node->in[j];
                if (v != VALUE_NONE && vk_exec_root(e, v) == value) {
                    return err_set(err, LIMN_ERR_INTERNAL, "%s: is read after its update", g->value[value].name);
                }
            }
        }
        if (at < e->n_step) {
            e->root[next] = value;
        }
    }
    return LIMN_OK;
}

static limn_status live_read(struct vk_exec *e, struct life *life, const struct vk_step *s, value_id v, limn_error *err)
{
    const struct graph *g = e->base.graph;
    int32_t at = (int32_t)(s - e->step);
    value_id r = vk_exec_root(e, v);
    if (g->value[r].kind == VALUE_RESULT) {
        if (life[r].first < 0 || life[r].first > at) {
            return err_set(err, LIMN_ERR_INTERNAL, "%s: is read before it is computed", g->value[v].name);
        }
        bool crosses = s->stage == 1 && e->step[life[r].first].stage == 0;
        life[r].last = crosses ? INT32_MAX : life[r].last > at ? life[r].last : at;
    }
    e->used[r] = true;
    return LIMN_OK;
}

/* A value lives from the step that writes it to the last that reads it; to the end when it is an output or when stage 1
 * reads what stage 0 wrote, because stage 1 may run again. */
static limn_status find_lifetimes(struct vk_exec *e, struct life *life, limn_error *err)
{
    const struct graph *g = e->base.graph;
    for (size_t i = 0; i < g->n_value; i++) {
        life[i] = (struct life){-1, -1};
    }
    for (size_t i = 0; i < e->n_step; i++) {
        const struct vk_step *s = &e->step[i];
        for (int32_t k = 0; k < s->node->n_in; k++) {
            limn_status st = s->node->in[k] == VALUE_NONE ? LIMN_OK : live_read(e, life, s, s->node->in[k], err);
            if (st != LIMN_OK) {
                return st;
            }
        }
        for (int32_t k = 0; k < s->node->n_out && !(s->node->op->flags & OP_VIEW); k++) {
            if (vk_exec_root(e, s->node->out[k]) != s->node->out[k]) {
                continue; /* written over a state */
            }
            life[s->node->out[k]] = (struct life){(int32_t)i, (int32_t)i};
            e->used[s->node->out[k]] = true;
        }
    }
    for (size_t i = 0; i < g->n_value; i++) {
        value_id r = vk_exec_root(e, (value_id)i);
        bool known = g->value[i].kind != VALUE_RESULT || life[r].first >= 0 || g->value[r].kind != VALUE_RESULT;
        if ((g->value[i].flags & VALUE_OUTPUT) && known) {
            life[r].last = INT32_MAX;
            e->used[r] = true;
        }
    }
    return LIMN_OK;
}

/* Output 0 takes over the buffer of input 0 where that dies and nothing else of the node touches it. */
static void reuse_in_place(struct vk_exec *e, struct life *life)
{
    const struct graph *g = e->base.graph;
    for (size_t i = 0; i < e->n_step; i++) {
        const struct node *n = e->step[i].node;
        if (!(n->op->flags & OP_INPLACE) || n->n_in < 1 || n->in[0] == VALUE_NONE) {
            continue;
        }
        value_id from = vk_exec_root(e, n->in[0]), to = n->out[0];
        bool free_to_take = g->value[from].kind == VALUE_RESULT && life[from].last == (int32_t)i &&
                            shape_elems(&g->value[n->in[0]].shape) == shape_elems(&g->value[to].shape);
        for (int32_t k = 1; k < n->n_in; k++) {
            free_to_take = free_to_take && (n->in[k] == VALUE_NONE || vk_exec_root(e, n->in[k]) != from);
        }
        if (free_to_take) {
            e->root[to] = from;
            life[from].last = life[to].last;
        }
    }
}

/* --- prepare calls --- */

/* What the calls of a step do with its scratch and constants. */
static bool can_hoist(const struct vk_exec *e, const struct vk_step *s)
{
    bool any = false;
    for (size_t i = 0; i < s->calls.n_call; i++) {
        const struct kernel_call *c = &s->calls.call[i];
        for (int k = 0; c->prepare && k < c->n_bind; k++) {
            const struct kernel_bind *b = &c->bind[k];
            if (b->space == BIND_OUT ||
                (b->space == BIND_IN &&
                 e->base.graph->value[vk_exec_root(e, s->node->in[b->index])].kind != VALUE_CONST)) {
                return false;
            }
        }
        any = any || c->prepare;
    }
    return any;
}

static bool scratch_used(const struct vk_step *s, size_t index, bool by_hoisted)
{
    for (size_t i = 0; i < s->calls.n_call; i++) {
        const struct kernel_call *c = &s->calls.call[i];
        for (int k = 0; vk_call_is_hoisted(s, c) == by_hoisted && k < c->n_bind; k++) {
            if (c->bind[k].space == BIND_SCRATCH && c->bind[k].index == index) {
                return true;
            }
        }
    }
    return false;
}

static limn_status check_binds(const struct vk_step *s, limn_error *err)
{
    for (size_t i = 0; i < s->calls.n_call; i++) {
        const struct kernel_call *c = &s->calls.call[i];
        for (int k = 0; k < c->n_bind; k++) {
            const struct kernel_bind *b = &c->bind[k];
            size_t n = b->space == BIND_IN    ? (size_t)s->node->n_in
                       : b->space == BIND_OUT ? (size_t)s->node->n_out
                                              : s->calls.n_scratch;
            if (b->index >= n || (b->space == BIND_IN && s->node->in[b->index] == VALUE_NONE)) {
                return err_set(err, LIMN_ERR_INTERNAL, "%s: call %zu binds %u of %zu", s->node->op->name, i, b->index,
                               n);
            }
        }
    }
    return LIMN_OK;
}

static void place_scratch(struct vk_step *s)
{
    for (size_t i = 0; i < s->calls.n_scratch; i++) {
        bool early = scratch_used(s, i, true), late = scratch_used(s, i, false);
        bool keep = early && (late || s->calls.scratch[i].persistent);
        keep = keep || s->calls.scratch[i].data;
        s->scratch[i].kind = keep ? PLACE_WEIGHTS : early ? PLACE_TEMP : PLACE_ACTIVATIONS;
        s->scratch[i].bytes = (s->calls.scratch[i].bytes + 15) & ~UINT64_C(15);
    }
}

static limn_status add_temp(struct vk_exec *e, size_t step, value_id v, limn_error *err)
{
    for (size_t i = 0; i < e->n_temp; i++) {
        if (e->temp[i].step == step && e->temp[i].value == v) {
            return LIMN_OK;
        }
    }
    limn_status st = mem_grow(&e->temp, &e->cap_temp, e->n_temp + 1, sizeof(*e->temp), err);
    if (st == LIMN_OK) {
        struct place p = {PLACE_TEMP, 0, padded_bytes(e->base.graph, v)};
        e->temp[e->n_temp++] = (struct temp_const){step, v, p};
    }
    return st;
}

/* A constant stays on the device when a replayed call reads it or it is an output; one that only prepare calls read is
 * there while those run. */
static limn_status place_constants(struct vk_exec *e, bool hoisted, limn_error *err)
{
    const struct graph *g = e->base.graph;
    for (size_t i = 0; i < e->n_step; i++) {
        const struct vk_step *s = &e->step[i];
        for (size_t j = 0; j < s->calls.n_call; j++) {
            const struct kernel_call *c = &s->calls.call[j];
            for (int k = 0; vk_call_is_hoisted(s, c) == hoisted && k < c->n_bind; k++) {
                value_id r = c->bind[k].space == BIND_IN ? vk_exec_root(e, s->node->in[c->bind[k].index]) : VALUE_NONE;
                if (r == VALUE_NONE || g->value[r].kind != VALUE_CONST) {
                    continue;
                }
                if (!hoisted) {
                    e->place[r].kind = PLACE_WEIGHTS;
                } else if (e->place[r].kind == PLACE_NONE && add_temp(e, i, r, err) != LIMN_OK) {
                    return LIMN_ERR_NOMEM;
                }
            }
        }
    }
    return LIMN_OK;
}

static limn_status place_values(struct vk_exec *e, const struct life *life, limn_error *err)
{
    const struct graph *g = e->base.graph;
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < g->n_value; i++) {
        if (e->root[i] != (value_id)i || !e->used[i]) {
            continue;
        }
        struct place *p = &e->place[i];
        p->bytes = padded_bytes(g, (value_id)i);
        if (g->value[i].kind == VALUE_INPUT) {
            p->kind = g->value[i].flags & VALUE_STREAM ? PLACE_STREAM : PLACE_INPUTS;
        } else if (g->value[i].kind == VALUE_RESULT) {
            p->kind = life[i].first >= 0 ? PLACE_ACTIVATIONS : PLACE_NONE;
        } else if (life[i].last == INT32_MAX) {
            p->kind = PLACE_WEIGHTS; /* a constant that is an output */
        }
    }
    TRY(place_constants(e, false, err));
    TRY(place_constants(e, true, err));
out:
    return st;
}

/* --- offsets --- */

struct layout {
    struct memplan_item *item;
    struct place **place;
    size_t n;
};

static void layout_add(struct layout *l, struct place *p, int32_t first, int32_t last)
{
    l->item[l->n] = (struct memplan_item){.bytes = p->bytes, .first = first, .last = last};
    l->place[l->n++] = p;
}

static void collect(struct vk_exec *e, const struct life *life, enum place_kind kind, struct layout *l)
{
    l->n = 0;
    for (size_t i = 0; i < e->base.graph->n_value; i++) {
        bool always = kind != PLACE_ACTIVATIONS;
        if (e->place[i].kind == kind) {
            layout_add(l, &e->place[i], always ? 0 : life[i].first, always ? 0 : life[i].last);
        }
    }
    for (size_t i = 0; i < e->n_step; i++) {
        for (size_t k = 0; k < e->step[i].calls.n_scratch; k++) {
            int32_t at = kind == PLACE_WEIGHTS ? 0 : (int32_t)i;
            if (e->step[i].scratch[k].kind == kind) {
                layout_add(l, &e->step[i].scratch[k], at, at);
            }
        }
    }
    for (size_t i = 0; kind == PLACE_TEMP && i < e->n_temp; i++) {
        layout_add(l, &e->temp[i].place, (int32_t)e->temp[i].step, (int32_t)e->temp[i].step);
    }
}

static limn_status lay_out(struct vk_exec *e, enum place_kind kind, struct layout *l, limn_error *err)
{
    uint64_t largest = 0, align = e->d->phys.caps.offset_align;
    align = align < 64 ? 64 : align;
    for (size_t i = 0; i < l->n; i++) {
        largest = l->item[i].bytes > largest ? l->item[i].bytes : largest;
    }
    e->block[kind] = vk_block_limit(e->d, largest) / align * align;
    limn_status st = memplan(l->item, l->n, align, e->block[kind], &e->total[kind], err);
    if (st != LIMN_OK) {
        return st == LIMN_ERR_NOMEM && largest > e->block[kind]
                   ? err_set(err, LIMN_ERR_DEVICE_NOMEM, "a tensor of %llu bytes (%s allocates at most %llu at once)",
                             (unsigned long long)largest, e->d->phys.info.name, (unsigned long long)e->block[kind])
                   : st;
    }
    for (size_t i = 0; i < l->n; i++) {
        l->place[i]->offset = l->item[i].offset;
    }
    return LIMN_OK;
}

static limn_status lay_out_all(struct vk_exec *e, const struct life *life, limn_error *err)
{
    size_t most = e->base.graph->n_value + e->n_temp + 1;
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < e->n_step; i++) {
        most += e->step[i].calls.n_scratch;
    }
    struct layout l = {mem_alloc(most, sizeof(*l.item)), mem_alloc(most, sizeof(*l.place)), 0};
    if (!l.item || !l.place) {
        st = err_nomem(err, most * sizeof(*l.item), "the memory plan");
        goto out;
    }
    for (int kind = PLACE_WEIGHTS; kind < PLACE_COUNT; kind++) {
        collect(e, life, (enum place_kind)kind, &l);
        TRY(lay_out(e, (enum place_kind)kind, &l, err));
    }
out:
    mem_free(l.item);
    mem_free(l.place);
    return st;
}

/* With what other executors hold on the device: the limit is on all of it. */
static limn_status check_limit(const struct vk_exec *e, limn_error *err)
{
    uint64_t work =
        e->total[PLACE_TEMP] > e->total[PLACE_ACTIVATIONS] ? e->total[PLACE_TEMP] : e->total[PLACE_ACTIVATIONS];
    uint64_t inputs = e->total[PLACE_INPUTS] + 2 * e->total[PLACE_STREAM]; /* of those that change, the second slot */
    uint64_t need = e->total[PLACE_WEIGHTS] + inputs + work, limit = e->params.max_memory, used = e->d->in_use;
    char held[64] = "";
    if (!limit || (used <= limit && need <= limit - used)) {
        return LIMN_OK;
    }
    if (used) {
        snprintf(held, sizeof(held), ", of which %.1f in use", (double)used / 1e6);
    }
    return err_set(err, LIMN_ERR_DEVICE_NOMEM,
                   "needs %.1f MB of device memory: %.1f weights, %.1f inputs, %.1f activations (limit %.1f MB%s)",
                   (double)need / 1e6, (double)e->total[PLACE_WEIGHTS] / 1e6, (double)inputs / 1e6, (double)work / 1e6,
                   (double)limit / 1e6, held);
}

limn_status vk_exec_plan(struct vk_exec *e, limn_error *err)
{
    const struct graph *g = e->base.graph;
    limn_status st = LIMN_OK;
    struct life *life = mem_alloc(g->n_value + 1, sizeof(*life));
    if (!life) {
        return err_nomem(err, g->n_value * sizeof(*life), "lifetimes");
    }
    for (size_t i = 0; i < g->n_value; i++) {
        e->root[i] = (value_id)i;
    }
    TRY(list_steps(e, err));
    unite_views(e);
    TRY(unite_states(e, err));
    TRY(find_lifetimes(e, life, err));
    reuse_in_place(e, life);
    for (size_t i = 0; i < e->n_step; i++) {
        TRY(check_binds(&e->step[i], err));
        e->step[i].hoisted = can_hoist(e, &e->step[i]);
        place_scratch(&e->step[i]);
    }
    TRY(place_values(e, life, err));
    TRY(lay_out_all(e, life, err));
    TRY(check_limit(e, err));
out:
    mem_free(life);
    return st;
}

struct vk_slice vk_exec_slice(const struct vk_exec *e, const struct place *p)
{
    return vk_arena_slice(&e->arena[p->kind], p->offset, p->bytes);
}
