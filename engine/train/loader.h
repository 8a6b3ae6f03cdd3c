/* Batches of a data set, made by worker threads while the device runs. What a batch holds follows from (seed, epoch,
 * number) alone, not from the threads. */
#ifndef LIMN_TRAIN_LOADER_H
#define LIMN_TRAIN_LOADER_H

#include "train/train.h"

/* ---- augment.c ---- */
struct augment {       /* zero: nothing. Each choice is uniform in its range */
    bool flip;         /* left to right, with probability 1/2 */
    int32_t crop;      /* shifted by up to so many pixels, black beyond the border */
    double rotate;     /* degrees to either side */
    double translate;  /* parts of the size to either side */
    double scale;      /* times 1 - scale ... 1 + scale */
    double brightness; /* times 1 - brightness ... 1 + brightness */
    double contrast;   /* likewise, about mid-grey */
};
limn_status augment_check(const struct augment *a, limn_error *err);
/* in: bytes C,H,W; out: numbers in [0,1]. `key` chooses. */
void augment_sample(const struct augment *a, uint64_t key, const uint8_t *in, int32_t channels, int32_t height,
                    int32_t width, float *out);

/* ---- loader.c ---- */
struct loader_options {
    struct dataset *data;
    enum data_split split;
    int32_t batch;
    int32_t workers; /* 0: chosen */
    bool shuffle;
    uint64_t seed;
    struct augment augment;
    float mean[4], std[4], range; /* x = (v * range - mean) / std for v in [0,1] */
    bool bgr;
    const struct train_task *task; /* targets and weights; NULL: neither */
};
struct loader_batch {
    float *x, *target;
    float *raw;    /* weight of each sample in the loss; 0 for those that only fill the last batch up */
    float *weight; /* the same over their sum */
    int32_t *label;
    size_t *sample; /* of the split */
    size_t n;       /* samples before the filling */
};
struct loader;
limn_status loader_create(const struct loader_options *o, struct loader **out, limn_error *err);
void loader_destroy(struct loader **l);        /* NULL-safe */
size_t loader_batches(const struct loader *l); /* of an epoch; the last is filled up from the epoch's beginning */
/* Starts an epoch at a batch of it. What was begun before is dropped. */
limn_status loader_begin(struct loader *l, uint64_t epoch, size_t batch, limn_error *err);
/* The next batch in order; it and the one before it are valid until the next call. LIMN_ERR_INTERNAL past the last. */
limn_status loader_next(struct loader *l, const struct loader_batch **out, limn_error *err);

/* Mean and standard deviation of each channel over (at most 10,000, evenly chosen) training samples, in [0,1]. */
limn_status loader_statistics(struct dataset *d, float mean[4], float std[4], limn_error *err);

#endif
