/* Training and testing at the border: parameters with their defaults, the data set, the card of what is trained. */
#include <limn/train.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/train.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "train/classifier.h"
#include "train/decoder.h"
#include "train/trainer.h"

static const char *const data_formats[] = {
#define DATA_FORMAT(name) #name,
#include "data/formats.def"
#undef DATA_FORMAT
};

const char *limn_optimizer_name(size_t i)
{
    return i < OPTIM_COUNT ? optim_name((enum optim_rule)i) : NULL;
}

const char *limn_schedule_name(size_t i)
{
    return i < SCHEDULE_COUNT ? schedule_name((enum schedule_kind)i) : NULL;
}

const char *limn_data_format_name(size_t i)
{
    return i < sizeof(data_formats) / sizeof(data_formats[0]) ? data_formats[i] : NULL;
}

const char *limn_arch_name(size_t i)
{
    return i < arch_count() ? arch_at(i)->name : NULL;
}

/* Row of a table of names, or LIMN_ERR_NOT_FOUND with a suggestion. */
static limn_status find_name(const char *what, const char *name, const char *(*at)(size_t i), size_t *out,
                             limn_error *err)
{
    const char *list[128];
    size_t n = 0;
    for (; n < sizeof(list) / sizeof(list[0]) && at(n); n++) {
        list[n] = at(n);
        if (strcmp(list[n], name) == 0) {
            *out = n;
            return LIMN_OK;
        }
    }
    const char *near = str_closest(name, list, n);
    char safe[80];
    str_escape(safe, sizeof(safe), name);
    return near ? err_set(err, LIMN_ERR_NOT_FOUND, "no %s \"%s\" (did you mean %s?)", what, safe, near)
                : err_set(err, LIMN_ERR_NOT_FOUND, "no %s \"%s\"", what, safe);
}

limn_status train_open_data(const struct limn_data_params *p, uint64_t seed, double val_part, struct dataset **out,
                            limn_error *err)
{
    struct data_options o = {.format = p->format,
                             .channels = p->channels,
                             .height = p->height,
                             .width = p->width,
                             .val_part = val_part,
                             .test_part = p->test_part,
                             .seed = seed,
                             .split_path = p->split_path,
                             .labels_path = p->labels_path,
                             .limit = p->limit,
                             .resize = p->resize,
                             .tile = p->tile,
                             .border = p->border};
    return dataset_open(p->path, &o, out, err);
}

/* --- training --- */

struct training {
    const struct limn_train_params *p;
    const struct arch *arch;
    bool autoencoder;
    struct arch_decoded decoded; /* where `arch` is no row of a table */
    struct model *encoder;       /* the classifier below a decoder */
    const char *start;           /* weights of the encoder */
    struct dataset *data;
    struct train_options o;
    struct train_task *task;
    float *class_weights;
    char *card, *config;
};

/* The data set, with a tenth of the training samples set aside when it has no samples to validate on. */
static limn_status open_training_data(struct training *t, limn_error *err)
{
    static const double tenth = 0.1;
    const struct limn_train_params *p = t->p;
    struct limn_data_params from = p->data;
    if (t->encoder) {
        const struct model_card *c = model_get_card(t->encoder);
        from.channels = c->channels;
        from.height = c->height;
        from.width = c->width;
    }
    const char *val = p->val_split ? p->val_split : "val";
    bool own = strcmp(val, "val") == 0;
    limn_status st = LIMN_OK;
    if (!own && strcmp(val, "test") != 0 && strcmp(val, "none") != 0) {
        return err_set(err, LIMN_ERR_ARG, "validation on \"%.40s\" (expected val, test or none)", val);
    }
    TRY(train_open_data(&from, p->seed, p->data.val_part, &t->data, err));
    if (own && dataset_count(t->data, DATA_VAL) == 0) {
        dataset_close(&t->data);
        TRY(train_open_data(&from, p->seed, tenth, &t->data, err));
    }
    t->o.val = own ? DATA_VAL : strcmp(val, "test") == 0 ? DATA_TEST : DATA_TRAIN;
    if (t->o.val != DATA_TRAIN && dataset_count(t->data, t->o.val) == 0) {
        TRY(err_set(err, LIMN_ERR_ARG, "%.200s: the %s split is empty (choose another with --val)", p->data.path, val));
    }
out:
    return st;
}

static limn_status set_optimiser(struct training *t, limn_error *err)
{
    const struct limn_train_params *p = t->p;
    size_t rule = OPTIM_ADAM, kind = SCHEDULE_CONSTANT;
    limn_status st = LIMN_OK;
    TRY(p->optimizer ? find_name("optimizer", p->optimizer, limn_optimizer_name, &rule, err) : LIMN_OK);
    TRY(p->schedule ? find_name("schedule", p->schedule, limn_schedule_name, &kind, err) : LIMN_OK);
    struct optim_options o = optim_default((enum optim_rule)rule);
    o.lr = p->lr != 0 ? p->lr : o.lr;
    o.weight_decay = p->weight_decay != 0 ? fmax(p->weight_decay, 0) : o.weight_decay;
    o.momentum = rule == OPTIM_SGD && p->momentum != 0 ? fmax(p->momentum, 0) : o.momentum;
    o.beta1 = p->beta1 != 0 ? p->beta1 : o.beta1;
    o.beta2 = p->beta2 != 0 ? p->beta2 : o.beta2;
    o.nesterov = p->nesterov;
    o.amsgrad = p->amsgrad;
    if ((p->nesterov && rule != OPTIM_SGD) || (p->amsgrad && rule == OPTIM_SGD)) {
        TRY(err_set(err, LIMN_ERR_ARG, "%s is not an option of %s", p->nesterov ? "nesterov" : "amsgrad",
                    optim_name(o.rule)));
    }
    t->o.spec = (struct train_spec){
        .optim = o, .frozen = p->frozen, .n_frozen = p->n_frozen, .accumulate = p->accumulate, .ema = p->ema};
    t->o.schedule = (struct schedule){.kind = (enum schedule_kind)kind,
                                      .warmup = p->warmup,
                                      .every = p->step_epochs != 0 ? p->step_epochs : ceil(t->o.epochs / 3.0),
                                      .gamma = p->step_factor != 0 ? p->step_factor : 0.1,
                                      .floor = p->floor};
    TRY(optim_check(&o, err));
out:
    return st;
}

static limn_status set_input(struct training *t, limn_error *err)
{
    const struct limn_train_params *p = t->p;
    struct loader_options *in = &t->o.input;
    in->augment = (struct augment){p->flip, p->crop, p->rotate, p->translate, p->scale, p->brightness, p->contrast};
    in->workers = p->workers;
    in->range = 1;
    limn_status st = augment_check(&in->augment, err);
    if (st == LIMN_OK && t->encoder) {
        const struct model_card *c = model_get_card(t->encoder);
        memcpy(in->mean, c->mean, sizeof(in->mean));
        memcpy(in->std, c->std, sizeof(in->std));
        in->range = c->range;
        in->bgr = c->bgr;
        return LIMN_OK;
    }
    if (st == LIMN_OK && t->autoencoder) {
        memcpy(in->mean, t->arch->input->mean, sizeof(t->arch->input->mean));
        memcpy(in->std, t->arch->input->std, sizeof(t->arch->input->std));
        return LIMN_OK;
    }
    return st == LIMN_OK ? loader_statistics(t->data, in->mean, in->std, err) : st;
}

/* Given, or the mean number of samples of a class over that of this one. */
static limn_status set_class_weights(struct training *t, limn_error *err)
{
    const struct limn_train_params *p = t->p;
    int32_t n = dataset_info(t->data)->n_classes;
    size_t total = dataset_count(t->data, DATA_TRAIN);
    if (!p->balance && p->n_class_weights == 0) {
        return LIMN_OK;
    }
    if (p->n_class_weights && (size_t)n != p->n_class_weights) {
        return err_set(err, LIMN_ERR_ARG, "%zu class weights (expected %d)", p->n_class_weights, n);
    }
    t->class_weights = mem_zalloc((size_t)n, sizeof(float));
    if (!t->class_weights) {
        return err_nomem(err, (size_t)n * sizeof(float), "class weights");
    }
    for (size_t i = 0; i < total && p->n_class_weights == 0; i++) {
        t->class_weights[dataset_label(t->data, DATA_TRAIN, i)]++;
    }
    for (int32_t k = 0; k < n; k++) {
        t->class_weights[k] =
            p->n_class_weights ? (float)p->class_weights[k] : (float)((double)total / n / (double)t->class_weights[k]);
    }
    return LIMN_OK;
}

static json_t *safe_text(const char *text)
{
    char buf[512];
    return json_string(str_escape(buf, sizeof(buf), text));
}

/* The list with one entry more; NULL, and the list freed, when memory ran out. */
static json_t *append(json_t *list, json_t *v)
{
    if (json_array_append_new(list, v) != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

/* The object with one member more; NULL, and the object freed, when memory ran out. */
static json_t *with(json_t *o, const char *key, json_t *v)
{
    if (json_object_set_new(o, key, v) != 0) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static json_t *numbers_json(const float *v, int32_t n)
{
    json_t *list = json_array();
    for (int32_t i = 0; list && i < n; i++) {
        list = append(list, json_real((double)v[i]));
    }
    return list;
}

static limn_status make_card(struct training *t, limn_error *err)
{
    const struct data_info *d = dataset_info(t->data);
    const char *path = t->p->data.path, *slash = strrchr(path, '/');
    const char *base = slash && slash[1] ? slash + 1 : path;
    int32_t shorter = d->height < d->width ? d->height : d->width;
    size_t n = 0;
    json_t *labels = json_array();
    for (int32_t i = 0; labels && i < d->n_classes && !t->autoencoder; i++) {
        labels = append(labels, safe_text(d->class_name[i]));
    }
    json_t *card = json_pack("{s:s, s:s, s:o, s:s, s:[i, i, i], s:o, s:o, s:f, s:s, s:i, s:s, s:s, s:b, s:o}", "arch",
                             t->arch->name, "title", t->arch->title, "trained_on", safe_text(base), "origin",
                             "trained with limn " LIMN_VERSION, "input", d->channels, d->height, d->width, "mean",
                             numbers_json(t->o.input.mean, d->channels), "std",
                             numbers_json(t->o.input.std, d->channels), "range", (double)t->o.input.range, "rule",
                             "short-side", "resize", t->p->data.resize ? t->p->data.resize : shorter, "filter",
                             "bilinear", "layer", t->arch->layer, "transform_input", 0, "labels", labels);
    if (card && t->autoencoder) {
        json_object_del(card, "labels");
        card = with(card, "bgr", json_boolean(t->o.input.bgr));
    }
    return json_write(card, JSON_INDENT(2) | JSON_REAL_PRECISION(9), "a card", &t->card, &n, err);
}

/* What decides the numbers of a training, but for the epochs, which may grow. */
static limn_status make_config(struct training *t, limn_error *err)
{
    const struct limn_train_params *p = t->p;
    const struct optim_options *m = &t->o.spec.optim;
    const struct schedule *s = &t->o.schedule;
    int32_t n = dataset_info(t->data)->n_classes;
    json_t *frozen = json_array();
    for (size_t i = 0; frozen && i < p->n_frozen; i++) {
        frozen = append(frozen, safe_text(p->frozen[i]));
    }
    json_t *c = json_pack(
        "{s:s, s:i, s:i, s:s, s:f, s:f, s:f, s:f, s:f, s:b, s:b, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:o, s:I}",
        "arch", t->arch->name, "batch", t->o.batch, "accumulate", t->o.spec.accumulate, "optimizer",
        optim_name(m->rule), "lr", m->lr, "weight-decay", m->weight_decay, "momentum", m->momentum, "beta1", m->beta1,
        "beta2", m->beta2, "nesterov", m->nesterov, "amsgrad", m->amsgrad, "schedule", schedule_name(s->kind), "warmup",
        s->warmup, "step-epochs", p->step_epochs, "step-factor", s->gamma, "floor", s->floor, "ema", t->o.spec.ema,
        "smoothing", p->smoothing, "class-weights", numbers_json(t->class_weights, t->class_weights ? n : 0), "freeze",
        frozen, "seed", (json_int_t)p->seed);
    json_t *a =
        json_pack("{s:b, s:i, s:f, s:f, s:f, s:f, s:f}", "flip", p->flip, "crop", p->crop, "rotate", p->rotate,
                  "translate", p->translate, "scale", p->scale, "brightness", p->brightness, "contrast", p->contrast);
    size_t size = 0;
    c = with(c, "augment", a);
    if (t->autoencoder) {
        c = with(c, "loss", json_string(p->loss ? p->loss : decoder_loss_name(DECODER_MSE)));
        c = with(c, "whole", json_boolean(p->whole));
    }
    c = with(c, "val", json_string(data_split_name(t->o.val)));
    return json_write(c, JSON_COMPACT | JSON_REAL_PRECISION(17), "the options of a training", &t->config, &size, err);
}

const char *limn_decoder_loss_name(size_t i)
{
    return i < DECODER_LOSSES ? decoder_loss_name((enum decoder_loss)i) : NULL;
}

static limn_status make_decoder_task(struct training *t, limn_error *err)
{
    const struct data_info *d = dataset_info(t->data);
    const struct loader_options *in = &t->o.input;
    struct decoder_options o = {.arch = t->arch,
                                .channels = d->channels,
                                .height = d->height,
                                .width = d->width,
                                .classes = t->encoder ? model_get_card(t->encoder)->n_classes : 0,
                                .range = in->range,
                                .classifier = t->encoder,
                                .start = t->start,
                                .whole = t->p->whole || !t->start,
                                .seed = t->p->seed};
    size_t loss = DECODER_MSE;
    limn_status st = LIMN_OK;
    TRY(t->p->loss ? find_name("loss", t->p->loss, limn_decoder_loss_name, &loss, err) : LIMN_OK);
    o.loss = (enum decoder_loss)loss;
    memcpy(o.mean, in->mean, sizeof(o.mean));
    memcpy(o.std, in->std, sizeof(o.std));
    TRY(decoder_create(&o, &t->task, err));
    if (!o.whole) {
        t->o.spec.frozen = decoder_frozen(t->task, &t->o.spec.n_frozen);
    }
out:
    return st;
}

/* The autoencoder that is meant, and the weights of its encoder. */
static limn_status open_encoder(struct training *t, limn_error *err)
{
    const struct limn_train_params *p = t->p;
    const struct arch *row = arch_find(p->arch ? p->arch : p->encoder);
    char text[400];
    limn_status st = LIMN_OK;
    if (row && row->latent) {
        t->arch = row;
        t->start = p->arch ? p->encoder : NULL;
        return LIMN_OK;
    }
    if (p->arch) {
        return err_set(err, LIMN_ERR_NOT_FOUND, "\"%.60s\" is no autoencoder architecture", p->arch);
    }
    TRY(model_open(p->encoder, NULL, &t->encoder, err));
    const struct model_card *c = model_get_card(t->encoder);
    const char *layer = p->layer;
    TRY(model_resolve_layer(t->encoder, layer, &layer, err));
    if (c->depth > 0) {
        TRY(err_set(err, LIMN_ERR_UNSUPPORTED, "%.200s takes volumes (expected pictures)", p->encoder));
    }
    snprintf(text, sizeof(text), "%.60s+%.60s@%.200s", c->arch, p->decoder ? p->decoder : "decoder", layer);
    t->arch = arch_named(text, &t->decoded);
    if (!t->arch) {
        TRY(err_set(err, LIMN_ERR_ARG,
                    "no decoder \"%.100s\" (expected a built-in classifier with decoder or resize-decoder)", text));
    }
    t->start = model_path(t->encoder);
out:
    return st;
}

static limn_status make_task(struct training *t, limn_error *err)
{
    if (t->autoencoder) {
        return make_decoder_task(t, err);
    }
    const struct data_info *d = dataset_info(t->data);
    if (d->n_classes == 0) {
        return err_set(err, LIMN_ERR_ARG, "%.200s: the samples have no labels", t->p->data.path);
    }
    struct classifier_options c = {.arch = t->arch,
                                   .channels = d->channels,
                                   .height = d->height,
                                   .width = d->width,
                                   .classes = d->n_classes,
                                   .smoothing = t->p->smoothing,
                                   .class_weights = t->class_weights,
                                   .start = t->p->start,
                                   .seed = t->p->seed};
    return classifier_create(&c, &t->task, err);
}

static void epoch_out(const struct train_epoch *e, struct limn_train_epoch *out)
{
    *out = (struct limn_train_epoch){e->epoch, e->loss, e->hits, e->val_loss, e->val_hits, e->lr, e->seconds, e->best};
}

static bool on_step(void *user, const struct train_progress *p)
{
    const struct limn_train_params *q = user;
    struct limn_train_progress out = {p->epoch, p->epochs, p->batch, p->batches, p->validating,
                                      p->loss,  p->hits,   p->rate,  p->left};
    return !q->step || q->step(q->user, &out);
}

static void on_epoch(void *user, const struct train_epoch *e)
{
    const struct limn_train_params *q = user;
    struct limn_train_epoch out;
    epoch_out(e, &out);
    if (q->epoch) {
        q->epoch(q->user, &out);
    }
}

static void on_note(void *user, const char *line)
{
    const struct limn_train_params *q = user;
    if (q->note) {
        q->note(q->user, line);
    }
}

static limn_status check_params(struct training *t, limn_error *err)
{
    const struct limn_train_params *p = t->p;
    size_t row = 0;
    limn_status st = LIMN_OK;
    const char *network = t->autoencoder ? p->encoder : p->arch;
    if (!p->data.path || !p->output || !network) {
        return err_set(err, LIMN_ERR_ARG, "no %s",
                       !p->data.path ? "data set"
                       : !p->output  ? "folder"
                                     : "architecture or encoder");
    }
    t->o.batch = p->batch ? p->batch : 32;
    t->o.epochs = p->epochs ? p->epochs : 10;
    if (t->autoencoder) {
        return open_encoder(t, err);
    }
    TRY(find_name("architecture", p->arch, limn_arch_name, &row, err));
    t->arch = arch_at(row);
out:
    return st;
}

static limn_status prepare(struct training *t, limn_context *ctx, limn_error *err)
{
    const struct limn_train_params *p = t->p;
    limn_status st = LIMN_OK;
    TRY(check_params(t, err));
    TRY(set_optimiser(t, err));
    TRY(open_training_data(t, err));
    TRY(set_input(t, err));
    TRY(set_class_weights(t, err));
    TRY(make_task(t, err));
    TRY(make_card(t, err));
    TRY(make_config(t, err));
    TRY(context_open_device(ctx, err));
    t->o.dev = ctx->device;
    t->o.exec.max_memory = ctx->max_memory;
    t->o.task = t->task;
    t->o.data = t->data;
    t->o.seed = p->seed;
    t->o.folder = p->output;
    t->o.resume = p->resume;
    t->o.force = p->force;
    t->o.save_every = p->save_every;
    t->o.save_seconds = p->save_seconds == 0 ? 600 : fmax(p->save_seconds, 0);
    t->o.card = t->card;
    t->o.config = t->config;
    t->o.step = on_step;
    t->o.epoch = on_epoch;
    t->o.note = on_note;
    t->o.user = (void *)p;
out:
    return st;
}

static limn_status train(limn_context *ctx, const struct limn_train_params *p, bool autoencoder,
                         struct limn_train_result *out, limn_error *err)
{
    struct training t = {.p = p, .autoencoder = autoencoder};
    struct train_result r = {0};
    limn_status st = LIMN_OK;
    TRY(prepare(&t, ctx, err));
    TRY(train_run(&t.o, &r, err));
    if (out) {
        *out = (struct limn_train_result){.epochs = r.epochs,
                                          .best_epoch = r.best_epoch,
                                          .params = r.params,
                                          .n_classes = dataset_info(t.data)->n_classes,
                                          .n_train = dataset_count(t.data, DATA_TRAIN),
                                          .n_val = t.o.val == DATA_TRAIN ? 0 : dataset_count(t.data, t.o.val)};
        epoch_out(&r.last, &out->last);
        epoch_out(&r.best, &out->best);
    }
out:
    if (autoencoder) {
        decoder_destroy(&t.task);
    } else {
        classifier_destroy(&t.task);
    }
    model_close(&t.encoder);
    dataset_close(&t.data);
    mem_free(t.class_weights);
    mem_free(t.card);
    mem_free(t.config);
    return st;
}

limn_status limn_train_classifier(limn_context *ctx, const struct limn_train_params *p, struct limn_train_result *out,
                                  limn_error *err)
{
    API_NEED(ctx);
    API_NEED(p);
    return train(ctx, p, false, out, err);
}

limn_status limn_train_decoder(limn_context *ctx, const struct limn_train_params *p, struct limn_train_result *out,
                               limn_error *err)
{
    API_NEED(ctx);
    API_NEED(p);
    return train(ctx, p, true, out, err);
}
