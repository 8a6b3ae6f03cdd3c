/* The training loop. What it does next is a function of struct train_state alone, which every checkpoint holds, so that
 * a training that was stopped anywhere goes on to the same bits. */
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "train/checkpoint.h"

enum { CHECKPOINT_PATH = 4096, KEEP = 2 };

/* The batch that was put on the device for the next step, or why it could not be. */
struct staged {
    const struct loader_batch *batch;
    struct train_numbers numbers;
    limn_status status;
    limn_error err;
};

struct trainer {
    const struct train_options *o;
    struct train_folder folder;
    struct train_plan *plan;
    struct train_eval *eval;
    struct loader *train, *val;
    struct train_state s;
    uint64_t fingerprint;
    const char *device;
    size_t batches, val_batches, per_epoch; /* per_epoch: updates */
    struct staged next;
    float *items, *output, *weight;
    bool stop;
    double began, saved; /* clock: this epoch, the last checkpoint */
    double spent;        /* seconds of training batches in this process */
    size_t done;         /* batches in this process */
    double val_seconds;  /* of the last validation */
    char last_path[CHECKPOINT_PATH];
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void say(const struct trainer *r, const char *line)
{
    if (r->o->note) {
        r->o->note(r->o->user, line);
    }
}

/* --- setting up --- */

static limn_status make_loaders(struct trainer *r, limn_error *err)
{
    const struct train_options *o = r->o;
    struct loader_options in = o->input;
    limn_status st = LIMN_OK;
    in.data = o->data;
    in.batch = o->batch;
    in.task = o->task;
    in.seed = o->seed;
    in.split = DATA_TRAIN;
    in.shuffle = true;
    TRY(loader_create(&in, &r->train, err));
    r->batches = loader_batches(r->train);
    if (o->val != DATA_TRAIN) {
        in.split = o->val;
        in.shuffle = false;
        in.augment = (struct augment){0};
        TRY(loader_create(&in, &r->val, err));
        r->val_batches = loader_batches(r->val);
    }
out:
    return st;
}

static limn_status make_plans(struct trainer *r, limn_error *err)
{
    const struct train_options *o = r->o;
    size_t n = (size_t)o->batch;
    limn_status st = LIMN_OK;
    TRY(train_plan_create(o->dev, &o->exec, o->task, o->batch, &o->spec, &r->plan, err));
    if (r->val) {
        TRY(train_eval_create(o->dev, &o->exec, o->batch, r->plan, &r->eval, err));
    }
    r->items = mem_alloc(n, sizeof(float));
    r->weight = mem_alloc(n, sizeof(float));
    r->output = mem_alloc(n * o->task->output_elems + 1, sizeof(float));
    if (!r->items || !r->weight || !r->output) {
        TRY(err_nomem(err, n * o->task->output_elems * sizeof(float), "results of a batch"));
    }
out:
    return st;
}

static limn_status resume(struct trainer *r, limn_error *err)
{
    struct checkpoint *c = NULL;
    bool same = true;
    char line[CHECKPOINT_PATH + 200];
    limn_status st = LIMN_OK;
    TRY(checkpoint_newest(r->folder.path, r->o->note, r->o->user, &c, r->last_path, sizeof(r->last_path), err));
    if (!c && r->last_path[0]) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: none of its checkpoints is whole (--force starts anew)",
                       r->folder.path);
    }
    if (!c) {
        say(r, "no checkpoint to resume from: starting anew");
        return LIMN_OK;
    }
    st = state_parse(checkpoint_state(c), r->o, r->fingerprint, r->device, &r->s, &same, err);
    if (st != LIMN_OK) {
        err_at(err, "%s", r->last_path);
        goto out;
    }
    if (r->s.batch > r->batches || r->s.epoch > r->o->epochs) {
        TRY(err_set(err, LIMN_ERR_ARG, "%s: is at epoch %d, batch %zu (expected at most %d and %zu)", r->last_path,
                    r->s.epoch, r->s.batch, r->o->epochs, r->batches));
    }
    TRY(checkpoint_restore(c, r->plan, err));
    snprintf(line, sizeof(line), "resuming from %s: epoch %d, batch %zu of %zu", r->last_path, r->s.epoch + 1,
             r->s.batch, r->batches);
    say(r, line);
    if (!same) {
        say(r, "the checkpoint is from another device: results will differ in the last bits");
    }
out:
    checkpoint_close(&c);
    return st;
}

/* --- checkpoints --- */

static limn_status save(struct trainer *r, limn_error *err)
{
    char path[CHECKPOINT_PATH], *text = NULL;
    limn_status st = LIMN_OK;
    TRY(state_text(&r->s, r->o, r->fingerprint, r->device, &text, err));
    checkpoint_path(r->folder.path, r->s.step + (uint64_t)r->s.epoch, path, sizeof(path));
    TRY(checkpoint_write(path, r->plan, text, err));
    memcpy(r->last_path, path, sizeof(path));
    checkpoint_prune(r->folder.path, KEEP);
    r->saved = now();
out:
    mem_free(text);
    return st;
}

static limn_status save_and_stop(struct trainer *r, limn_error *err)
{
    limn_status st = save(r, err);
    return st != LIMN_OK ? st
                         : err_set(err, LIMN_CANCELLED, "stopped in epoch %d; %s holds what is done (--resume goes on)",
                                   r->s.epoch + 1, r->last_path);
}

static bool is_due(const struct trainer *r)
{
    const struct train_options *o = r->o;
    return (o->save_every > 0 && r->s.update % (uint64_t)o->save_every == 0) ||
           (o->save_seconds > 0 && now() - r->saved >= o->save_seconds);
}

/* --- batches --- */

static limn_status not_finite(struct trainer *r, const struct loader_batch *b, size_t k, bool val, limn_error *err)
{
    char where[400], kept[CHECKPOINT_PATH + 32] = "there was no checkpoint yet";
    dataset_describe(r->o->data, val ? r->o->val : DATA_TRAIN, b->sample[k], where, sizeof(where));
    if (r->last_path[0]) {
        snprintf(kept, sizeof(kept), "%s is the last checkpoint", r->last_path);
    }
    return err_set(err, LIMN_ERR_NUMERIC, "epoch %d: the loss of %.100s is %g (a lower --lr may help); %.200s",
                   r->s.epoch + 1, where, (double)r->items[k], kept);
}

static limn_status add_scores(struct trainer *r, const struct loader_batch *b, bool val, struct train_score *s,
                              limn_error *err)
{
    const struct train_task *t = r->o->task;
    for (size_t k = 0; k < b->n; k++) {
        if (!isfinite(r->items[k])) {
            return not_finite(r, b, k, val, err);
        }
        s->loss += (double)b->raw[k] * (double)r->items[k];
        s->weight += (double)b->raw[k];
        s->samples++;
        if (t->score && (val || !t->val_hits)) {
            t->score(t, r->output + k * t->output_elems, b->target + k * t->target_elems, b->label[k], s);
        }
    }
    return LIMN_OK;
}

static double mean_loss(const struct train_score *s)
{
    return s->weight > 0 ? s->loss / s->weight : 0;
}

static double hit_rate(const struct trainer *r, const struct train_score *s, bool val)
{
    const struct train_task *t = r->o->task;
    return (t->counts_hits || (val && t->val_hits && t->score)) && s->samples > 0 ? s->hits / s->samples : -1;
}

static double seconds_left(const struct trainer *r)
{
    if (r->done < 3) {
        return -1;
    }
    double batches = (double)(r->o->epochs - r->s.epoch) * (double)r->batches - (double)r->s.batch;
    return batches * r->spent / (double)r->done + r->val_seconds * (r->o->epochs - r->s.epoch);
}

static void report(struct trainer *r, size_t batch, size_t batches, bool validating, const struct train_score *s)
{
    struct train_progress p = {.epoch = r->s.epoch + 1,
                               .epochs = r->o->epochs,
                               .batch = batch,
                               .batches = batches,
                               .validating = validating,
                               .loss = mean_loss(s),
                               .hits = hit_rate(r, s, validating),
                               .rate = r->spent > 0 ? (double)r->done * r->o->batch / r->spent : 0,
                               .left = seconds_left(r)};
    if (r->o->step && !r->o->step(r->o->user, &p)) {
        r->stop = true;
    }
}

/* Place of a batch of the epoch in its group of `accumulate`; the last group of an epoch may be shorter. */
struct group {
    size_t at, n;
};

static struct group group_of(const struct trainer *r, size_t batch)
{
    size_t size = r->o->spec.accumulate > 1 ? (size_t)r->o->spec.accumulate : 1, at = batch % size;
    size_t left = r->batches - (batch - at);
    return (struct group){at, left < size ? left : size};
}

/* Takes the batch `ahead` (0 or 1) of the next one and puts it; `updates` will be done before it. */
static limn_status put_batch(struct trainer *r, size_t ahead, uint64_t updates, limn_error *err)
{
    struct group g = group_of(r, r->s.batch + ahead);
    struct train_numbers n = {.step = r->s.step + ahead, .first = g.at == 0, .last = g.at + 1 == g.n};
    double lr = schedule_rate(&r->o->schedule, r->o->spec.optim.lr, updates, r->per_epoch, r->o->epochs);
    const struct loader_batch *b = NULL;
    limn_status st = LIMN_OK;
    TRY(loader_next(r->train, &b, err));
    for (int32_t k = 0; k < r->o->batch; k++) {
        r->weight[k] = b->weight[k] / (float)g.n;
    }
    optim_numbers(&r->o->spec.optim, lr, updates + 1, n.h);
    TRY(train_plan_put(r->plan, &(struct train_batch){b->x, b->target, r->weight}, &n, err));
    r->next.batch = b;
    r->next.numbers = n;
out:
    return st;
}

/* An error is kept until it is the batch's turn: the step that runs meanwhile is good, and counts. */
static void stage_batch(struct trainer *r, size_t ahead, uint64_t updates)
{
    if (r->s.batch + ahead < r->batches) {
        r->next.status = put_batch(r, ahead, updates, &r->next.err);
    }
}

static limn_status train_batch(struct trainer *r, bool *whole, limn_error *err)
{
    struct staged now_on = r->next;
    bool last = now_on.numbers.last;
    double start = now();
    limn_status st = now_on.status;
    if (st != LIMN_OK) {
        if (err) {
            *err = now_on.err;
        }
        return st;
    }
    TRY(train_plan_start(r->plan, err));
    stage_batch(r, 1, r->s.update + last); /* while the device works */
    TRY(train_plan_wait(r->plan, r->items, r->output, err));
    TRY(add_scores(r, now_on.batch, false, &r->s.score, err));
    r->s.batch++;
    r->s.step++;
    r->s.update += last;
    r->spent += now() - start;
    r->s.seconds += now() - start;
    r->done++;
    *whole = last;
out:
    return st;
}

static limn_status train_batches(struct trainer *r, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(loader_begin(r->train, (uint64_t)r->s.epoch, r->s.batch, err));
    stage_batch(r, 0, r->s.update);
    while (r->s.batch < r->batches) {
        bool whole = false;
        TRY(train_batch(r, &whole, err));
        report(r, r->s.batch, r->batches, false, &r->s.score);
        if (whole && r->stop) {
            TRY(save_and_stop(r, err));
        }
        if (whole && r->s.batch < r->batches && is_due(r)) {
            TRY(save(r, err));
        }
    }
out:
    return st;
}

static limn_status validate(struct trainer *r, struct train_score *s, limn_error *err)
{
    double start = now();
    limn_status st = LIMN_OK;
    if (!r->val) {
        return LIMN_OK;
    }
    TRY(train_eval_load(r->eval, true, err));
    TRY(loader_begin(r->val, 0, 0, err));
    for (size_t i = 0; i < r->val_batches; i++) {
        const struct loader_batch *b = NULL;
        TRY(loader_next(r->val, &b, err));
        TRY(train_eval_run(r->eval, b->x, b->target, r->items, r->output, err));
        TRY(add_scores(r, b, true, s, err));
        report(r, i + 1, r->val_batches, true, s);
        if (r->stop) {
            TRY(save_and_stop(r, err));
        }
    }
    r->val_seconds = now() - start;
out:
    return st;
}

static bool is_better(const struct trainer *r, const struct train_score *a)
{
    const struct train_score *b = &r->s.best_score;
    if (r->s.best_epoch == 0) {
        return true;
    }
    return r->o->task->better ? r->o->task->better(a, b) : mean_loss(a) < mean_loss(b);
}

/* The files of an epoch, the checkpoint last: what a kill leaves behind is made again. */
static limn_status finish_epoch(struct trainer *r, const struct train_score *val, limn_error *err)
{
    const struct train_score *judged = r->val ? val : &r->s.score;
    struct train_epoch e = {.epoch = r->s.epoch + 1,
                            .loss = mean_loss(&r->s.score),
                            .hits = hit_rate(r, &r->s.score, false),
                            .val_loss = r->val ? mean_loss(val) : -1,
                            .val_hits = r->val ? hit_rate(r, val, true) : -1,
                            .seconds = r->s.seconds,
                            .best = is_better(r, judged)};
    limn_status st = LIMN_OK;
    e.lr = schedule_rate(&r->o->schedule, r->o->spec.optim.lr, r->s.update ? r->s.update - 1 : 0, r->per_epoch,
                         r->o->epochs);
    if (e.best) {
        r->s.best_score = *judged;
        r->s.best_epoch = e.epoch;
        TRY(folder_export(&r->folder, "best", r->plan, true, r->o->card, err));
    }
    TRY(state_add_epoch(&r->s, &e, err));
    r->s.epoch++;
    r->s.batch = 0;
    r->s.seconds = 0;
    r->s.score = (struct train_score){0};
    TRY(save(r, err));
    TRY(folder_write_log(&r->folder, r->o->task, &r->s, err));
    TRY(folder_draw_losses(&r->folder, &r->s, err));
    if (r->o->epoch) {
        r->o->epoch(r->o->user, &e);
    }
out:
    return st;
}

static limn_status run_epochs(struct trainer *r, limn_error *err)
{
    limn_status st = LIMN_OK;
    while (r->s.epoch < r->o->epochs) {
        struct train_score val = {0};
        TRY(train_batches(r, err));
        TRY(validate(r, &val, err));
        TRY(finish_epoch(r, &val, err));
        if (r->stop && r->s.epoch < r->o->epochs) {
            TRY(save_and_stop(r, err));
        }
    }
    TRY(folder_write_log(&r->folder, r->o->task, &r->s, err));
    TRY(folder_draw_losses(&r->folder, &r->s, err));
    TRY(folder_export(&r->folder, "model", r->plan, true, r->o->card, err));
out:
    return st;
}

static limn_status check_options(const struct train_options *o, limn_error *err)
{
    if (o->batch < 1 || o->batch > 1 << 20 || o->epochs < 1 || o->epochs > 1000000) {
        return err_set(err, LIMN_ERR_ARG, "%d epochs in batches of %d (expected 1 or more)", o->epochs, o->batch);
    }
    if (!(o->spec.ema >= 0 && o->spec.ema < 1)) {
        return err_set(err, LIMN_ERR_ARG, "average with decay %g (expected 0 or more, below 1)", o->spec.ema);
    }
    if (!(o->schedule.warmup >= 0 && o->schedule.floor >= 0) ||
        (o->schedule.kind == SCHEDULE_STEP && !(o->schedule.every > 0 && o->schedule.gamma > 0))) {
        return err_set(err, LIMN_ERR_ARG, "a schedule with warm-up %g, step %g, factor %g (expected more than 0)",
                       o->schedule.warmup, o->schedule.every, o->schedule.gamma);
    }
    if (dataset_count(o->data, DATA_TRAIN) == 0) {
        return err_set(err, LIMN_ERR_ARG, "the training split is empty");
    }
    return LIMN_OK;
}

static void fill_result(const struct trainer *r, struct train_result *out)
{
    *out = (struct train_result){.epochs = r->s.epoch, .best_epoch = r->s.best_epoch};
    out->params = train_plan_params(r->plan);
    if (r->s.n_history) {
        out->last = r->s.history[r->s.n_history - 1];
    }
    for (size_t i = 0; i < r->s.n_history; i++) {
        if (r->s.history[i].epoch == r->s.best_epoch) {
            out->best = r->s.history[i];
        }
    }
}

limn_status train_run(const struct train_options *o, struct train_result *out, limn_error *err)
{
    struct trainer *r = mem_zalloc(1, sizeof(*r));
    limn_status st = LIMN_OK;
    if (!r) {
        return err_nomem(err, sizeof(*r), "a training");
    }
    r->o = o;
    r->device = o->dev ? vk_device_get_info(o->dev)->name : "reference";
    r->fingerprint = dataset_fingerprint(o->data);
    TRY(check_options(o, err));
    TRY(folder_open(&r->folder, o->folder, o->resume, o->force, err));
    TRY(make_loaders(r, err));
    r->per_epoch = (r->batches + (size_t)(o->spec.accumulate > 1 ? o->spec.accumulate : 1) - 1) /
                   (size_t)(o->spec.accumulate > 1 ? o->spec.accumulate : 1);
    TRY(make_plans(r, err));
    if (o->resume) {
        TRY(resume(r, err));
    } else {
        checkpoint_prune(r->folder.path, 0); /* those of the training that --force replaces: nothing can fail before */
    }
    r->saved = now();
    TRY(run_epochs(r, err));
    fill_result(r, out);
out:
    train_eval_destroy(&r->eval);
    train_plan_destroy(&r->plan);
    loader_destroy(&r->train);
    loader_destroy(&r->val);
    folder_close(&r->folder);
    state_finish(&r->s);
    mem_free(r->items);
    mem_free(r->output);
    mem_free(r->weight);
    mem_free(r);
    return st;
}
