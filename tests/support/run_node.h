/* One node by both executors. */
#ifndef LIMN_TEST_RUN_NODE_H
#define LIMN_TEST_RUN_NODE_H

#include "ir/op.h"

struct vk_device;

/* The node's output over up to three inputs of n values each, by reference and by shader. False, with a failed check,
 * when either does not run. */
bool run_node(struct vk_device *dev, const struct op *op, const void *attrs, int n_in, const float *const *in, size_t n,
              float *expected, float *found);

#endif
