/* A training step with the batch uploaded before it, and with the next one's uploaded while it runs, in turns, so that
 * both see the same load: one line of JSON with the median milliseconds of each, and of the upload alone.
 *
 *     bench_step [ARCH [BATCH [SIDE [STEPS]]]]     (lenet, 64, the architecture's side, 200) */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "train/classifier.h"
#include "vk/device.h"

enum { CLASSES = 10, WARM = 4 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof(*v), by_value);
    return v[n / 2];
}

struct bench {
    struct train_plan *plan;
    struct train_batch batch;
    struct train_numbers numbers;
    double *apart, *across, *upload;
};

static limn_status put(struct bench *b, limn_error *err)
{
    return train_plan_put(b->plan, &b->batch, &b->numbers, err);
}

/* One step of each kind. */
static limn_status turn(struct bench *b, size_t i, limn_error *err)
{
    limn_status st = LIMN_OK;
    double start = now_ms();
    TRY(put(b, err));
    b->upload[i] = now_ms() - start;
    TRY(train_plan_start(b->plan, err));
    TRY(train_plan_wait(b->plan, NULL, NULL, err));
    b->apart[i] = now_ms() - start;
    TRY(put(b, err)); /* as the step before would have */
    start = now_ms();
    TRY(train_plan_start(b->plan, err));
    TRY(put(b, err));
    TRY(train_plan_wait(b->plan, NULL, NULL, err));
    b->across[i] = now_ms() - start;
out:
    return st;
}

static limn_status fill(struct bench *b, size_t n, size_t elems, size_t steps, limn_error *err)
{
    float *x = mem_alloc(n * elems, sizeof(*x)), *target = mem_zalloc(n * CLASSES, sizeof(*target));
    float *weight = mem_alloc(n, sizeof(*weight));
    b->batch = (struct train_batch){x, target, weight};
    b->apart = mem_alloc(steps + WARM, sizeof(double));
    b->across = mem_alloc(steps + WARM, sizeof(double));
    b->upload = mem_alloc(steps + WARM, sizeof(double));
    if (!x || !target || !weight || !b->apart || !b->across || !b->upload) {
        return err_nomem(err, n * elems * sizeof(*x), "a batch");
    }
    for (size_t i = 0; i < n * elems; i++) {
        x[i] = (float)rng_symmetric(1, i);
    }
    for (size_t i = 0; i < n; i++) {
        target[i * CLASSES + i % CLASSES] = 1;
        weight[i] = 1 / (float)n;
    }
    return LIMN_OK;
}

static void finish(struct bench *b)
{
    train_plan_destroy(&b->plan);
    mem_free((void *)b->batch.x);
    mem_free((void *)b->batch.target);
    mem_free((void *)b->batch.weight);
    mem_free(b->apart);
    mem_free(b->across);
    mem_free(b->upload);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "lenet";
    int32_t batch = argc > 2 ? (int32_t)strtol(argv[2], NULL, 10) : 64;
    int32_t side = argc > 3 ? (int32_t)strtol(argv[3], NULL, 10) : 0;
    size_t steps = argc > 4 ? (size_t)strtoul(argv[4], NULL, 10) : 200;
    struct bench b = {.numbers = {.first = true, .last = true}};
    struct vk_device *dev = NULL;
    struct train_task *task = NULL;
    struct train_spec spec = {.optim = optim_default(OPTIM_ADAM)};
    limn_error err = {0};
    limn_status st = LIMN_OK;
    const struct arch *a = arch_find(name);
    if (!a || batch < 1 || steps < 1) {
        fprintf(stderr, "usage: bench_step [ARCH [BATCH [SIDE [STEPS]]]]\n");
        return 2;
    }
    side = side > 0 ? side : a->size;
    struct classifier_options o = {
        .arch = a, .channels = a->channels, .height = side, .width = side, .classes = CLASSES};
    TRY(vk_device_open(getenv("LIMN_TEST_DEVICE"), &dev, &err));
    TRY(classifier_create(&o, &task, &err));
    TRY(train_plan_create(dev, NULL, task, batch, &spec, &b.plan, &err));
    TRY(fill(&b, (size_t)batch, (size_t)a->channels * (size_t)side * (size_t)side, steps, &err));
    optim_numbers(&spec.optim, 1e-6, 1, b.numbers.h);
    for (size_t i = 0; i < steps + WARM; i++) { /* the first compile shaders */
        TRY(turn(&b, i, &err));
    }
    double apart = median(b.apart + WARM, steps), across = median(b.across + WARM, steps);
    printf("{\"arch\": \"%s\", \"batch\": %d, \"side\": %d, \"steps\": %zu, \"before_ms\": %.3f, \"during_ms\": %.3f, "
           "\"upload_ms\": %.3f, \"ratio\": %.3f}\n",
           name, batch, side, steps, apart, across, median(b.upload + WARM, steps), across / apart);
out:
    if (st != LIMN_OK) {
        fprintf(stderr, "bench_step: %s\n", err.text);
    }
    finish(&b);
    classifier_destroy(&task);
    vk_device_close(&dev);
    return limn_status_exit_code(st);
}
