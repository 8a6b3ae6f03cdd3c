/* The decoder task: an autoencoder whose decoder (or all of it) learns to give back its input. Where its encoder is
 * part of a classifier, validation counts the samples whose reconstruction keeps the class ("class_kept"). */
#ifndef LIMN_TRAIN_DECODER_H
#define LIMN_TRAIN_DECODER_H

#include "model/arch.h"
#include "model/model.h"
#include "train/train.h"

enum decoder_loss { DECODER_MSE, DECODER_L1, DECODER_ELASTIC, DECODER_LOSSES }; /* elastic: the sum of both */
const char *decoder_loss_name(enum decoder_loss k);

struct decoder_options {
    const struct arch *arch;                  /* an autoencoder; must outlive the task */
    int32_t channels, height, width, classes; /* classes: of the classifier below a decoder that was put on it */
    float mean[4], std[4], range;             /* of the input; the loss is taken on pictures in [0,1] */
    enum decoder_loss loss;
    struct model *classifier; /* that judges reconstructions: takes inputs as they are here; NULL: none. Must outlive
                               * the task */
    const char *start;        /* weights of the encoder; NULL: drawn, as the decoder's are when the file has none */
    bool whole;               /* the encoder is trained too */
    uint64_t seed;
};

limn_status decoder_create(const struct decoder_options *o, struct train_task **out, limn_error *err);
/* Names of the parameters that train_spec must freeze; they belong to the task. */
const char *const *decoder_frozen(const struct train_task *t, size_t *n);
void decoder_destroy(struct train_task **t); /* NULL-safe */

#endif
