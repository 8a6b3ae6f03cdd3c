#include "support/tiny_task.h"

#include <stdio.h>

#include "base/rng.h"
#include "support/toy.h"

static value_id param(struct builder *b, const char *name, struct shape shape, uint64_t seed, double centre, bool train)
{
    size_t n = shape_elems(&shape);
    float *v = toy_random(seed, n, 0.5);
    value_id out = VALUE_NONE;
    if (!v) { /* a fault was injected */
        b->status = b->status != LIMN_OK ? b->status : err_nomem(b->err, n * sizeof *v, name);
        return out;
    }
    for (size_t i = 0; i < n; i++) {
        v[i] = centre != 0 ? (float)centre : v[i];
    }
    b->status = b->status == LIMN_OK ? graph_const_data(b->g, name, shape, v, &out, b->err) : b->status;
    if (b->status == LIMN_OK && train) {
        b->g->value[out].flags |= VALUE_PARAM;
    }
    mem_free(v);
    return out;
}

static value_id network(struct builder *b, const struct tiny_task *t, value_id x, int32_t batch, value_id step)
{
    struct conv_attrs conv = conv_attrs_2d(1, 1, 1, 1);
    struct batch_norm_attrs bn = {1e-5f};
    struct dropout_attrs drop = {.p = 0.25f, .seed = (int32_t)t->seed};
    struct matmul_attrs linear = {.trans_b = 1};
    value_id w = param(b, "conv.weight", SHAPE(8, 1, 3, 3), t->seed + 1, 0, true);
    x = build(b, &op_conv, "conv", &conv, x, w);
    value_id gamma = param(b, "bn.weight", SHAPE(8), 2, 1, true), beta = param(b, "bn.bias", SHAPE(8), 3, 0, true);
    value_id mean = param(b, "bn.running_mean", SHAPE(8), 4, 1e-9, false);
    value_id var = param(b, "bn.running_var", SHAPE(8), 5, 1, false);
    x = build(b, &op_relu, NULL, NULL, build(b, &op_batch_norm, "bn", &bn, x, gamma, beta, mean, var));
    x = build_reshape(b, NULL, x, SHAPE(batch, 8 * TINY_SIDE * TINY_SIDE));
    x = step == VALUE_NONE ? x : build(b, &op_dropout, "drop", &drop, x, step);
    w = param(b, "fc.weight", SHAPE(TINY_CLASSES, 8 * TINY_SIDE * TINY_SIDE), t->seed + 6, 0, true);
    return build(b, &op_matmul, "fc", &linear, x, w, param(b, "fc.bias", SHAPE(TINY_CLASSES), 7, 0, true));
}

static limn_status tiny_make(struct train_task *task, int32_t batch, bool train, struct train_graph *out,
                             limn_error *err)
{
    const struct tiny_task *t = (const struct tiny_task *)task;
    struct train_graph g = {.dropout_step = VALUE_NONE};
    limn_status st = LIMN_OK;
    TRY(graph_create(&g.graph, err));
    TRY(graph_input(g.graph, "input", SHAPE(batch, 1, TINY_SIDE, TINY_SIDE), &g.input, err));
    TRY(graph_input(g.graph, "target", SHAPE(batch, TINY_CLASSES), &g.target, err));
    if (train) {
        TRY(graph_input(g.graph, "step", SHAPE(2), &g.dropout_step, err));
    }
    struct builder b = {g.graph, LIMN_OK, err};
    g.output = network(&b, t, g.input, batch, g.dropout_step);
    g.items = loss_items(&b, LOSS_CROSS_ENTROPY, false, g.output, g.target);
    TRY(b.status);
    *out = g;
    g.graph = NULL;
out:
    graph_destroy(&g.graph);
    return st;
}

static void tiny_target(const struct train_task *t, const float *x, int32_t label, float *target)
{
    (void)x;
    for (int32_t k = 0; k < TINY_CLASSES; k++) {
        target[k] = k == label ? 1 : 0;
    }
    target[3] *= ((const struct tiny_task *)t)->spoil;
}

static void tiny_score(const struct train_task *t, const float *output, const float *target, int32_t label,
                       struct train_score *s)
{
    int32_t top = 0;
    (void)t, (void)target;
    for (int32_t k = 1; k < TINY_CLASSES; k++) {
        top = output[k] > output[top] ? k : top;
    }
    s->hits += top == label;
    s->extra[0] += (double)output[0];
}

struct tiny_task tiny_task(uint64_t seed)
{
    return (struct tiny_task){{.name = "tiny",
                               .make = tiny_make,
                               .target_elems = TINY_CLASSES,
                               .target = tiny_target,
                               .output_elems = TINY_CLASSES,
                               .score = tiny_score,
                               .counts_hits = true},
                              seed,
                              1};
}

/* --- data --- */

struct tiny_set {
    struct dataset base;
    size_t bad;
};

static bool tiny_probe(const char *path)
{
    (void)path;
    return false;
}

static limn_status tiny_read(struct dataset *d, size_t sample, uint8_t *chw, limn_error *err)
{
    const struct tiny_set *s = (const struct tiny_set *)d;
    if (sample == s->bad) {
        return err_set(err, LIMN_ERR_READ, "sample %zu: cannot be read", sample);
    }
    for (size_t i = 0; i < TINY_SIDE * TINY_SIDE; i++) { /* brighter in one quarter */
        size_t quarter = 2 * (i / TINY_SIDE / 3) + i % TINY_SIDE / 3;
        double v = 60 + 50 * rng_symmetric(sample, i) + (quarter == sample % TINY_CLASSES ? 80 : 0);
        chw[i] = (uint8_t)v;
    }
    return LIMN_OK;
}

static void tiny_describe(const struct dataset *d, size_t sample, char *buf, size_t size)
{
    (void)d;
    snprintf(buf, size, "tiny[%zu]", sample);
}

static void tiny_close(struct dataset *d)
{
    mem_free(d);
}

static const struct data_format tiny_format = {"tiny", "", tiny_probe, NULL, tiny_read, tiny_describe, tiny_close};

limn_status tiny_dataset(size_t n_train, size_t n_val, size_t bad, struct dataset **out, limn_error *err)
{
    struct tiny_set *s = mem_zalloc(1, sizeof *s);
    struct dataset *d = s ? &s->base : NULL;
    limn_status st = LIMN_OK;
    if (!d) {
        return err_nomem(err, sizeof *s, "a data set");
    }
    d->format = &tiny_format;
    s->bad = bad;
    d->info = (struct data_info){.channels = 1, .height = TINY_SIDE, .width = TINY_SIDE};
    d->n = n_train + n_val;
    d->label = arena_alloc(&d->arena, d->n, sizeof *d->label);
    d->split = arena_alloc(&d->arena, d->n, 1);
    TRY(dataset_number_classes(d, TINY_CLASSES, err));
    for (int k = 0; k < DATA_SPLITS; k++) {
        d->list[k] = mem_alloc(d->n + 1, sizeof *d->list[k]);
    }
    for (size_t i = 0; i < d->n; i++) {
        enum data_split k = i < n_train ? DATA_TRAIN : DATA_VAL;
        d->label[i] = (int32_t)(i % TINY_CLASSES);
        d->split[i] = k;
        d->list[k][d->count[k]++] = (uint32_t)i;
    }
    *out = d;
    d = NULL;
out:
    dataset_close(&d);
    return st;
}
