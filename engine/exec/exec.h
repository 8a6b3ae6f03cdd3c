/* Executors of a graph: `ref` (double precision on the CPU, for tests) and `vk` (shaders). Same interface.
 *
 * Constants are read from their sources once, at creation. Outputs are the values flagged VALUE_OUTPUT. Nodes that
 * depend on an input flagged VALUE_LATE form stage 1, all others stage 0; whatever stage 1 needs of stage 0 stays
 * alive, so that stage 1 can be repeated (another class) without stage 0. */
#ifndef LIMN_EXEC_EXEC_H
#define LIMN_EXEC_EXEC_H

#include "ir/graph.h"

struct vk_device;
struct exec;

struct exec_stats {
    uint64_t activation_bytes; /* the planned arena: the peak, known before running */
    uint64_t weight_bytes;     /* constants and packed weights on the device */
    uint32_t n_dispatch;
    double flops;
    double device_ms; /* of the last run, by timestamps; 0 where unknown */
};

struct exec_params {
    uint64_t max_memory;                  /* bytes on the device, with what it holds already; 0: no limit of our own */
    bool (*step)(void *user, float done); /* may be NULL; false cancels */
    void *user;
    bool profile; /* time every dispatch of the vk executor, for exec_vk_times */
};

limn_status exec_ref_create(const struct graph *g, struct exec **out, limn_error *err);
/* Of a reference executor only: without rounding to float32, for finite differences. */
limn_status exec_ref_set_double(struct exec *e, value_id input, const double *data, size_t n, limn_error *err);
limn_status exec_ref_get_double(struct exec *e, value_id output, double *dst, size_t n, limn_error *err);
limn_status exec_vk_create(struct vk_device *dev, const struct graph *g, const struct exec_params *p, struct exec **out,
                           limn_error *err);
/* Sets an input; stays until set again, that of a state (graph_state) until a run updates it. exec_get reads outputs
 * and states. */
limn_status exec_set(struct exec *e, value_id input, const float *data, size_t n, limn_error *err);
/* Runs stage 0 and 1 (`first` = 0), or stage 1 alone (`first` = 1), or stage 0 alone (first 0, last 0). */
limn_status exec_run(struct exec *e, int first, int last, limn_error *err);
/* exec_run in two halves: the device works between them. Meanwhile inputs flagged VALUE_STREAM may be set for the run
 * after this one, which does not see them; anything else of this executor is LIMN_ERR_ARG, and so is a wait without a
 * start. Errors of the run come from either half; after an error nothing runs. */
limn_status exec_start(struct exec *e, int first, int last, limn_error *err);
limn_status exec_wait(struct exec *e, limn_error *err);
limn_status exec_get(struct exec *e, value_id output, float *dst, size_t n, limn_error *err);
void exec_stats(const struct exec *e, struct exec_stats *out);
void exec_destroy(struct exec **e); /* NULL-safe */

/* Where the last run of a profiled vk executor spent its time, one entry per dispatch in order of execution. Returns
 * how many there are and writes at most `max`. Dispatches that overlap share their time by the order in which they
 * end. */
struct exec_time {
    const char *value, *op, *shader;
    double ms, flops;
};
size_t exec_vk_times(struct exec *e, struct exec_time *list, size_t max);

/* compare.c: runs both executors on the same inputs with every value a tap, and reports the first node whose result
 * differs by more than its operator's tolerance and what its inputs carry (times `slack`). */
struct exec_divergence {
    const char *value, *op;
    double difference, tolerance;
};
limn_status exec_compare(struct vk_device *dev, struct graph *g, const value_id *inputs, const float *const *data,
                         size_t n, double slack, bool *agree, struct exec_divergence *first, limn_error *err);

/* What every executor implements. */
struct exec_impl {
    limn_status (*set)(struct exec *e, value_id input, const float *data, size_t n, limn_error *err);
    limn_status (*start)(struct exec *e, int first, int last, limn_error *err);
    limn_status (*wait)(struct exec *e, limn_error *err); /* NULL: start returns when the run has ended */
    limn_status (*get)(struct exec *e, value_id output, float *dst, size_t n, limn_error *err);
    void (*stats)(const struct exec *e, struct exec_stats *out);
    void (*destroy)(struct exec *e);
};
struct exec { /* first member of the implementations' structs */
    const struct exec_impl *impl;
    const struct graph *graph;
    bool running; /* between exec_start and exec_wait */
};
/* Stage (0 or 1) of every node; caller's memory of graph->n_node. */
void exec_stages(const struct graph *g, uint8_t *stage);

#endif
