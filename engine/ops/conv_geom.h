/* Geometry of the convolution family, always with three spatial axes (rank 4 has depth 1). */
#ifndef LIMN_OPS_CONV_GEOM_H
#define LIMN_OPS_CONV_GEOM_H

#include "ops/ops.h"

/* The convolution w[m_total, c, k] over x[n, groups * c, big] giving y[n, m_total, small]; its adjoints share it. */
struct conv_geom {
    int32_t n, groups;
    int32_t c, m; /* channels per group of x and of y */
    int32_t big[3], small[3], k[3];
    int32_t stride[3], pad[3], dilation[3];
};

/* `big`, `small` and `w` are the shapes of those tensors; LIMN_ERR_SHAPE unless they fit together and the attributes.
 */
limn_status conv_geom_init(struct conv_geom *g, const struct conv_attrs *a, const struct shape *big,
                           const struct shape *small, const struct shape *w, limn_error *err);
/* Spatial size of a convolution's output along axis i (0..2), or -1 when the kernel does not fit. */
int32_t conv_out_size(const struct conv_attrs *a, int i, int32_t in, int32_t k);
/* Checks numbers in the attributes against sane ranges. */
limn_status conv_attrs_check(const struct conv_attrs *a, int32_t rank, limn_error *err);
/* Axis i (0..2) of a rank-4 or rank-5 shape. */
int32_t conv_axis(const struct shape *s, int i);
/* [a, b, spatial...] of the given rank from three axes. */
struct shape conv_shape(int32_t rank, int32_t a, int32_t b, const int32_t size[3]);
/* Elements of one channel. */
size_t conv_volume(const int32_t dim[3]);
/* Reference loops: visits every (n, group, m, c, tap, big point, small point) with element offsets into big, w, small.
 */
typedef void (*conv_visit_fn)(void *user, size_t big, size_t w, size_t small);
void conv_visit(const struct conv_geom *g, conv_visit_fn fn, void *user);
/* The references of conv and conv_transpose: `add` adds the product of x and w at a visited place to y, then the
 * epilogue finishes y. */
struct conv_sum {
    const double *x, *w;
    double *y;
};
void conv_ref_sum(const struct op_call *c, bool transposed, const double *const *in, double *const *out,
                  conv_visit_fn add);
/* Of a conv or, transposed, a conv_transpose node. */
limn_status conv_geom_of(const struct op_call *c, bool transposed, struct conv_geom *g, limn_error *err);
/* The cotangents of weights, bias and add; `big` and `small` are the tensor and its cotangent as the geometry has them.
 */
void conv_vjp_rest(struct vjp *v, value_id big, value_id small);

extern const struct attr_desc conv_attr_table[];
#define CONV_N_ATTRS 10
/* What conv and conv_transpose say alike in their descriptors. */
#define CONV_DESCRIPTOR                                                                                                \
    .n_in_min = 2, .n_in_max = CONV_N_IN, .n_out = 1, .attrs = conv_attr_table, .n_attrs = CONV_N_ATTRS,               \
    .attr_bytes = sizeof(struct conv_attrs)

#endif
