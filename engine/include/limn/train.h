/* limn: training classifiers and autoencoders, and testing them. The rules of limn.h hold; everything here is file and
 * device work, and returns when it is done or cancelled. */
#ifndef LIMN_TRAIN_H
#define LIMN_TRAIN_H

#include <limn/limn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Names of optimisers ("sgd", "adam", "adamw"), of learning-rate schedules ("constant", "step", "cosine"), of data set
 * formats and of architectures; NULL past the last. Quick. */
LIMN_API const char *limn_optimizer_name(size_t i);
LIMN_API const char *limn_schedule_name(size_t i);
LIMN_API const char *limn_data_format_name(size_t i);
LIMN_API const char *limn_arch_name(size_t i);

struct limn_data_params { /* zero or NULL: the default of each field */
    const char *path;
    const char *format;      /* recognised */
    const char *split_path;  /* a file that says which sample is in which split, for formats that have one */
    const char *labels_path; /* class names, one a line */
    int32_t height, width;   /* of the samples; the data set's own */
    int32_t channels;
    double val_part, test_part; /* parts of the training samples to set aside, by `seed` */
    size_t limit;               /* at most so many samples of each split */
    int32_t resize;             /* pictures: shorter side before the centre is cut out; what just covers the sample */
    int32_t tile, border;       /* annotations: side of the square around each; its longer side + 2 * border */
    uint64_t seed;              /* limn_train: its own seed, whatever stands here */
};

struct limn_train_progress {
    int32_t epoch, epochs;
    uint64_t batch, batches;
    bool validating;
    double loss, accuracy; /* of the epoch so far; accuracy -1: none */
    double rate, left;     /* samples a second; seconds to the end, -1: not known yet */
};
struct limn_train_epoch {
    int32_t epoch;                                 /* from 1 */
    double loss, accuracy, val_loss, val_accuracy; /* -1: none */
    double lr, seconds;
    bool best;
};

struct limn_train_params { /* zero or NULL: the default of each field */
    struct limn_data_params data;
    const char *val_split; /* "val", "test" or "none"; NULL: val, set aside (a tenth) where the data set has none */
    const char *output;    /* folder */
    const char *arch;
    const char *start;         /* weights to start from; a last layer of another size is drawn anew */
    const char *const *frozen; /* modules that keep their weights and BatchNorm statistics ("layer1") */
    size_t n_frozen;
    int32_t epochs, batch; /* 10, 32 */
    int32_t accumulate;    /* batches for one update: 1 */
    int32_t workers;       /* threads that make batches */
    const char *optimizer; /* "adam" */
    double lr;             /* SGD 0.01, else 0.001 */
    double weight_decay;   /* AdamW 0.01, else 0; negative: none */
    double momentum;       /* of SGD: 0.9; negative: none */
    double beta1, beta2;   /* of Adam: 0.9, 0.999 */
    bool nesterov, amsgrad;
    const char *schedule;            /* "constant" */
    double warmup;                   /* epochs: 0 */
    double step_epochs, step_factor; /* of "step": a third of the epochs, 0.1 */
    double floor;                    /* of "cosine": 0 */
    double ema;                      /* decay of the average of the weights that is validated and exported; 0: none */
    double smoothing;                /* of labels */
    const double *class_weights;     /* one a class */
    size_t n_class_weights;
    bool balance; /* class weights by their rarity instead */
    bool flip;    /* augmentation: see the manual of `limn train` */
    int32_t crop;
    double rotate, translate, scale, brightness, contrast;
    uint64_t seed;
    const char *encoder; /* limn_train_decoder: a classifier that the decoder is put on and that stays as it is, or the
                          * name of an autoencoder architecture, all of which is then trained. With `arch`, an
                          * autoencoder: a file with the weights of its encoder */
    const char *layer;   /* of the encoder, where the decoder starts; NULL: its default layer */
    const char *decoder; /* "decoder", "resize-decoder", each with a width behind it ("decoder32"); NULL: decoder16 */
    const char *loss;    /* of pictures in [0,1]: "mse" (default), "l1" or "elastic", their sum */
    bool whole;          /* train the encoder too */
    bool resume, force;
    int32_t save_every;  /* updates between checkpoints within an epoch: none */
    double save_seconds; /* and at most so long without: 600; negative: no limit */
    bool (*step)(void *user, const struct limn_train_progress *p); /* false: checkpoint, then LIMN_CANCELLED */
    void (*epoch)(void *user, const struct limn_train_epoch *e);
    void (*note)(void *user, const char *line); /* what was resumed or skipped; safe to print */
    void *user;
};

struct limn_train_result {
    int32_t epochs, best_epoch; /* best_epoch 0: none */
    struct limn_train_epoch last, best;
    uint64_t params;
    int32_t n_classes;
    uint64_t n_train, n_val;
};

/* Trains and writes into the folder: checkpoint-*.safetensors (the last two), best.safetensors and model.safetensors
 * with their cards, log.jsonl, loss.png. A folder that holds a training is LIMN_ERR_IO unless `resume` or `force`;
 * so is one in which another process trains. A loss that is not finite is LIMN_ERR_NUMERIC; checkpoints stay. `out` may
 * be NULL. */
LIMN_API limn_status limn_train_classifier(limn_context *ctx, const struct limn_train_params *p,
                                           struct limn_train_result *out, limn_error *err);

/* The same for an autoencoder; there are no labels. On a classifier that takes the data set's pictures, val_accuracy is
 * the part of the validation samples whose reconstruction it gives the same class. */
LIMN_API limn_status limn_train_decoder(limn_context *ctx, const struct limn_train_params *p,
                                        struct limn_train_result *out, limn_error *err);
LIMN_API const char *limn_decoder_loss_name(size_t i); /* NULL past the last. Quick. */

struct limn_test_params {
    struct limn_data_params data; /* sizes are the model's */
    const char *split;            /* "train", "val" or "test"; NULL: the first of test, val, train that is not empty */
    int32_t batch;                /* 0: chosen */
    bool (*step)(void *user, double done, const char *what);
    void *user;
};
struct limn_test {
    uint64_t n;
    int32_t n_classes;
    uint64_t *confusion; /* [truth][answer] */
    const char *
        *name; /* of the classes, safe to print; data set's, or the model's labels where there are numbers only */
    double accuracy, top5; /* top5 -1 with five classes or fewer */
    double loss;           /* mean cross-entropy */
    double seconds;
    char split[8];
};
/* Runs the model on a split. LIMN_ERR_ARG when the numbers of classes differ. */
LIMN_API limn_status limn_test_classifier(limn_model *m, const struct limn_test_params *p, struct limn_test **out,
                                          limn_error *err);
LIMN_API void limn_test_free(struct limn_test **t);
/* The confusion matrix as a picture. */
LIMN_API limn_status limn_test_picture(const struct limn_test *t, limn_image **out, limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
