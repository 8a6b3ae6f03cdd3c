/* A finished classifier on a split of a data set. */
#ifndef LIMN_TRAIN_EVALUATE_H
#define LIMN_TRAIN_EVALUATE_H

#include "model/model.h"
#include "train/loader.h"

struct evaluate_options {
    struct vk_device *dev; /* NULL: the reference executor */
    struct exec_params exec;
    struct model *model;
    struct dataset *data;
    enum data_split split;
    int32_t batch;
    bool (*step)(void *user, double done, const char *what);
    void *user;
};
struct evaluation {
    uint64_t n, hits, hits5;
    double loss;         /* sum of the cross-entropy */
    uint64_t *confusion; /* n_classes x n_classes, [truth][answer]; mem_free */
};
limn_status evaluate(const struct evaluate_options *o, struct evaluation *out, limn_error *err);

#endif
