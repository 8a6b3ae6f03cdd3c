/* Strided copies: the one kernel behind slice, pad, concat, transpose and constant broadcasts along a plane. */
#ifndef LIMN_OPS_COPY_H
#define LIMN_OPS_COPY_H

#include "ir/op.h"

/* y[y_offset + i.sy] = scale * x[x_offset + i.sx] over dim (rank 1..5). Strides may be 0 (x) or negative. */
struct copy_region {
    int32_t rank;
    int32_t dim[SHAPE_MAX_RANK], sx[SHAPE_MAX_RANK], sy[SHAPE_MAX_RANK];
    int32_t x_offset, y_offset;
    float scale;
};

/* Appends the call for node input `in` into output 0. */
limn_status copy_plan(const struct copy_region *r, int in, const struct device_caps *caps, struct kernel_list *out,
                      limn_error *err);
/* Fills output 0 of n elements with v. */
limn_status copy_plan_fill(size_t n, float v, const struct device_caps *caps, struct kernel_list *out, limn_error *err);

#endif
