/* What plan.c and eval.c share: the inside of a training plan. */
#ifndef LIMN_TRAIN_PLAN_H
#define LIMN_TRAIN_PLAN_H

#include "train/train.h"

enum { TRAIN_BN_GAMMA = 1, TRAIN_BN_BETA, TRAIN_BN_MEAN, TRAIN_BN_VAR }; /* inputs of batch_norm */

struct train_plan {
    struct train_task *task;
    int32_t batch, accumulate;
    struct train_graph g;
    value_id weight, h, keep, ema_k;
    bool update; /* the step that was put ends with the update */
    struct exec *exec;
    struct train_tensor *tensor;
    size_t n_tensor, cap_tensor;
    value_id *sum; /* states of the gradients' sums */
    size_t n_sum, cap_sum;
    uint64_t n_params;
    float *scratch;
    size_t cap_scratch;
};

#endif
