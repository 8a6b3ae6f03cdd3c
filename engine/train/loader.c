/* Worker threads fill a ring of batches in order; the trainer takes them out in order. The order of an epoch is a
 * Fisher-Yates shuffle whose draws follow from (seed, epoch). */
#include "train/loader.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/rng.h"

enum { WORKERS_MAX = 16, RING = 5, HELD = 2, STATISTICS_MAX = 10000 };

struct slot {
    struct loader_batch batch;
    uint8_t *bytes; /* one sample as the data set has it */
    bool ready;
    limn_status status;
    limn_error err;
};

struct loader {
    struct loader_options opt;
    struct data_info info;
    size_t elems, target_elems; /* of one sample */
    size_t n, batches;
    uint32_t *order;
    uint64_t epoch;
    struct slot slot[RING];
    pthread_t thread[WORKERS_MAX];
    int32_t n_thread;
    pthread_mutex_t mutex;
    pthread_cond_t room, filled;
    bool made_sync;
    size_t next_fill, next_take, busy; /* batch numbers; workers that fill one */
    bool stop, running;
};

/* Item k of batch b, wrapping around. */
static size_t sample_at(const struct loader *l, size_t b, size_t k)
{
    return l->order[(b * (size_t)l->opt.batch + k) % l->n];
}

static uint64_t sample_key(const struct loader *l, size_t sample)
{
    return rng_u64(rng_u64(l->opt.seed ^ rng_hash_text("augment"), l->epoch), sample);
}

static void normalise(const struct loader *l, float *x)
{
    size_t plane = l->elems / (size_t)l->info.channels;
    for (int32_t c = 0; c < l->info.channels; c++) {
        float scale = l->opt.range / l->opt.std[c], shift = l->opt.mean[c] / l->opt.std[c];
        for (size_t i = 0; i < plane; i++) {
            float *v = x + (size_t)c * plane + i;
            *v = *v * scale - shift;
        }
    }
}

static void swap_red_blue(const struct loader *l, float *x)
{
    size_t plane = l->elems / 3;
    for (size_t i = 0; i < plane; i++) {
        float red = x[i];
        x[i] = x[2 * plane + i];
        x[2 * plane + i] = red;
    }
}

static limn_status fill_sample(struct loader *l, struct slot *s, size_t k, size_t sample, bool counts, limn_error *err)
{
    struct loader_batch *b = &s->batch;
    const struct train_task *task = l->opt.task;
    float *x = b->x + k * l->elems;
    limn_status st = dataset_sample(l->opt.data, l->opt.split, sample, s->bytes, err);
    if (st != LIMN_OK) {
        return st;
    }
    augment_sample(&l->opt.augment, sample_key(l, sample), s->bytes, l->info.channels, l->info.height, l->info.width,
                   x);
    if (l->opt.bgr) {
        swap_red_blue(l, x);
    }
    normalise(l, x);
    b->label[k] = dataset_label(l->opt.data, l->opt.split, sample);
    b->sample[k] = sample;
    b->raw[k] = !counts ? 0 : task && task->weight ? (float)task->weight(task, b->label[k]) : 1;
    if (l->target_elems && task->target) {
        task->target(task, x, b->label[k], b->target + k * l->target_elems);
    }
    return LIMN_OK;
}

static limn_status fill_batch(struct loader *l, struct slot *s, size_t number, limn_error *err)
{
    struct loader_batch *b = &s->batch;
    size_t size = (size_t)l->opt.batch, left = l->n - number * size;
    double sum = 0;
    b->n = left < size ? left : size;
    for (size_t k = 0; k < size; k++) {
        limn_status st = fill_sample(l, s, k, sample_at(l, number, k), k < b->n, err);
        if (st != LIMN_OK) {
            return st;
        }
        sum += (double)b->raw[k];
    }
    for (size_t k = 0; k < size; k++) {
        b->weight[k] = sum > 0 ? (float)((double)b->raw[k] / sum) : 0;
    }
    return LIMN_OK;
}

static void *work(void *arg)
{
    struct loader *l = arg;
    pthread_mutex_lock(&l->mutex);
    while (!l->stop) {
        if (!l->running || l->next_fill >= l->batches || l->next_fill >= l->next_take + RING - HELD) {
            pthread_cond_wait(&l->room, &l->mutex);
            continue;
        }
        size_t number = l->next_fill++;
        struct slot *s = &l->slot[number % RING];
        l->busy++;
        pthread_mutex_unlock(&l->mutex);
        s->status = fill_batch(l, s, number, &s->err);
        pthread_mutex_lock(&l->mutex);
        s->ready = true;
        l->busy--;
        pthread_cond_broadcast(&l->filled);
    }
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}

static limn_status make_slots(struct loader *l, limn_error *err)
{
    size_t n = (size_t)l->opt.batch, x = 0;
    if (!mul_size(n, l->elems, &x)) {
        return err_nomem(err, SIZE_MAX, "a batch");
    }
    for (int i = 0; i < RING; i++) {
        struct slot *s = &l->slot[i];
        struct loader_batch *b = &s->batch;
        s->bytes = mem_alloc(l->elems, 1);
        b->x = mem_alloc(x, sizeof(*b->x));
        b->target = mem_zalloc(n * l->target_elems + 1, sizeof(*b->target));
        b->raw = mem_alloc(n, sizeof(*b->raw));
        b->weight = mem_alloc(n, sizeof(*b->weight));
        b->label = mem_alloc(n, sizeof(*b->label));
        b->sample = mem_alloc(n, sizeof(*b->sample));
        if (!s->bytes || !b->x || !b->target || !b->raw || !b->weight || !b->label || !b->sample) {
            return err_nomem(err, x * sizeof(*b->x), "a batch");
        }
    }
    return LIMN_OK;
}

static limn_status start_threads(struct loader *l, limn_error *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int32_t want = l->opt.workers > 0 ? l->opt.workers : cores > 8 ? 4 : cores > 3 ? 2 : 1;
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->room, NULL);
    pthread_cond_init(&l->filled, NULL);
    l->made_sync = true;
    want = want < WORKERS_MAX ? want : WORKERS_MAX;
    for (; l->n_thread < want; l->n_thread++) {
        if (pthread_create(&l->thread[l->n_thread], NULL, work, l) != 0) {
            break;
        }
    }
    return l->n_thread > 0 ? LIMN_OK : err_set(err, LIMN_ERR_NOMEM, "cannot start a thread");
}

limn_status loader_create(const struct loader_options *o, struct loader **out, limn_error *err)
{
    struct loader *l = NULL;
    limn_status st = LIMN_OK;
    TRY(augment_check(&o->augment, err));
    l = mem_zalloc(1, sizeof(*l));
    if (!l) {
        return err_nomem(err, sizeof(*l), "a loader");
    }
    l->opt = *o;
    l->info = *dataset_info(o->data);
    l->n = dataset_count(o->data, o->split);
    if (l->n == 0 || o->batch < 1) {
        TRY(err_set(err, LIMN_ERR_ARG, "batches of %d from the %s split of %zu samples", o->batch,
                    data_split_name(o->split), l->n));
    }
    l->elems = (size_t)l->info.channels * (size_t)l->info.height * (size_t)l->info.width;
    l->target_elems = o->task ? o->task->target_elems : 0;
    l->batches = (l->n + (size_t)o->batch - 1) / (size_t)o->batch;
    l->order = mem_alloc(l->n, sizeof(*l->order));
    if (!l->order) {
        TRY(err_nomem(err, l->n * sizeof(*l->order), "the order of an epoch"));
    }
    TRY(make_slots(l, err));
    TRY(start_threads(l, err));
    *out = l;
    l = NULL;
out:
    loader_destroy(&l);
    return st;
}

/* Waits until no worker touches a batch. */
static void pause_workers(struct loader *l)
{
    l->running = false;
    while (l->busy) {
        pthread_cond_wait(&l->filled, &l->mutex);
    }
}

void loader_destroy(struct loader **loader)
{
    struct loader *l = loader ? *loader : NULL;
    if (!l) {
        return;
    }
    if (l->made_sync) {
        pthread_mutex_lock(&l->mutex);
        l->stop = true;
        pthread_cond_broadcast(&l->room);
        pthread_mutex_unlock(&l->mutex);
        for (int32_t i = 0; i < l->n_thread; i++) {
            pthread_join(l->thread[i], NULL);
        }
        pthread_cond_destroy(&l->room);
        pthread_cond_destroy(&l->filled);
        pthread_mutex_destroy(&l->mutex);
    }
    for (int i = 0; i < RING; i++) {
        struct loader_batch *b = &l->slot[i].batch;
        mem_free(l->slot[i].bytes);
        mem_free(b->x);
        mem_free(b->target);
        mem_free(b->raw);
        mem_free(b->weight);
        mem_free(b->label);
        mem_free(b->sample);
    }
    mem_free(l->order);
    mem_free(l);
    *loader = NULL;
}

size_t loader_batches(const struct loader *l)
{
    return l->batches;
}

static void make_order(struct loader *l)
{
    uint64_t seed = rng_u64(l->opt.seed ^ rng_hash_text("order"), l->epoch);
    for (size_t i = 0; i < l->n; i++) {
        l->order[i] = (uint32_t)i;
    }
    for (size_t i = l->n - 1; l->opt.shuffle && i > 0; i--) {
        size_t k = (size_t)(rng_u64(seed, i) % (i + 1));
        uint32_t t = l->order[i];
        l->order[i] = l->order[k];
        l->order[k] = t;
    }
}

limn_status loader_begin(struct loader *l, uint64_t epoch, size_t batch, limn_error *err)
{
    if (batch > l->batches) {
        return err_set(err, LIMN_ERR_INTERNAL, "batch %zu of %zu", batch, l->batches);
    }
    pthread_mutex_lock(&l->mutex);
    pause_workers(l);
    l->epoch = epoch;
    make_order(l);
    for (int i = 0; i < RING; i++) {
        l->slot[i].ready = false;
    }
    l->next_fill = l->next_take = batch;
    l->running = true;
    pthread_cond_broadcast(&l->room);
    pthread_mutex_unlock(&l->mutex);
    return LIMN_OK;
}

limn_status loader_next(struct loader *l, const struct loader_batch **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    pthread_mutex_lock(&l->mutex);
    if (!l->running || l->next_take >= l->batches) {
        st = err_set(err, LIMN_ERR_INTERNAL, "no batch after the last");
    } else {
        struct slot *s = &l->slot[l->next_take % RING];
        while (!s->ready) {
            pthread_cond_wait(&l->filled, &l->mutex);
        }
        s->ready = false;
        l->next_take++; /* frees the slot two before: the ring is longer by what is held than what workers may fill */
        st = s->status;
        if (st != LIMN_OK && err) {
            *err = s->err;
        }
        *out = &s->batch;
        pthread_cond_broadcast(&l->room);
    }
    pthread_mutex_unlock(&l->mutex);
    return st;
}

limn_status loader_statistics(struct dataset *d, float mean[4], float std[4], limn_error *err)
{
    const struct data_info *info = dataset_info(d);
    size_t plane = (size_t)info->height * (size_t)info->width, n = dataset_count(d, DATA_TRAIN);
    size_t use = n < STATISTICS_MAX ? n : STATISTICS_MAX;
    double sum[4] = {0}, square[4] = {0};
    limn_status st = LIMN_OK;
    uint8_t *bytes = mem_alloc(plane * (size_t)info->channels, 1);
    if (!bytes) {
        return err_nomem(err, plane * (size_t)info->channels, "a sample");
    }
    for (size_t k = 0; k < use; k++) {
        TRY(dataset_sample(d, DATA_TRAIN, k * n / use, bytes, err));
        for (size_t i = 0; i < plane * (size_t)info->channels; i++) {
            sum[i / plane] += bytes[i];
            square[i / plane] += (double)bytes[i] * bytes[i];
        }
    }
    for (int32_t c = 0; c < info->channels; c++) {
        double count = (double)plane * (double)use, m = sum[c] / count, v = square[c] / count - m * m;
        mean[c] = (float)(m / 255);
        std[c] = v > 1 ? (float)(sqrt(v) / 255) : 1; /* a blank channel stays as it is */
    }
out:
    mem_free(bytes);
    return st;
}
