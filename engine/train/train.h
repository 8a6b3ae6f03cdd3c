/* Training on the same graphs: losses and optimisers are nodes, so that one recorded plan is a step. No number leaves
 * the device between steps but the loss and what the score wants.
 *
 * To train something else than a classifier, write a struct train_task (below): `make` appends the network and the
 * loss of each sample; everything else (parameters, gradients, optimiser, BatchNorm, batches, checkpoints, resuming,
 * metrics files) is done for it by trainer.c. */
#ifndef LIMN_TRAIN_TRAIN_H
#define LIMN_TRAIN_TRAIN_H

#include "data/data.h"
#include "exec/exec.h"
#include "ops/ops.h"

/* ---- loss.c: nodes ---- */
enum loss_kind { LOSS_CROSS_ENTROPY, LOSS_MSE, LOSS_L1, LOSS_BCE, LOSS_COUNT };
/* The loss of every sample, [N], of y and a target of its shape. Cross-entropy: y [N,C] logits, targets are
 * probabilities (one-hot for hard labels); BCE: y logits, targets in [0,1]. The others and BCE take the mean over a
 * sample's elements, or with `sum` their sum. */
value_id loss_items(struct builder *b, enum loss_kind kind, bool sum, value_id y, value_id target);
/* sum of weight[i] * items[i], a scalar: the mean of a batch when every weight is 1/N, PyTorch's weighted mean when
 * they are class weights over their sum. */
value_id loss_total(struct builder *b, value_id items, value_id weight);

/* ---- optim.c ---- */
enum optim_rule { OPTIM_SGD, OPTIM_ADAM, OPTIM_ADAMW, OPTIM_COUNT };
const char *optim_name(enum optim_rule r); /* "sgd", "adam", "adamw" */
struct optim_options {
    enum optim_rule rule;
    double lr, weight_decay;
    double momentum; /* SGD */
    bool nesterov;
    double beta1, beta2, eps; /* Adam */
    bool amsgrad;
};
struct optim_options optim_default(enum optim_rule r);
limn_status optim_check(const struct optim_options *o, limn_error *err);
int32_t optim_rows(const struct optim_options *o);                    /* rows of the state of one parameter */
const char *optim_row_name(const struct optim_options *o, int32_t i); /* "momentum"; "m", "v", "vmax" */
/* The numbers that op_sgd_update and op_adam_update take for step t = 1, 2, ... */
void optim_numbers(const struct optim_options *o, double lr, uint64_t t, float h[4]);

enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_STEP, SCHEDULE_COSINE, SCHEDULE_COUNT };
const char *schedule_name(enum schedule_kind k); /* "constant", "step", "cosine" */
struct schedule {
    enum schedule_kind kind;
    double warmup;       /* epochs in which the rate rises linearly to its value; 0: none */
    double every, gamma; /* step: times gamma each `every` epochs */
    double floor;        /* cosine: ends at floor * lr */
};
/* The learning rate of update `t` (from 0) of a training with `per_epoch` updates an epoch. */
double schedule_rate(const struct schedule *s, double lr, uint64_t t, uint64_t per_epoch, int32_t epochs);

/* ---- the task ---- */
struct train_graph { /* what a task builds; `graph` goes to the caller */
    struct graph *graph;
    value_id input;        /* [N,C,H,W], normalised samples */
    value_id target;       /* set from train_task.target; VALUE_NONE when the loss needs none */
    value_id items;        /* [N]: loss_items, or anything that is to be minimised */
    value_id output;       /* what `score` reads; VALUE_NONE: nothing */
    value_id dropout_step; /* VALUE_NONE without dropout */
};

struct train_score {      /* sums over an epoch; exact in double, so that they survive a checkpoint */
    double loss, weight;  /* sum of weight * loss, sum of weights */
    double hits, samples; /* of tasks that count right answers */
    double extra[4];      /* the task's own sums */
};

struct train_task {
    const char *name; /* "classifier"; written into checkpoints */
    /* Forward pass and loss of `batch` samples. Trainable are the constants flagged VALUE_PARAM that the loss depends
     * on, unless their name begins with one of train_spec.frozen; BatchNorm (inference form) whose gamma is trainable
     * is trained with the statistics of the batch, all others stay as they are. `train` is false for the graph that
     * validates: same names, no dropout. Sources of the constants must live until the next make or the task's end. */
    limn_status (*make)(struct train_task *t, int32_t batch, bool train, struct train_graph *out, limn_error *err);
    size_t target_elems; /* numbers of one sample's target; 0: none */
    /* By worker threads: the target of one sample. `x` is the input as it goes to the device. May be NULL. */
    void (*target)(const struct train_task *t, const float *x, int32_t label, float *target);
    double (*weight)(const struct train_task *t, int32_t label); /* of a sample in the loss; NULL: 1 */
    size_t output_elems;                                         /* numbers of one sample's output */
    /* Adds one sample to the sums (loss, weight and samples are counted already). May be NULL. */
    void (*score)(const struct train_task *t, const float *output, const float *target, int32_t label,
                  struct train_score *s);
    bool counts_hits; /* score counts right answers in `hits` */
    /* NULL, or what `hits` are in the log ("class_kept") of a task that counts them when it validates only: then `make`
     * gives its output, and score is called, for those graphs alone. */
    const char *val_hits;
    /* true when `a` is the better epoch by validation; NULL: the smaller loss. */
    bool (*better)(const struct train_score *a, const struct train_score *b);
};

/* ---- plan.c: the recorded step, and the numbers that live on the device ---- */
enum train_tensor_kind { TENSOR_PARAM, TENSOR_STAT, TENSOR_FIXED, TENSOR_OPTIM, TENSOR_EMA };
struct train_tensor {
    const char *name; /* "conv1.weight", "bn1.running_mean", "optim.m.conv1.weight", "ema.conv1.weight" */
    enum train_tensor_kind kind;
    struct shape shape;
    size_t offset, n; /* elements of `value` */
    value_id value;   /* state; VALUE_NONE for TENSOR_FIXED */
    const struct const_source *source;
};

struct train_spec {
    struct optim_options optim;
    const char *const *frozen; /* prefixes of names: whole parts up to a dot, or all of it */
    size_t n_frozen;
    int32_t accumulate;  /* batches for one update; 0 or 1: each */
    double ema;          /* decay of the running average of the parameters; 0: none */
    bool running_frozen; /* running statistics of trainable BatchNorm are not updated */
};

struct train_plan;
/* dev NULL: the reference executor. The task must outlive the plan. */
limn_status train_plan_create(struct vk_device *dev, const struct exec_params *p, struct train_task *task,
                              int32_t batch, const struct train_spec *spec, struct train_plan **out, limn_error *err);
void train_plan_destroy(struct train_plan **p); /* NULL-safe */
size_t train_plan_count(const struct train_plan *p);
const struct train_tensor *train_plan_tensor(const struct train_plan *p, size_t i);
limn_status train_plan_get(struct train_plan *p, size_t i, float *dst, limn_error *err);
limn_status train_plan_set(struct train_plan *p, size_t i, const float *src, limn_error *err); /* not TENSOR_FIXED */
uint64_t train_plan_params(const struct train_plan *p);                                        /* trainable numbers */

struct train_batch {                  /* of plan's batch size */
    const float *x, *target, *weight; /* weight: of each sample in the sum that is minimised */
};
/* Forward, backward and, after every `accumulate` batches, the update (`last` of a group; `first` starts the sums).
 * `numbers` as optim_numbers makes them, `step` is the number that dropout draws by. items: [N], output: as the task
 * has it, either may be NULL. */
struct train_numbers {
    float h[4];
    uint64_t step;
    bool first, last;
};
limn_status train_plan_step(struct train_plan *p, const struct train_batch *b, const struct train_numbers *n,
                            float *items, float *output, limn_error *err);
/* The same in three parts. The batch of the next step may be put (it is copied) while the device works on a step,
 * between start and wait; nothing else may be done with the plan then. */
limn_status train_plan_put(struct train_plan *p, const struct train_batch *b, const struct train_numbers *n,
                           limn_error *err);
limn_status train_plan_start(struct train_plan *p, limn_error *err); /* on what was put last */
limn_status train_plan_wait(struct train_plan *p, float *items, float *output, limn_error *err);

/* The network without dropout and with running statistics, on the numbers of a plan. */
struct train_eval;
limn_status train_eval_create(struct vk_device *dev, const struct exec_params *p, int32_t batch,
                              struct train_plan *plan, struct train_eval **out, limn_error *err);
void train_eval_destroy(struct train_eval **e); /* NULL-safe */
/* Takes over the plan's parameters and statistics; with `ema` the averages where there are any. */
limn_status train_eval_load(struct train_eval *e, bool ema, limn_error *err);
limn_status train_eval_run(struct train_eval *e, const float *x, const float *target, float *items, float *output,
                           limn_error *err);

#endif
