/* Building kernel calls. */
#include "ir/kernel.h"

#include <string.h>

struct kernel_call *kernel_add(struct kernel_list *l, uint16_t shader, uint32_t x, uint32_t y, uint32_t z)
{
    if (mem_grow(&l->call, &l->cap_call, l->n_call + 1, sizeof(*l->call), NULL) != LIMN_OK) {
        return NULL;
    }
    struct kernel_call *c = &l->call[l->n_call++];
    memset(c, 0, sizeof(*c));
    c->shader = shader;
    c->n_spec = 3;
    c->spec[0] = x;
    c->spec[1] = y;
    c->spec[2] = z;
    c->groups[0] = c->groups[1] = c->groups[2] = 1;
    return c;
}

int kernel_scratch(struct kernel_list *l, uint64_t bytes, bool persistent)
{
    if (mem_grow(&l->scratch, &l->cap_scratch, l->n_scratch + 1, sizeof(*l->scratch), NULL) != LIMN_OK) {
        return -1;
    }
    l->scratch[l->n_scratch] = (struct kernel_scratch){bytes, persistent, NULL};
    return (int)l->n_scratch++;
}

int kernel_table(struct kernel_list *l, const void *data, size_t bytes)
{
    void *copy = mem_alloc(bytes, 1);
    int at = copy ? kernel_scratch(l, bytes, true) : -1;
    if (at < 0) {
        mem_free(copy);
        return -1;
    }
    memcpy(copy, data, bytes);
    l->scratch[at].data = copy;
    return at;
}

void kernel_spec(struct kernel_call *c, uint32_t value)
{
    if (c->n_spec < KERNEL_MAX_SPEC) {
        c->spec[c->n_spec++] = value;
    }
}

void kernel_push(struct kernel_call *c, const void *data, size_t bytes)
{
    if (bytes <= KERNEL_MAX_PUSH) {
        memcpy(c->push, data, bytes);
        c->push_bytes = (uint8_t)bytes;
    }
}

struct kernel_bind *kernel_bind(struct kernel_call *c, enum bind_space space, int index, int access)
{
    struct kernel_bind *b = &c->bind[c->n_bind < KERNEL_MAX_BIND ? c->n_bind++ : KERNEL_MAX_BIND - 1];
    *b = (struct kernel_bind){.space = (uint8_t)space, .index = (uint16_t)index, .access = (uint8_t)access};
    return b;
}

void kernel_grid_1d(struct kernel_call *c, const struct device_caps *caps, uint64_t n, uint32_t per_group)
{
    uint64_t groups = (n + per_group - 1) / per_group;
    for (int axis = 0; axis < 3; axis++) {
        uint64_t max = caps->max_groups[axis];
        if (groups <= max || axis == 2) {
            c->groups[axis] = (uint32_t)groups;
            return;
        }
        c->groups[axis] = (uint32_t)max;
        groups = (groups + max - 1) / max;
    }
}

void kernel_list_finish(struct kernel_list *l)
{
    for (size_t i = 0; i < l->n_scratch; i++) {
        mem_free(l->scratch[i].data);
    }
    mem_free(l->call);
    mem_free(l->scratch);
    memset(l, 0, sizeof(*l));
}
