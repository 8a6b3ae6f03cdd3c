/* The classifier task: logits of an architecture, cross-entropy with smoothed and weighted targets. */
#include "train/classifier.h"

#include <string.h>

struct classifier {
    struct train_task base;
    struct classifier_options opt;
    struct weights *weights;
    float *class_weights;
    double weight_sum;
};

static limn_status classifier_make(struct train_task *t, int32_t batch, bool train, struct train_graph *out,
                                   limn_error *err)
{
    struct classifier *c = (struct classifier *)t;
    struct shape input = SHAPE(batch, c->opt.channels, c->opt.height, c->opt.width);
    struct arch_graph a = {0};
    struct train_graph g = {0};
    limn_status st = LIMN_OK;
    TRY(train ? arch_build_train(c->opt.arch, c->weights, input, c->opt.seed, &a, err)
              : arch_build(c->opt.arch, c->weights, input, false, &a, err));
    g.input = a.input;
    g.output = a.logits;
    g.dropout_step = a.dropout_step;
    TRY(graph_input(a.graph, "target", SHAPE(batch, c->opt.classes), &g.target, err));
    struct builder b = {a.graph, LIMN_OK, err};
    g.items = loss_items(&b, LOSS_CROSS_ENTROPY, false, a.logits, g.target);
    TRY(b.status);
    g.graph = a.graph;
    a.graph = NULL;
    *out = g;
out:
    arch_graph_finish(&a);
    return st;
}

static void classifier_target(const struct train_task *t, const float *x, int32_t label, float *target)
{
    const struct classifier *c = (const struct classifier *)t;
    float low = (float)(c->opt.smoothing / c->opt.classes);
    (void)x;
    for (int32_t k = 0; k < c->opt.classes; k++) {
        target[k] = low;
    }
    target[label] = (float)(1 - c->opt.smoothing) + low;
}

static double classifier_weight(const struct train_task *t, int32_t label)
{
    const struct classifier *c = (const struct classifier *)t;
    return c->class_weights ? (double)c->class_weights[label] : 1;
}

static void classifier_score(const struct train_task *t, const float *output, const float *target, int32_t label,
                             struct train_score *s)
{
    const struct classifier *c = (const struct classifier *)t;
    int32_t top = 0;
    (void)target;
    for (int32_t k = 1; k < c->opt.classes; k++) {
        top = output[k] > output[top] ? k : top;
    }
    s->hits += top == label;
}

/* By accuracy, then by loss. */
static bool classifier_better(const struct train_score *a, const struct train_score *b)
{
    double x = a->hits / a->samples, y = b->hits / b->samples;
    return x != y ? x > y : a->loss / a->weight < b->loss / b->weight;
}

static limn_status check_options(const struct classifier_options *o, limn_error *err)
{
    if (o->classes < 2) {
        return err_set(err, LIMN_ERR_ARG, "%d class%s (expected 2 or more)", o->classes, o->classes == 1 ? "" : "es");
    }
    if (!(o->smoothing >= 0 && o->smoothing < 1)) {
        return err_set(err, LIMN_ERR_ARG, "label smoothing %g (expected 0 or more, below 1)", o->smoothing);
    }
    for (int32_t k = 0; o->class_weights && k < o->classes; k++) {
        if (!(o->class_weights[k] >= 0 && o->class_weights[k] < 1e30f)) {
            return err_set(err, LIMN_ERR_ARG, "weight %g of class %d (expected 0 or more)", (double)o->class_weights[k],
                           k);
        }
    }
    return LIMN_OK;
}

limn_status classifier_create(const struct classifier_options *o, struct train_task **out, limn_error *err)
{
    struct weights_start start = {o->seed, o->channels, o->classes, o->start, o->arch->classifier, false};
    struct train_task *t = NULL;
    limn_status st = LIMN_OK;
    TRY(check_options(o, err));
    struct classifier *c = mem_zalloc(1, sizeof(*c));
    if (!c) {
        return err_nomem(err, sizeof(*c), "a classifier");
    }
    t = &c->base;
    c->opt = *o;
    c->base = (struct train_task){.name = "classifier",
                                  .make = classifier_make,
                                  .target_elems = (size_t)o->classes,
                                  .target = classifier_target,
                                  .weight = classifier_weight,
                                  .output_elems = (size_t)o->classes,
                                  .score = classifier_score,
                                  .counts_hits = true,
                                  .better = classifier_better};
    if (o->class_weights) {
        c->class_weights = mem_alloc((size_t)o->classes, sizeof(float));
        if (!c->class_weights) {
            TRY(err_nomem(err, (size_t)o->classes * sizeof(float), "class weights"));
        }
        memcpy(c->class_weights, o->class_weights, (size_t)o->classes * sizeof(float));
    }
    TRY(weights_random(&start, &c->weights, err));
    *out = t;
    t = NULL;
out:
    classifier_destroy(&t);
    return st;
}

void classifier_destroy(struct train_task **t)
{
    if (t && *t) {
        struct classifier *c = (struct classifier *)*t;
        weights_close(&c->weights);
        mem_free(c->class_weights);
        mem_free(c);
        *t = NULL;
    }
}
