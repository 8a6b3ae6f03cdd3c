/* Networks with recipe weights against what torchvision computed: tests/golden/torchvision, made by
 * tools/golden/zoo.py. */
#ifndef LIMN_TEST_TORCHVISION_H
#define LIMN_TEST_TORCHVISION_H

#include "explain/explain.h"

struct vk_device;

struct torchvision_result {
    uint64_t params;
    int32_t side;       /* of the input */
    double gain;        /* of the recipe */
    double logit, grad; /* largest difference over the samples, relative to the largest value of all */
    double guided;      /* as grad, of guided backpropagation; 0 when there are no numbers of it */
    double torch32[2];  /* the same of torch in float32 */
    double seconds;     /* of everything */
};
/* The plan is that of limn explain: BatchNorm folded, everything fused. dev NULL: the reference executor. */
limn_status torchvision_compare(const char *arch, struct vk_device *dev, struct torchvision_result *out,
                                limn_error *err);
/* The device of $LIMN_TEST_DEVICE, else a software one. False when it cannot be opened. */
bool torchvision_device(struct vk_device **out);
/* Compares one on the device and, asked so or when the device cannot run it, on the reference executor; prints a row of
 * the table of docs/architectures.md, and returns whether all is within its limits. */
bool torchvision_row(const char *arch, struct vk_device *dev, bool reference);

#endif
