/* A sparse matrix along one axis: y[o, q, r] = sum over e of weight[e] * x[o, index[e], r], e from begin[q] to
 * begin[q + 1]. Resampling and the paddings other than by a constant are such maps, one per axis; their adjoints are
 * the transposed maps, and one kernel serves all (shaders/axis_map.comp). */
#ifndef LIMN_OPS_AXIS_MAP_H
#define LIMN_OPS_AXIS_MAP_H

#include "ops/ops.h"

struct axis_map {
    int32_t n_in, n_out, row; /* row: outputs complete so far */
    int32_t *begin, *index;
    double *weight;
    size_t n, cap_index, cap_weight;
};

limn_status axis_map_init(struct axis_map *m, int32_t n_in, int32_t n_out, limn_error *err);
/* Appends an entry of the output at hand (entries that follow each other with one index are summed); the next output.
 */
limn_status axis_map_add(struct axis_map *m, int32_t index, double weight, limn_error *err);
void axis_map_next(struct axis_map *m);
limn_status axis_map_transpose(struct axis_map *m, limn_error *err); /* in place */
bool axis_map_identity(const struct axis_map *m);
void axis_map_finish(struct axis_map *m); /* a zeroed map is allowed */

/* The maps of an operator, each of its own axis. */
struct axis_pass {
    int32_t axis;
    struct axis_map map;
};
struct axis_passes {
    struct axis_pass pass[SHAPE_MAX_RANK];
    int32_t n;
};
/* Adds a map, or frees it where it changes nothing. */
void axis_passes_add(struct axis_passes *p, int32_t axis, struct axis_map *m);
limn_status axis_passes_transpose(struct axis_passes *p, limn_error *err);
void axis_passes_finish(struct axis_passes *p);
/* Applies them one after the other; the order, the one that shrinks most first, is settled by plan and reference alike.
 */
void axis_passes_ref(struct axis_passes *p, const struct shape *x, const double *in, double *out);
limn_status axis_passes_plan(const struct op_call *c, struct axis_passes *p, const struct device_caps *caps,
                             struct kernel_list *out, limn_error *err);

#endif
