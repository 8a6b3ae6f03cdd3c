/* A whole training: epochs over a data set, validation, checkpoints, files in one folder. Knows no task.
 *
 * In the folder: checkpoint-STEP.safetensors (the last two), best.safetensors and model.safetensors (plain weights,
 * each with its card), log.jsonl (a line an epoch), loss.png, .lock. Every file appears whole or not at all. */
#ifndef LIMN_TRAIN_TRAINER_H
#define LIMN_TRAIN_TRAINER_H

#include "train/loader.h"
#include "vk/device.h"

struct train_progress {
    int32_t epoch, epochs; /* from 1 */
    size_t batch, batches;
    bool validating;
    double loss, hits; /* of the epoch so far; hits in [0,1], -1 for tasks that count none */
    double rate, left; /* samples a second; seconds to the end, -1: not known yet */
};
struct train_epoch {
    int32_t epoch;                         /* from 1 */
    double loss, hits, val_loss, val_hits; /* -1: none */
    double lr, seconds;
    bool best;
};

struct train_options {
    struct vk_device *dev; /* NULL: the reference executor */
    struct exec_params exec;
    struct train_task *task;
    struct dataset *data;
    enum data_split val; /* split to validate on; DATA_TRAIN: none */
    struct train_spec spec;
    struct schedule schedule;
    struct loader_options input; /* augment (of training only), mean, std, range, bgr, workers; the rest is filled in */
    int32_t batch, epochs;
    uint64_t seed;
    const char *folder;
    bool resume, force;
    int32_t save_every;  /* updates between checkpoints within an epoch; 0: none */
    double save_seconds; /* at most so long without a checkpoint; 0: no such limit */
    const char *card;    /* JSON text written beside exported weights */
    const char *config;  /* JSON object: what a training that is resumed must have had alike */
    bool (*step)(void *user, const struct train_progress *p); /* false: checkpoint, then LIMN_CANCELLED */
    void (*epoch)(void *user, const struct train_epoch *e);
    void (*note)(void *user, const char *line);
    void *user;
};

struct train_result {
    int32_t epochs, best_epoch; /* done; best_epoch 0: none */
    struct train_epoch last, best;
    uint64_t params;
};

limn_status train_run(const struct train_options *o, struct train_result *out, limn_error *err);

/* ---- state.c: what a checkpoint remembers beside tensors ---- */
struct train_state {
    int32_t epoch; /* being trained, from 0 */
    size_t batch;  /* next of that epoch */
    uint64_t step, update;
    struct train_score score, best_score;
    double seconds; /* of this epoch so far */
    struct train_epoch *history;
    size_t n_history, cap_history;
    int32_t best_epoch; /* from 1; 0: none */
};
/* Text for checkpoint_write; mem_free. `fingerprint` of the data set, `device` by name. */
limn_status state_text(const struct train_state *s, const struct train_options *o, uint64_t fingerprint,
                       const char *device, char **out, limn_error *err);
/* Fills *s from the text, after checking that task, data set and configuration are the same. *device_same: it ran on a
 * device of the same name. */
limn_status state_parse(const char *text, const struct train_options *o, uint64_t fingerprint, const char *device,
                        struct train_state *s, bool *device_same, limn_error *err);
void state_finish(struct train_state *s);
limn_status state_add_epoch(struct train_state *s, const struct train_epoch *e, limn_error *err);
/* One line of JSON with a newline; returns its length as snprintf does. */
int epoch_line(const struct train_task *t, const struct train_epoch *e, char *buf, size_t size);

/* ---- folder.c ---- */
struct train_folder {
    char path[3072];
    int lock;
};
/* Makes and locks the folder. LIMN_ERR_IO when another process trains there, or when it holds a training and neither
 * `resume` nor `force` was asked for. */
limn_status folder_open(struct train_folder *f, const char *path, bool resume, bool force, limn_error *err);
void folder_close(struct train_folder *f); /* zeroed struct allowed */
limn_status folder_write_log(const struct train_folder *f, const struct train_task *t, const struct train_state *s,
                             limn_error *err);
limn_status folder_draw_losses(const struct train_folder *f, const struct train_state *s, limn_error *err);
/* NAME.safetensors and NAME.json */
limn_status folder_export(const struct train_folder *f, const char *name, struct train_plan *p, bool ema,
                          const char *card, limn_error *err);

#endif
