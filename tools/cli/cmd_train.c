/* limn train: what all tasks share (options, progress, the exit), and the classifier. A task is a row of `tasks`. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "rows.h"
#include "train.h"

/* ---- options ---- */

void data_params(const struct args *a, const char *path, struct limn_data_params *p)
{
    *p = (struct limn_data_params){.path = path,
                                   .format = args_text(a, OPT_FORMAT, NULL),
                                   .split_path = args_text(a, OPT_SPLIT_FILE, NULL),
                                   .labels_path = args_text(a, OPT_LABELS, NULL),
                                   .val_part = args_real(a, OPT_VAL_PART, 0),
                                   .limit = (size_t)args_int(a, OPT_LIMIT, 0),
                                   .resize = (int32_t)args_int(a, OPT_RESIZE, 0),
                                   .tile = (int32_t)args_int(a, OPT_TILE, 0),
                                   .border = (int32_t)args_int(a, OPT_BORDER, 0),
                                   .seed = (uint64_t)args_int(a, OPT_SEED, 0)};
}

/* One part of --augment: "flip", "crop=4", "rotate=15". */
static int augment_part(struct limn_train_params *p, const char *text)
{
    struct {
        const char *name;
        double value, most;
    } part[] = {{"crop", 0, 1024}, {"rotate", 0, 180},   {"translate", 0, 1},
                {"scale", 0, 0.9}, {"brightness", 0, 1}, {"contrast", 0, 1}};
    size_t n = strcspn(text, "=,"), count = sizeof(part) / sizeof(part[0]);
    double *to[] = {NULL, &p->rotate, &p->translate, &p->scale, &p->brightness, &p->contrast};
    if (n == 4 && strncmp(text, "flip", n) == 0 && text[n] != '=') {
        p->flip = true;
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (strlen(part[i].name) != n || strncmp(text, part[i].name, n) != 0) {
            continue;
        }
        char *end = NULL;
        double v = text[n] == '=' ? strtod(text + n + 1, &end) : 0;
        if (!end || end == text + n + 1 || (*end != ',' && *end) || !(v >= 0 && v <= part[i].most)) {
            return say_error(EXIT_USAGE, "--augment: %s=... (expected a number from 0 to %g)", part[i].name,
                             part[i].most);
        }
        if (to[i]) {
            *to[i] = v;
        } else {
            p->crop = (int32_t)v;
        }
        return 0;
    }
    return say_error(EXIT_USAGE,
                     "--augment: unknown part (found \"%.*s\", expected flip, crop=, rotate=, translate=, scale=, "
                     "brightness=, contrast=)",
                     (int)(n < 40 ? n : 40), safe(text));
}

static int augment_params(const struct args *a, struct limn_train_params *p)
{
    int code = 0;
    for (size_t i = 0; i < a->opt[OPT_AUGMENT].n && code == 0; i++) {
        for (const char *at = a->opt[OPT_AUGMENT].v[i]; *at && code == 0;) {
            code = augment_part(p, at);
            at += strcspn(at, ",");
            at += *at == ',';
        }
    }
    return code;
}

static int class_weights(const struct args *a, struct limn_train_params *p, double reals[TRAIN_REALS])
{
    const char *text = args_text(a, OPT_CLASS_WEIGHTS, NULL);
    if (text && strcmp(text, "balance") == 0) {
        p->balance = true;
        return 0;
    }
    for (const char *at = text; at && *at;) {
        char *end = NULL;
        double v = strtod(at, &end);
        if (end == at || (*end != ',' && *end) || !(v >= 0) || p->n_class_weights == TRAIN_REALS) {
            return say_error(EXIT_USAGE, "--class-weights: bad value (found \"%s\", expected A,B,... or balance)",
                             safe(text));
        }
        reals[p->n_class_weights++] = v;
        at = *end ? end + 1 : end;
    }
    p->class_weights = reals;
    return 0;
}

/* 0 stands for the default in the parameters, so that a 0 that was asked for is negative there. */
static double or_none(const struct args *a, enum option_id id)
{
    double v = args_real(a, id, 0);
    return args_has(a, id) && v == 0 ? -1 : v;
}

int train_params(const struct args *a, struct limn_train_params *p, double reals[TRAIN_REALS])
{
    *p = (struct limn_train_params){.val_split = args_text(a, OPT_VAL, NULL),
                                    .output = args_text(a, OPT_OUTPUT, NULL),
                                    .arch = args_text(a, OPT_ARCH, NULL),
                                    .start = args_text(a, OPT_START, NULL),
                                    .frozen = a->opt[OPT_FREEZE].v,
                                    .n_frozen = a->opt[OPT_FREEZE].n,
                                    .epochs = (int32_t)args_int(a, OPT_EPOCHS, 0),
                                    .batch = (int32_t)args_int(a, OPT_BATCH, 0),
                                    .accumulate = (int32_t)args_int(a, OPT_ACCUMULATE, 0),
                                    .workers = (int32_t)args_int(a, OPT_WORKERS, 0),
                                    .optimizer = args_text(a, OPT_OPTIMIZER, NULL),
                                    .lr = args_real(a, OPT_LR, 0),
                                    .weight_decay = or_none(a, OPT_WEIGHT_DECAY),
                                    .momentum = or_none(a, OPT_MOMENTUM),
                                    .nesterov = args_has(a, OPT_NESTEROV),
                                    .amsgrad = args_has(a, OPT_AMSGRAD),
                                    .schedule = args_text(a, OPT_SCHEDULE, NULL),
                                    .warmup = args_real(a, OPT_WARMUP, 0),
                                    .step_epochs = args_real(a, OPT_STEP_EPOCHS, 0),
                                    .step_factor = args_real(a, OPT_STEP_FACTOR, 0),
                                    .floor = args_real(a, OPT_FLOOR, 0),
                                    .ema = args_real(a, OPT_EMA, 0),
                                    .smoothing = args_real(a, OPT_SMOOTHING, 0),
                                    .seed = (uint64_t)args_int(a, OPT_SEED, 0),
                                    .resume = args_has(a, OPT_RESUME),
                                    .force = args_has(a, OPT_FORCE),
                                    .save_every = (int32_t)args_int(a, OPT_SAVE_EVERY, 0)};
    data_params(a, a->pos[a->n_pos - 1], &p->data);
    if (a->n_pos == 3) {
        p->encoder = a->pos[1];
        p->layer = a->opt[OPT_LAYER].n > 0 ? a->opt[OPT_LAYER].v[0] : NULL;
        p->decoder = args_text(a, OPT_DECODER, NULL);
        p->loss = args_text(a, OPT_LOSS, NULL);
        p->whole = args_has(a, OPT_WHOLE);
    }
    int32_t size[3] = {0};
    args_size(a, OPT_SIZE, size);
    p->data.height = size[1];
    p->data.width = size[2];
    if (!p->output) {
        return say_error(EXIT_USAGE, "--output: missing; name the folder that the training is to fill");
    }
    if (p->resume && p->force) {
        return say_error(EXIT_USAGE, "--resume continues what --force would replace; give one of them");
    }
    int code = augment_params(a, p);
    return code ? code : class_weights(a, p, reals);
}

/* ---- progress ---- */

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static char *text_time(double seconds, char buf[32])
{
    long s = seconds < 0 ? 0 : seconds > 359999 ? 359999 : lround(seconds);
    if (seconds < 0) {
        snprintf(buf, 32, "-:--");
    } else if (s >= 3600) {
        snprintf(buf, 32, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    } else {
        snprintf(buf, 32, "%ld:%02ld", s / 60, s % 60);
    }
    return buf;
}

static void clear_bar(struct train_report *r)
{
    if (r->shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        r->shown = false;
    }
}

static void draw_bar(struct train_report *r, const struct limn_train_progress *p)
{
    enum { CELLS = 20 };
    char bar[4 * CELLS], left[32], accuracy[40] = "";
    text_bar((double)p->batch / (double)p->batches, CELLS, bar, sizeof(bar));
    if (p->accuracy >= 0) {
        snprintf(accuracy, sizeof(accuracy), "  %s%.1f %%", r->decoder ? "class kept " : "", 100 * p->accuracy);
    }
    fprintf(stderr, "\r\033[Kepoch %d/%d  %s%*s  loss %.4f%s  %.0f/s  %s%s", p->epoch, p->epochs, bar,
            CELLS - text_cells(bar), "", p->loss, accuracy, p->rate, text_time(p->left, left),
            p->validating ? "  validating" : "");
    fflush(stderr);
    r->shown = true;
}

static bool on_step(void *user, const struct limn_train_progress *p)
{
    struct train_report *r = user;
    double now = r->bar ? clock_now() : 0;
    if (r->bar && (now - r->last > 0.1 || p->batch == p->batches)) {
        r->last = now;
        draw_bar(r, p);
    }
    double done = p->epoch - 1 + (p->validating ? 1 : (double)p->batch / (double)p->batches);
    char stage[64];
    snprintf(stage, sizeof(stage), "epoch %d/%d%s", p->epoch, p->epochs, p->validating ? ", validating" : "");
    event_progress(done / p->epochs, stage, p->rate, "samples", p->left);
    return signal_caught == 0;
}

static void put_real(json_t *o, const char *key, double v)
{
    json_object_set_new(o, key, v < 0 ? json_null() : json_real(v));
}

/* Of a decoder, val_accuracy counts the reconstructions that keep their class. */
static json_t *epoch_json(const struct limn_train_epoch *e, bool decoder)
{
    json_t *o = need(json_object());
    json_object_set_new(o, "epoch", json_integer(e->epoch));
    put_real(o, "train_loss", e->loss);
    if (!decoder) {
        put_real(o, "train_accuracy", e->accuracy);
    }
    put_real(o, "val_loss", e->val_loss);
    put_real(o, decoder ? "val_class_kept" : "val_accuracy", e->val_accuracy);
    put_real(o, "lr", e->lr);
    put_real(o, "seconds", e->seconds);
    json_object_set_new(o, "best", json_boolean(e->best));
    return o;
}

static void percent(double part, char buf[32])
{
    snprintf(buf, 32, part < 0 ? "-" : "%.2f %%", 100 * part);
}

static void on_epoch(void *user, const struct limn_train_epoch *e)
{
    struct train_report *r = user;
    clear_bar(r);
    if (r->json) {
        json_t *o = epoch_json(e, r->decoder);
        json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
        json_decref(o);
        putchar('\n');
    } else {
        char part[32], train[40] = "", val[32], loss[16] = "-", spent[32];
        percent(e->accuracy, part);
        if (!r->decoder) {
            snprintf(train, sizeof(train), " %8s", part);
        }
        percent(e->val_accuracy, val);
        if (e->val_loss >= 0) {
            snprintf(loss, sizeof(loss), "%.4f", e->val_loss);
        }
        printf("epoch %3d  training %.4f%s  validation %s %s%8s  lr %.2g  %s%s\n", e->epoch, e->loss, train, loss,
               r->decoder ? " class kept" : "", val, e->lr, text_time(e->seconds, spent), e->best ? "  best" : "");
    }
    fflush(stdout);
}

static void on_note(void *user, const char *line)
{
    clear_bar(user);
    say_note("note: %s", line);
}

void train_provenance(limn_context *ctx, const struct limn_train_params *p)
{
    const struct limn_device_info *device = NULL;
    if (events_on() && limn_context_device(ctx, &device, NULL) == LIMN_OK) {
        event_provenance(p->arch, NULL, device->name, (int64_t)p->seed);
    }
}

void train_report_begin(struct train_report *r, const struct args *a, struct limn_train_params *p)
{
    r->json = args_has(a, OPT_JSON) || !isatty(STDOUT_FILENO);
    r->bar = isatty(STDERR_FILENO) && !args_has(a, OPT_QUIET) && events_bar();
    p->step = on_step;
    p->epoch = on_epoch;
    p->note = on_note;
    p->user = r;
}

static void tell_artifacts(const char *folder)
{
    static const char *const names[][2] = {
        {"model", "best.safetensors"}, {"model", "model.safetensors"}, {"jsonl", "log.jsonl"}, {"png", "loss.png"}};
    char path[4096];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i][1]);
        if (access(path, R_OK) == 0) {
            event_artifact(names[i][0], path);
        }
    }
}

int train_report_end(struct train_report *r, limn_status st, const limn_error *err, const struct limn_train_params *p,
                     const struct limn_train_result *result)
{
    char right[32], of[64] = "";
    clear_bar(r);
    if (st == LIMN_CANCELLED) {
        say_note("%s", err->text);
        return limn_status_exit_code(st);
    }
    if (st != LIMN_OK) {
        return say_status(err);
    }
    tell_artifacts(p->output);
    if (result->best_epoch > 0) {
        double part = result->best.val_accuracy >= 0 ? result->best.val_accuracy : result->best.accuracy;
        percent(part, right);
        if (part >= 0) {
            snprintf(of, sizeof(of), " (%s%s)", r->decoder ? "class kept: " : "", right);
        }
        say_note("%s/best.safetensors is of epoch %d%s", safe(p->output), result->best_epoch, of);
    }
    return 0;
}

/* ---- the tasks ---- */

typedef limn_status (*train_fn)(limn_context *ctx, const struct limn_train_params *p, struct limn_train_result *out,
                                limn_error *err);

static int train_task(const struct args *a, bool decoder, const char *arch, train_fn train)
{
    static double reals[TRAIN_REALS];
    const char *device = args_text(a, OPT_DEVICE, NULL);
    bool reference = device && strcmp(device, "reference") == 0;
    struct limn_context_params cp = {
        .device = reference ? NULL : device, .max_memory = args_bytes(a, OPT_MAX_MEMORY, 0), .reference = reference};
    struct limn_train_params p;
    struct limn_train_result result = {0};
    struct train_report r = {.decoder = decoder};
    limn_context *ctx = NULL;
    limn_error err = {0};
    int code = train_params(a, &p, reals);
    if (code) {
        return code;
    }
    p.arch = p.arch ? p.arch : arch;
    if (limn_context_create(&cp, &ctx, &err) != LIMN_OK) {
        return say_status(&err);
    }
    train_provenance(ctx, &p);
    event_output(p.output);
    train_report_begin(&r, a, &p);
    limn_status st = train(ctx, &p, &result, &err);
    code = train_report_end(&r, st, &err, &p, &result);
    limn_context_destroy(&ctx);
    return code;
}

static int train_classifier(const struct args *a)
{
    if (a->n_pos != 2) {
        return say_error(EXIT_USAGE, "train classifier: one data set expected (found %zu operands)", a->n_pos - 1);
    }
    return train_task(a, false, "lenet", limn_train_classifier);
}

static int train_decoder(const struct args *a)
{
    if (a->n_pos != 3) {
        return say_error(EXIT_USAGE, "train decoder: an encoder and a data set expected (found %zu operands)",
                         a->n_pos - 1);
    }
    return train_task(a, true, NULL, limn_train_decoder);
}

static const struct {
    const char *name;
    int (*run)(const struct args *a);
} tasks[] = {{"classifier", train_classifier}, {"decoder", train_decoder}};

static int run(const struct args *a)
{
    const char *names[sizeof(tasks) / sizeof(tasks[0])];
    for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
        names[i] = tasks[i].name;
        if (strcmp(a->pos[0], tasks[i].name) == 0) {
            return tasks[i].run(a);
        }
    }
    const char *near = limn_text_closest(a->pos[0], names, sizeof(names) / sizeof(names[0]));
    return say_error(EXIT_USAGE, "nothing called \"%s\" to train; did you mean %s?", safe(a->pos[0]),
                     near ? near : names[0]);
}

static const char *choice_val(size_t i)
{
    static const char *const names[] = {"val", "test", "none"};
    return i < 3 ? names[i] : NULL;
}

/* clang-format off */
static const struct option options[] = {
    VALUE(OPT_OUTPUT, "output", 'o', "FOLDER", NULL, TYPE_TEXT, "where checkpoints, weights, log and curve go"),
    VALUE(OPT_ARCH, "arch", 0, "NAME", NULL, TYPE_TEXT,
          "architecture (default: lenet); train decoder: an autoencoder whose encoder's weights ENCODER is"),
    VALUE(OPT_LAYER, "layer", 'l', "NAME", "auto", TYPE_TEXT, "train decoder: layer of the encoder to start from"),
    VALUE(OPT_DECODER, "decoder", 0, "KIND", "decoder16", TYPE_TEXT,
          "train decoder: decoder (transposed convolutions) or resize-decoder, with its width behind it"),
    CHOICE(OPT_LOSS, "loss", 0, "NAME", "mse", TYPE_CHOICE, limn_decoder_loss_name,
           "train decoder: difference of pictures; elastic: mse + l1"),
    FLAG(OPT_WHOLE, "whole", 0, "train decoder: train the encoder too"),
    VALUE(OPT_START, "weights", 'w', "FILE", NULL, TYPE_FILE,
          "weights to start from; a last layer of another size is drawn anew (default: all drawn)"),
    VALUE(OPT_FREEZE, "freeze", 0, "MODULE", NULL, TYPE_TEXT,
          "module that keeps its weights and BatchNorm statistics; may be repeated"),
    NUMBER(OPT_EPOCHS, "epochs", 'e', "N", "10", TYPE_INT, 1, 1000000, "times through the training samples"),
    NUMBER(OPT_BATCH, "batch", 'b', "N", "32", TYPE_INT, 1, 65536, "samples in one pass"),
    NUMBER(OPT_ACCUMULATE, "accumulate", 0, "N", "1", TYPE_INT, 1, 65536, "batches whose gradients one update takes"),
    CHOICE(OPT_OPTIMIZER, "optimizer", 0, "NAME", "adam", TYPE_CHOICE, limn_optimizer_name, "rule of the updates"),
    NUMBER(OPT_LR, "lr", 0, "RATE", NULL, TYPE_REAL, 1e-12, 1e6, "learning rate (default: sgd 0.01, else 0.001)"),
    NUMBER(OPT_WEIGHT_DECAY, "weight-decay", 0, "X", NULL, TYPE_REAL, 0, 1e6, "default: adamw 0.01, else 0"),
    NUMBER(OPT_MOMENTUM, "momentum", 0, "X", "0.9", TYPE_REAL, 0, 0.9999999, "of sgd"),
    FLAG(OPT_NESTEROV, "nesterov", 0, "Nesterov's momentum, of sgd"),
    FLAG(OPT_AMSGRAD, "amsgrad", 0, "keep the largest second moment, of adam and adamw"),
    CHOICE(OPT_SCHEDULE, "schedule", 0, "NAME", "constant", TYPE_CHOICE, limn_schedule_name,
           "how the learning rate changes"),
    NUMBER(OPT_WARMUP, "warmup", 0, "EPOCHS", "0", TYPE_REAL, 0, 1e6, "rise linearly to the learning rate first"),
    NUMBER(OPT_STEP_EPOCHS, "step-epochs", 0, "EPOCHS", NULL, TYPE_REAL, 1e-6, 1e6,
           "schedule step: epochs between steps (default: a third of all)"),
    NUMBER(OPT_STEP_FACTOR, "step-factor", 0, "X", "0.1", TYPE_REAL, 1e-9, 1e3, "schedule step: factor of each step"),
    NUMBER(OPT_FLOOR, "floor", 0, "X", "0", TYPE_REAL, 0, 1, "schedule cosine: part of the rate to end at"),
    NUMBER(OPT_EMA, "ema", 0, "DECAY", NULL, TYPE_REAL, 0, 0.9999999,
           "validate and export a running average of the weights"),
    NUMBER(OPT_SMOOTHING, "smoothing", 0, "X", "0", TYPE_REAL, 0, 0.99, "label smoothing"),
    VALUE(OPT_CLASS_WEIGHTS, "class-weights", 0, "A,B,...|balance", NULL, TYPE_TEXT,
          "weight of each class in the loss; balance: by its rarity"),
    VALUE(OPT_AUGMENT, "augment", 0, "PART,...", NULL, TYPE_TEXT,
          "flip, crop=PX, rotate=DEGREES, translate=PART, scale=PART, brightness=PART, contrast=PART"),
    CHOICE(OPT_VAL, "val", 0, "SPLIT", "val", TYPE_CHOICE, choice_val,
           "split to validate on; val takes a tenth of the training samples where the data set has none"),
    NUMBER(OPT_SIZE, "size", 0, "N|HxW", NULL, TYPE_SIZE, 1, 16384, "size of the samples (default: the data set's)"),
    ROWS_DATA,
    NUMBER(OPT_SAVE_EVERY, "save-every", 0, "N", NULL, TYPE_INT, 1, 1e9,
           "checkpoint every N updates too (default: each epoch, and after ten minutes)"),
    FLAG(OPT_RESUME, "resume", 0, "go on from the newest valid checkpoint in the folder"),
    FLAG(OPT_FORCE, "force", 'f', "start anew in a folder that holds a training"),
    NUMBER(OPT_WORKERS, "workers", 0, "N", NULL, TYPE_INT, 1, 16, "threads that prepare batches"),
    VALUE(OPT_DEVICE, "device", 'd', "DEVICE", NULL, TYPE_TEXT,
          "index, UUID, PCI address or part of a name from `limn devices`; cpu for a software device"),
    VALUE(OPT_MAX_MEMORY, "max-memory", 0, "BYTES", NULL, TYPE_BYTES, "device memory limn may take, as 512M or 2G"),
    ROWS_JOB,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_train = {
    .name = "train",
    .operands = "classifier DATASET | decoder ENCODER DATASET",
    .summary = "train a network on a data set",
    .text = "Trains an architecture on labelled pictures. The folder of --output fills with checkpoints (the last two "
            "are kept), best.safetensors and model.safetensors, which every other command takes as models, a log with "
            "a line for each epoch and the curve of the losses. On a terminal a bar shows progress; otherwise each "
            "epoch is one line of JSON on stdout.\n\n"
            "Ctrl-C or SIGTERM finishes the step, writes a checkpoint and ends with 128 plus the signal; a second one "
            "ends at once. The same command with --resume goes on from the newest checkpoint that is whole, to exactly "
            "the weights that an uninterrupted training on the same device would have reached. A loss that is not "
            "finite ends the training with exit code 6; the checkpoints stay.\n\n"
            "`train decoder` puts a decoder on a layer of a classifier, which stays as it is, and trains it to give "
            "back the pictures; the weights hold both and are an autoencoder for `limn shift` and `limn reconstruct`. "
            "Validation tells how many pictures keep their class when the classifier sees the reconstruction. "
            "ENCODER may also be the name of an autoencoder architecture (conv_ae), which is then trained as a whole.",
    .example = "limn train classifier /usr/share/datasets/fashion-mnist -o clothes --arch lenet --epochs 10",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 2,
    .max_pos = 3,
    .run = run,
};
