/* Inside the Vulkan executor: the plan of a graph on a device, and what is made from it.
 *
 * vk_exec_plan.c   which buffers share memory, what lives when, where everything lies
 * vk_exec_load.c   constants to the device, packed weights made once
 * vk_exec_record.c kernel calls to descriptors and command buffers
 * vk_exec_stream.c inputs that are set while a run goes on
 * vk_exec.c        the executor interface */
#ifndef LIMN_EXEC_VK_EXEC_H
#define LIMN_EXEC_VK_EXEC_H

#include "exec/exec.h"
#include "pass/pass.h"
#include "vk/vk_internal.h"

enum place_kind {
    PLACE_NONE,    /* not on the device */
    PLACE_WEIGHTS, /* constants that replayed calls read, and packed weights */
    PLACE_INPUTS,
    PLACE_STREAM, /* inputs flagged VALUE_STREAM */
    PLACE_ACTIVATIONS,
    PLACE_TEMP, /* constants and scratch of prepare calls, while they run */
    PLACE_COUNT
};
struct place {
    uint8_t kind;
    uint64_t offset, bytes; /* bytes: padded to 16, so that vector loads of a tail stay inside */
};

/* A constant in temporary memory for the prepare calls of one step. */
struct temp_const {
    size_t step;
    value_id value;
    struct place place;
};

/* One live node, in order of execution (stage 0 first). */
struct vk_step {
    const struct node *node;
    struct kernel_list calls;
    struct place *scratch; /* calls.n_scratch */
    uint8_t stage;
    bool hoisted; /* its prepare calls run once, at creation */
};

/* A recorded dispatch. */
struct vk_recorded {
    size_t step, submission;
    uint16_t shader;
    double flops;
};

struct vk_submission {
    VkCommandBuffer cmd;
    VkFence fence;
    uint8_t stage;
    double cost; /* estimated seconds */
};

/* Inputs that change with every run. The host writes them to a second slot, memory of the host laid out as
 * arena[PLACE_STREAM], while the device reads that; one recorded copy of the slot goes before the next run. The slot is
 * free again when that copy is done, long before the run is. */
struct vk_stream {
    struct vk_arena slot;
    VkCommandBuffer cmd;
    VkFence fence;
    bool fresh;   /* the slot holds what was not copied yet */
    bool copying; /* the copy was sent and its fence not waited for */
};

/* The run that goes on: submissions begin..end - 1, of which those before `sent` were sent. */
struct vk_run {
    size_t begin, end, sent;
    double cost; /* of all */
};

struct vk_exec {
    struct exec base;
    struct vk_device *d;
    struct exec_params params;
    struct vk_step *step;
    size_t n_step;
    value_id *root;      /* per value: the value whose buffer it is */
    struct place *place; /* per value; of roots only */
    bool *input_set;     /* per value */
    bool *used;          /* per value: roots that some call or output needs */
    struct temp_const *temp;
    size_t n_temp, cap_temp;
    struct vk_arena arena[PLACE_COUNT];
    uint64_t total[PLACE_COUNT], block[PLACE_COUNT];
    VkDescriptorPool pool;
    VkBufferView *view;
    size_t n_view, cap_view;
    struct vk_submission *submission;
    size_t n_submission, cap_submission;
    struct vk_stream stream;
    struct vk_run run;
    VkQueryPool queries;        /* begin and end of each submission */
    VkQueryPool dispatch_query; /* end of each dispatch, when profiling */
    struct vk_recorded *recorded;
    size_t n_recorded, cap_recorded;
    struct exec_stats stats;
    uint32_t n_barrier; /* between dispatches */
    bool poison;        /* LIMN_POISON=1: activations are NaN before each run */
    bool own_buffers;   /* LIMN_TEST_OWN_BUFFERS=1: a VkBuffer for each binding, see vk_exec_record.c */
    VkBuffer *own;
    size_t n_own, cap_own;
    bool skip_barriers; /* LIMN_TEST_SKIP_BARRIERS=1: proves to a test that the validation layer sees a missing one */
};

/* --- vk_exec_plan.c --- */
limn_status vk_exec_plan(struct vk_exec *e, limn_error *err);
static inline bool vk_call_is_hoisted(const struct vk_step *s, const struct kernel_call *c)
{
    return s->hoisted && c->prepare;
}
value_id vk_exec_root(const struct vk_exec *e, value_id v); /* follows views and reuse in place */
struct vk_slice vk_exec_slice(const struct vk_exec *e, const struct place *p);

/* --- vk_exec_load.c --- */
limn_status vk_exec_load(struct vk_exec *e, limn_error *err);

/* --- vk_exec_record.c --- */
limn_status vk_exec_pool(struct vk_exec *e, limn_error *err);
limn_status vk_exec_dispatch(struct vk_exec *e, struct vk_recorder *r, size_t step, const struct kernel_call *c,
                             limn_error *err);
void vk_exec_drop_views(struct vk_exec *e, size_t keep);
limn_status vk_exec_record(struct vk_exec *e, limn_error *err);

/* --- vk_exec_stream.c --- */
limn_status vk_stream_create(struct vk_exec *e, limn_error *err);
limn_status vk_stream_write(struct vk_exec *e, const struct place *to, const float *data, size_t n, limn_error *err);
limn_status vk_stream_send(struct vk_exec *e, limn_error *err); /* before a run: the copy, where there is news */
void vk_stream_destroy(struct vk_exec *e);

#endif
