/* Accuracy, confusion matrix and mean cross-entropy of a model: its own graph, BatchNorm folded, on batches as its card
 * wants them. */
#include "train/evaluate.h"

#include <math.h>

#include "pass/pass.h"
#include "vk/device.h"

enum { TOP = 5 };

struct run {
    const struct evaluate_options *o;
    struct graph *g;
    struct exec *exec;
    struct loader *loader;
    value_id input, logits;
    float *scores;
    int32_t classes;
    struct evaluation r;
};

static limn_status make_exec(struct run *x, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(model_build(x->o->model, x->o->batch, &x->g, &x->input, &x->logits, err));
    for (size_t i = 0; i < x->g->n_value; i++) {
        x->g->value[i].flags &= ~(uint32_t)(VALUE_PARAM | VALUE_TAP | VALUE_OUTPUT);
    }
    x->g->value[x->logits].flags |= VALUE_OUTPUT;
    TRY(graph_optimise(x->g, OPTIMISE_DEAD | OPTIMISE_BN, err));
    TRY(graph_split(x->g, x->o->dev != NULL ? vk_device_caps(x->o->dev) : NULL, err));
    TRY(graph_optimise(x->g, OPTIMISE_ALL, err));
    TRY(x->o->dev ? exec_vk_create(x->o->dev, x->g, &x->o->exec, &x->exec, err) : exec_ref_create(x->g, &x->exec, err));
out:
    return st;
}

static limn_status make_loader(struct run *x, limn_error *err)
{
    const struct model_card *c = model_get_card(x->o->model);
    struct loader_options in = {.data = x->o->data,
                                .split = x->o->split,
                                .batch = x->o->batch,
                                .range = c->range,
                                .bgr = c->bgr && c->channels == 3};
    for (int i = 0; i < 4; i++) {
        in.mean[i] = c->mean[i];
        in.std[i] = c->std[i];
    }
    return loader_create(&in, &x->loader, err);
}

static limn_status add_sample(struct run *x, const float *score, int32_t label, limn_error *err)
{
    int32_t top = 0, above = 0;
    double sum = 0;
    for (int32_t k = 0; k < x->classes; k++) {
        if (!isfinite(score[k])) {
            return err_set(err, LIMN_ERR_NUMERIC, "sample %llu: the score of class %d is not finite",
                           (unsigned long long)x->r.n, k);
        }
        top = score[k] > score[top] ? k : top;
        above += score[k] > score[label] || (score[k] == score[label] && k < label);
    }
    for (int32_t k = 0; k < x->classes; k++) {
        sum += exp((double)score[k] - (double)score[top]);
    }
    x->r.loss += log(sum) + (double)score[top] - (double)score[label];
    x->r.confusion[(size_t)label * (size_t)x->classes + (size_t)top]++;
    x->r.hits += top == label;
    x->r.hits5 += above < TOP;
    x->r.n++;
    return LIMN_OK;
}

static limn_status run_batch(struct run *x, limn_error *err)
{
    const struct graph *g = x->g;
    const struct loader_batch *b = NULL;
    limn_status st = LIMN_OK;
    TRY(loader_next(x->loader, &b, err));
    TRY(exec_set(x->exec, x->input, b->x, shape_elems(&g->value[x->input].shape), err));
    TRY(exec_run(x->exec, 0, 1, err));
    TRY(exec_get(x->exec, x->logits, x->scores, shape_elems(&g->value[x->logits].shape), err));
    for (size_t k = 0; k < b->n; k++) {
        TRY(add_sample(x, x->scores + k * (size_t)x->classes, b->label[k], err));
    }
out:
    return st;
}

static limn_status run_all(struct run *x, limn_error *err)
{
    size_t n = loader_batches(x->loader);
    limn_status st = LIMN_OK;
    TRY(loader_begin(x->loader, 0, 0, err));
    for (size_t i = 0; i < n; i++) {
        TRY(run_batch(x, err));
        if (x->o->step && !x->o->step(x->o->user, (double)(i + 1) / (double)n, "testing")) {
            TRY(err_set(err, LIMN_CANCELLED, "cancelled"));
        }
    }
out:
    return st;
}

static limn_status check_fit(const struct run *x, limn_error *err)
{
    const struct model_card *c = model_get_card(x->o->model);
    const struct data_info *d = dataset_info(x->o->data);
    if (c->depth) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "the model takes volumes, the data set holds pictures");
    }
    if (d->n_classes == 0 || d->n_classes > x->classes) {
        return err_set(err, LIMN_ERR_ARG, "the data set has %d classes (the model %d)", d->n_classes, x->classes);
    }
    if (d->channels != c->channels || d->height != c->height || d->width != c->width) {
        return err_set(err, LIMN_ERR_ARG, "the data set has pictures of %dx%dx%d (the model takes %dx%dx%d)",
                       d->channels, d->height, d->width, c->channels, c->height, c->width);
    }
    return LIMN_OK;
}

limn_status evaluate(const struct evaluate_options *o, struct evaluation *out, limn_error *err)
{
    struct run x = {.o = o, .classes = model_get_card(o->model)->n_classes};
    size_t n = (size_t)x.classes;
    limn_status st = LIMN_OK;
    TRY(check_fit(&x, err));
    TRY(make_exec(&x, err));
    if (x.g->value[x.logits].shape.rank != 2 || x.g->value[x.logits].shape.dim[1] != x.classes) {
        TRY(err_set(err, LIMN_ERR_UNSUPPORTED, "testing of a network without one score a class"));
    }
    TRY(make_loader(&x, err));
    x.scores = mem_alloc((size_t)o->batch * n, sizeof(*x.scores));
    x.r.confusion = mem_zalloc(n * n, sizeof(*x.r.confusion));
    if (!x.scores || !x.r.confusion) {
        TRY(err_nomem(err, n * n * sizeof(*x.r.confusion), "a confusion matrix"));
    }
    TRY(run_all(&x, err));
    *out = x.r;
    x.r.confusion = NULL;
out:
    mem_free(x.r.confusion);
    mem_free(x.scores);
    loader_destroy(&x.loader);
    exec_destroy(&x.exec);
    graph_destroy(&x.g);
    return st;
}
