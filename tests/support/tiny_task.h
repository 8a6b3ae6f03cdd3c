/* A network that trains in milliseconds: convolution, BatchNorm, ReLU, mean, dropout, a linear layer; 4 classes of
 * 1 x 6 x 6 pictures; and an IDX-free data set of such pictures made of numbers. */
#ifndef LIMN_TEST_TINY_TASK_H
#define LIMN_TEST_TINY_TASK_H

#include "train/trainer.h"

enum { TINY_SIDE = 6, TINY_CLASSES = 4 };

struct tiny_task {
    struct train_task base;
    uint64_t seed;
    float spoil; /* the loss of label 3 is times this: INFINITY breaks it */
};
struct tiny_task tiny_task(uint64_t seed);

/* The sample `bad` (SIZE_MAX: none) cannot be read. */
limn_status tiny_dataset(size_t n_train, size_t n_val, size_t bad, struct dataset **out, limn_error *err);

#endif
