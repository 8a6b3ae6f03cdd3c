/* What the pooling and resampling operators share: spatial sizes as D,H,W (D is 1 for rank 4, D and H for rank 3) and
 * windows along an axis. */
#ifndef LIMN_OPS_POOL_H
#define LIMN_OPS_POOL_H

#include "ops/ops.h"

struct pool_geom {
    int32_t planes; /* N * C */
    int32_t in[3], out[3];
};

/* Sizes of a pooled input and its result, both of rank 3 to 5. */
struct pool_geom pool_geom_of(const struct shape *in, const struct shape *out);
void spatial_get(const struct shape *s, int32_t size[3]);
struct shape spatial_set(const struct shape *s, const int32_t size[3]); /* s with another spatial size */
static inline size_t spatial_elems(const int32_t size[3])
{
    return (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
}
/* Rank 3 to 5, else LIMN_ERR_SHAPE naming the operator. */
limn_status spatial_check(const struct op_call *c, int input, limn_error *err);

/* LIMN_ERR_SHAPE unless that is the spatial size of an input. */
limn_status spatial_expect(const struct op_call *c, int input, const int32_t want[3], limn_error *err);

/* Output size of a pooling for input size `in`, by torch's rule: with ceil_mode the last window must start inside the
 * input or the leading padding. Refuses attributes out of range and windows that hold padding only. */
limn_status pool_out_size(const struct op_call *c, const int32_t in[3], int rank, int32_t out[3], limn_error *err);

/* Planes whose positions a float holds exactly. */
limn_status plane_check(const struct op_call *c, const int32_t size[3], limn_error *err);
/* Sizes of an adaptive pooling whose products stay within the kernels' 31 bits; 1 on an axis that the rank lacks. */
limn_status adaptive_check(const struct op_call *c, const int32_t in[3], const int32_t out[3], limn_error *err);
/* PyTorch's window of output o: begin to end - 1. */
static inline void adaptive_window(int32_t in, int32_t out, int32_t o, int32_t *begin, int32_t *end)
{
    *begin = o * in / out;
    *end = ((o + 1) * in + out - 1) / out;
}

#define POOL_LOCAL 128 /* invocations of a workgroup of the one-output kernels */

/* Appends a call, without grid, with the geometry as push data (a may be NULL: adaptive) and specialisation constant 3,
 * one invocation per element of the result: of the pooled input when `back`, else of the pooled output. Returns NULL
 * when out of memory. */
struct kernel_call *pool_call(struct kernel_list *l, uint16_t shader, const struct pool_geom *g,
                              const struct pool_attrs *a, bool back);
/* Windows that can cover an element along an axis. */
int32_t pool_covers(const struct pool_attrs *a, const struct pool_geom *g, int axis);
/* Binds node input `index` for reading: as texels where `texel`. */
void pool_bind_in(struct kernel_call *c, int index, bool texel);
/* Finishes the last call of l, whose first push word is its number of invocations: sets the grid, or, when a buffer is
 * larger than the device can bind at once, replaces the call by one per window of planes. */
struct plane_work {
    size_t per_plane;              /* invocations */
    size_t elems[KERNEL_MAX_BIND]; /* of each binding in one plane */
    uint32_t per_group;            /* invocations that one workgroup does */
};
limn_status plane_windows(const struct op_call *c, const struct device_caps *caps, int32_t planes,
                          const struct plane_work *w, struct kernel_list *l, limn_error *err);

/* Texel loads are the fast ones of software rasterisers; true when `elems` fit in a texel view there. */
bool pool_texel(const struct device_caps *caps, size_t elems);

extern const struct attr_desc pool_attr_desc[];
#define POOL_N_ATTRS 8
extern const struct attr_desc adaptive_attr_desc[];
#define ADAPTIVE_N_ATTRS 2

#endif
