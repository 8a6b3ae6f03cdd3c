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
void conv_ref_sum(const struct op_call *c, const struct conv_geom *g, const double *const *in, double *const *out,
                  conv_visit_fn add);
/* The cotangents of bias and add. */
void conv_vjp_epilogue(struct vjp *v);

extern const struct attr_desc conv_attr_table[];
#define CONV_N_ATTRS 10

#endif
