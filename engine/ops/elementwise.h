/* Shared by the elementwise operators (elementwise.c): infer and kernel plans. */
#ifndef LIMN_OPS_ELEMENTWISE_H
#define LIMN_OPS_ELEMENTWISE_H

#include "ops/ops.h"

/* Output 0 has the shape of input 0. */
limn_status infer_same(const struct op_call *c, struct shape *out, limn_error *err);
/* Output 0 has the broadcast shape of all inputs. */
limn_status infer_broadcast(const struct op_call *c, struct shape *out, limn_error *err);

/* Elements between neighbours of `from` when it is read at positions of `to` (to which it broadcasts); both rank 5 with
 * leading ones. */
struct strided {
    int32_t dim[SHAPE_MAX_RANK];
    int32_t stride[SHAPE_MAX_RANK];
};
void strided_read(const struct shape *from, const struct shape *to, struct strided *out);
/* The element that belongs to flat position i of `to`. */
size_t strided_at(const struct strided *s, size_t i);

/* fn: UNARY_* of push/unary.h. */
limn_status plan_unary(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, uint32_t fn,
                       float a, float b, limn_error *err);
/* fn: BINARY_* of push/binary.h; limits {lo, hi, slope} for the gates, else NULL. Output 0 from inputs 0 and 1, of any
 * broadcastable shapes without limits, of one shape with them. With BINARY_FIRST or BINARY_GATE_DECONV only input 0 is
 * read. */
limn_status plan_binary(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, uint32_t fn,
                        const float limits[3], limn_error *err);
/* Output 0 is input 1 where input 0 is not 0, else input 2, all broadcast. */
limn_status plan_where(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err);
/* Invocations per workgroup of a one-dimensional kernel. */
uint32_t local_1d(const struct device_caps *caps);
/* Windows: a kernel that walks `rows` equal pieces of its large tensors handles as many at a time as one storage
 * binding holds. `row` is the largest piece in elements. Returns the rows per window, or 0 with LIMN_ERR_UNSUPPORTED in
 * err when not even one fits. */
size_t window_rows(const struct op_call *c, const struct device_caps *caps, size_t rows, size_t row, limn_error *err);
/* Binds elements [begin, begin + n), from the aligned offset before them; returns how many elements that is before. */
uint32_t bind_slice(struct kernel_call *k, const struct device_caps *caps, enum bind_space space, int index, int access,
                    size_t begin, size_t n);
/* The same for reading; with `texel` the whole buffer as texels, from its first element. */
uint32_t bind_read(struct kernel_call *k, const struct device_caps *caps, enum bind_space space, int index, bool texel,
                   size_t begin, size_t n);

#endif
