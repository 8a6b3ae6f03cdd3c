/* The classifier task: an architecture of archs.def with cross-entropy. */
#ifndef LIMN_TRAIN_CLASSIFIER_H
#define LIMN_TRAIN_CLASSIFIER_H

#include "model/arch.h"
#include "train/train.h"

struct classifier_options {
    const struct arch *arch;
    int32_t channels, height, width, classes;
    double smoothing;           /* targets are 1 - smoothing + smoothing / classes and smoothing / classes */
    const float *class_weights; /* `classes` numbers, or NULL; copied */
    const char *start;          /* weight file to start from, or NULL */
    uint64_t seed;
};

limn_status classifier_create(const struct classifier_options *o, struct train_task **out, limn_error *err);
void classifier_destroy(struct train_task **t); /* NULL-safe */

#endif
