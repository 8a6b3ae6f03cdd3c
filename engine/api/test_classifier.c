/* Testing a classifier at the border: the split, the names of the classes, the result. */
#include "api/train.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "base/str.h"
#include "image/plot.h"
#include "train/evaluate.h"

static limn_status choose_split(const struct dataset *d, const char *name, enum data_split *out, limn_error *err)
{
    static const enum data_split order[] = {DATA_TEST, DATA_VAL, DATA_TRAIN};
    for (size_t i = 0; i < DATA_SPLITS; i++) {
        if (name ? strcmp(name, data_split_name(order[i])) == 0 : dataset_count(d, order[i]) > 0) {
            *out = order[i];
            return dataset_count(d, order[i]) > 0
                       ? LIMN_OK
                       : err_set(err, LIMN_ERR_ARG, "the %s split of the data set is empty", name);
        }
    }
    return err_set(err, LIMN_ERR_ARG, "split \"%.40s\" (expected train, val or test)", name ? name : "");
}

/* Names: of the data set, unless it only counts and the model knows better. */
static const char *name_of(const limn_model *m, const struct dataset *d, int32_t k)
{
    const struct model_card *c = model_get_card(m->model);
    const struct data_info *info = dataset_info(d);
    char number[16];
    snprintf(number, sizeof(number), "%d", k);
    if (k < info->n_classes && strcmp(info->class_name[k], number) != 0) {
        return info->class_name[k];
    }
    return c->labels ? c->labels[k] : k < info->n_classes ? info->class_name[k] : "?";
}

static limn_status copy_names(struct limn_test *t, const limn_model *m, const struct dataset *d, limn_error *err)
{
    t->name = mem_zalloc((size_t)t->n_classes, sizeof(*t->name));
    for (int32_t k = 0; t->name && k < t->n_classes; k++) {
        char safe[128];
        t->name[k] = mem_strdup(str_escape(safe, sizeof(safe), name_of(m, d, k)));
        if (!t->name[k]) {
            return err_nomem(err, sizeof(safe), "class names");
        }
    }
    return t->name ? LIMN_OK : err_nomem(err, (size_t)t->n_classes * sizeof(*t->name), "class names");
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static limn_status fill_test(struct limn_test *t, limn_model *m, const struct limn_test_params *p, struct dataset *d,
                             limn_error *err)
{
    struct evaluation r = {0};
    struct evaluate_options o = {.dev = m->ctx->device,
                                 .exec = {.max_memory = m->ctx->max_memory},
                                 .model = m->model,
                                 .data = d,
                                 .batch = p->batch > 0 ? p->batch : 32,
                                 .step = p->step,
                                 .user = p->user};
    double start = seconds_now();
    limn_status st = LIMN_OK;
    TRY(choose_split(d, p->split, &o.split, err));
    TRY(evaluate(&o, &r, err));
    t->n = r.n;
    t->n_classes = model_get_card(m->model)->n_classes;
    t->confusion = r.confusion;
    t->accuracy = (double)r.hits / (double)r.n;
    t->top5 = t->n_classes > 5 ? (double)r.hits5 / (double)r.n : -1;
    t->loss = r.loss / (double)r.n;
    t->seconds = seconds_now() - start;
    snprintf(t->split, sizeof(t->split), "%s", data_split_name(o.split));
    TRY(copy_names(t, m, d, err));
out:
    return st;
}

limn_status limn_test_classifier(limn_model *m, const struct limn_test_params *p, struct limn_test **out,
                                 limn_error *err)
{
    API_NEED(m);
    API_NEED(p);
    API_NEED(out);
    API_NEED(p->data.path);
    const struct model_card *c = model_get_card(m->model);
    struct limn_data_params data = p->data;
    struct dataset *d = NULL;
    struct limn_test *t = NULL;
    limn_status st = LIMN_OK;
    data.channels = c->channels;
    data.height = c->height;
    data.width = c->width;
    if (!data.resize && c->rule == RULE_SHORT_SIDE && c->resize >= c->height && c->resize >= c->width) {
        data.resize = c->resize;
    }
    TRY(train_open_data(&data, data.seed, data.val_part, &d, err));
    TRY(context_open_device(m->ctx, err));
    t = mem_zalloc(1, sizeof(*t));
    if (!t) {
        TRY(err_nomem(err, sizeof(*t), "a test"));
    }
    TRY(fill_test(t, m, p, d, err));
    *out = t;
    t = NULL;
out:
    limn_test_free(&t);
    dataset_close(&d);
    return st;
}

void limn_test_free(struct limn_test **t)
{
    if (t && *t) {
        for (int32_t k = 0; (*t)->name && k < (*t)->n_classes; k++) {
            mem_free((void *)(*t)->name[k]);
        }
        mem_free((void *)(*t)->name);
        mem_free((*t)->confusion);
        mem_free(*t);
        *t = NULL;
    }
}

limn_status limn_test_picture(const struct limn_test *t, limn_image **out, limn_error *err)
{
    API_NEED(t);
    API_NEED(out);
    limn_image *im = mem_zalloc(1, sizeof(*im));
    if (!im) {
        return err_nomem(err, sizeof(*im), "a picture");
    }
    limn_status st = plot_confusion("rows: truth, columns: answer", t->confusion, t->n_classes, t->name, &im->im, err);
    if (st != LIMN_OK) {
        limn_image_destroy(&im);
        return st;
    }
    *out = im;
    return LIMN_OK;
}
