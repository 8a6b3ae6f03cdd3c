/* The kernel calls of the convolution family (conv_calls.c): one function per shader, filled from a conv_job. */
#ifndef LIMN_OPS_CONV_CALLS_H
#define LIMN_OPS_CONV_CALLS_H

#include "ops/conv_plan.h"

enum conv_family { CONV_FAMILY_AUTO, CONV_FAMILY_BLOCK, CONV_FAMILY_GEMM, CONV_FAMILY_DIRECT, CONV_FAMILY_DEPTHWISE };

struct conv_job {
    const struct op_call *c;
    const struct conv_problem *p;
    const struct device_caps *caps;
    struct kernel_list *list;
    limn_error *err;
    enum conv_family family;
    bool texel;            /* texel views */
    int32_t c4;            /* packed x: vec4 of channels, origin, size */
    int32_t lo[3], dim[3]; /* every step-th point of x */
    int32_t step[3];
    uint64_t packed;          /* vec4 of packed x per sample, 0: x is read as it is */
    int32_t batch;            /* samples per round */
    int32_t first, count;     /* samples of this round */
    int32_t sub;              /* running number of the sub-convolution */
    int input;                /* what conv_call_pack_x packs */
    int w_scratch, x_scratch; /* packed weights of sub 0, packed x */
};

/* Samples per call so that no tensor (nor packed x of so many bytes per sample) exceeds what one binding may span and
 * every offset is aligned; 0: impossible. */
int32_t conv_batch(const struct conv_problem *p, const struct device_caps *caps, uint64_t packed_bytes);

limn_status conv_scratch(struct conv_job *j, uint64_t bytes, bool persistent, int *index);
limn_status conv_call_pack_w(struct conv_job *j, const struct conv_sub *s);
limn_status conv_call_pack_x(struct conv_job *j);
limn_status conv_call_main(struct conv_job *j, const struct conv_sub *s);

/* Binding helpers shared with matmul_plan.c. */
void conv_bind_epilogue(struct kernel_call *k, const struct op_call *c, const struct epilogue *e, bool texel,
                        uint64_t offset, uint64_t size);
struct kernel_bind *conv_bind(struct kernel_call *k, enum bind_space space, int index, int access, enum bind_view view,
                              uint64_t offset, uint64_t size);
/* Sums `splits` partial results of scratch `part` into y. `o` and `e` say where and how. */
struct conv_out {
    uint32_t points, q[3], m, y_n, y_c, y_q[3], y_base;
};
limn_status conv_call_reduce(struct kernel_list *list, const struct device_caps *caps, const struct op_call *c,
                             const struct epilogue *e, const struct conv_out *o, uint32_t channels, uint32_t splits,
                             int part, bool texel, uint64_t y_offset, uint64_t y_size, limn_error *err);

#endif
